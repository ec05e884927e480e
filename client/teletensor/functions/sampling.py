"""Random numbers by distribution: new tensors, and tensors filled in place."""

from __future__ import annotations

import math
from typing import Any

from teletensor_core.errors import ArgumentError, ArgumentTypeError, ShapeError
from teletensor_core.rules import broadcast_shapes

from teletensor import factories, ops
from teletensor.functions.shapes import broadcast_tensors
from teletensor.out import store
from teletensor.random import Generator, draw
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike, DType

# Of rejection: see the ops.
_ROUNDS = 8
_CIRCLE_ROUNDS, _BINOMIAL_ROUNDS = 24, 12
__all__ = ["bernoulli", "binomial", "multinomial", "normal", "poisson"]
METHODS = (
    "bernoulli", "bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "multinomial", "normal_",
    "random_",
    "uniform_",
)  # fmt: skip


def normal(
    mean: float | Tensor, std: float | Tensor = 1.0, size: Any = None, *, generator: Generator | None = None,
    out: Tensor | None = None, dtype: DType | None = None, device: DeviceLike = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal numbers with these means and standard deviations: numbers with a size, or tensors."""
    if isinstance(std, (int, float)) and std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    if size is not None:
        noise = factories.randn(size, generator=generator, dtype=dtype, device=device)
    else:
        tensors = [x for x in (mean, std) if isinstance(x, Tensor)]
        if not tensors:
            raise ArgumentTypeError(
                f"normal() received an invalid combination of arguments - got ({type(mean).__name__}, "
                f"{type(std).__name__}): it needs a size when mean and std are numbers"
            )
        shape = broadcast_shapes(*[x._spec.shape for x in tensors])
        noise = factories.randn(shape, generator=generator, dtype=tensors[0].dtype, device=tensors[0].device)
    made = ops.add(ops.mul(noise, std), mean)
    made = made if out is None else store(made, out)
    return made.requires_grad_(True) if requires_grad else made


def bernoulli(
    input: Tensor, p: float | None = None, *, generator: Generator | None = None, out: Tensor | None = None
) -> Tensor:
    """Ones with the probabilities that `input` gives (or with probability `p`), zeros elsewhere."""
    odds = input if p is None else factories.full_like(input, p)
    made = ops.bernoulli(odds, *draw(generator, input.numel()))
    return made if out is None else store(made, out)


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Indices (int64) drawn with probabilities proportional to each row of `input`."""
    if input.ndim not in (1, 2):
        raise ShapeError("prob_dist must be 1 or 2 dim")
    if num_samples <= 0:
        raise ShapeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > input.shape[-1]:
        raise ShapeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    count = input.numel() * num_samples
    made = ops.multinomial(input, *draw(generator, count), num_samples=num_samples, replacement=replacement)
    return made if out is None else store(made, out)


def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Poisson distributed numbers of the rates that `input` gives, in its dtype."""
    return ops.poisson(input, *draw(generator, 2 * _ROUNDS * input.numel()))


def standard_gamma(concentration: Tensor) -> Tensor:
    """Gamma distributed numbers of these shapes and rate 1, differentiable by the shapes."""
    return ops.standard_gamma(concentration, *draw(None, (2 * _ROUNDS + 1) * concentration.numel()))


def von_mises(concentration: Tensor) -> Tensor:
    """Angles with the von Mises distribution around 0 of these concentrations, not differentiable."""
    return ops.von_mises(concentration, *draw(None, (2 * _CIRCLE_ROUNDS + 1) * concentration.numel()))


def binomial(count: Tensor, prob: Tensor, generator: Generator | None = None) -> Tensor:
    """How many of `count` trials of probability `prob` succeed, in the dtype of `count`, which is `prob`'s."""
    count, prob = broadcast_tensors(count, prob)
    return ops.binomial(count, prob, *draw(generator, 2 * _BINOMIAL_ROUNDS * count.numel()))


# -- in place ----------------------------------------------------------------------------------------------------------


def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with uniform numbers in [from, to)."""
    if from_ > to:
        raise ArgumentError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    return ops.uniform_(self, *draw(generator, self.numel()), low=float(from_), high=float(to))


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with normal numbers."""
    if std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    return ops.normal_(self, *draw(generator, self.numel()), mean=float(mean), std=float(std))


def log_normal_(self: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with numbers whose logarithms are normal."""
    return ops.exp_(normal_(self, mean, std, generator=generator))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with exponentially distributed numbers."""
    if lambd <= 0:
        raise ArgumentError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    return ops.exponential_(self, *draw(generator, self.numel()), lambd=float(lambd))


def cauchy_(self: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with Cauchy distributed numbers."""
    if sigma <= 0:
        raise ArgumentError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    uniform_(self, -0.5, 0.5, generator=generator)
    return ops.add_(ops.mul_(ops.tan_(ops.mul_(self, math.pi)), sigma), median)


def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with how many trials of probability `p` it takes to succeed (1 or more)."""
    if not 0 < p < 1:
        raise ArgumentError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    # An exponential number of rate -log(1-p), rounded up, is geometric.
    noise = factories.empty(self.shape, device=self.device)
    return self.copy_(ops.ceil(exponential_(noise, -math.log1p(-p), generator=generator)))


def random_(
    self: Tensor, from_: int | None = None, to: int | None = None, *, generator: Generator | None = None
) -> Tensor:
    """The tensor, filled with integers in [from, to), or below what its dtype holds exactly."""
    if to is None:
        from_, to = 0, _exact_limit(self.dtype) if from_ is None else from_
    from_ = from_ or 0
    if from_ >= to:
        raise ShapeError(f"random_ expects 'from' to be less than 'to', but got from={from_} >= to={to}")
    return ops.random_(self, *draw(generator, self.numel()), low=int(from_), high=int(to))


def _exact_limit(dtype: DType) -> int:
    whole: dict[str, int] = {"float16": 2**11, "bfloat16": 2**8, "float32": 2**24, "float64": 2**53, "bool": 2}
    return whole.get(dtype.name, 1 << (8 * dtype.itemsize - int(dtype.is_signed)))


def bernoulli_(self: Tensor, p: float | Tensor = 0.5, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with ones with probability `p` (a number or a tensor) and zeros."""
    wanted = p if isinstance(p, Tensor) else factories.full(self.shape, float(p), device=self.device)
    return ops.copy_(self, ops.bernoulli(ops.expand(wanted, self._spec.shape), *draw(generator, self.numel())))
