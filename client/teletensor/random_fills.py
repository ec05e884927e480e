"""Random numbers written into tensors: `normal_`, `uniform_` and friends, with PyTorch's arguments."""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError

from teletensor import factories, ops
from teletensor.random import Generator, draw
from teletensor.tensor import Tensor


def uniform_(self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with uniform numbers in [from_, to)."""
    if from_ > to:
        raise ArgumentError(f"uniform_ expects to return a [from, to) range, but found from={from_} > to={to}")
    return ops.uniform_(self, *draw(generator, self.numel()), low=float(from_), high=float(to))


def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with normal numbers."""
    if std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    return ops.normal_(self, *draw(generator, self.numel()), mean=float(mean), std=float(std))


def exponential_(self: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with exponentially distributed numbers."""
    return ops.exponential_(self, *draw(generator, self.numel()), lambd=float(lambd))


def random_(self: Tensor, from_: int = 0, to: int | None = None, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with integers in [from_, to), or below what its dtype holds exactly."""
    if to is None:
        from_, to = (0, from_) if from_ else (0, _exact_limit(self.dtype))
    return ops.random_(self, *draw(generator, self.numel()), low=int(from_), high=int(to))


def _exact_limit(dtype: dtypes.DType) -> int:
    whole = {"float16": 2**11, "bfloat16": 2**8, "float32": 2**24, "float64": 2**53, "bool": 2}
    return whole.get(dtype.name, 2 ** (8 * dtype.itemsize - dtype.is_signed))


def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """The tensor, filled with ones with probability `p` (a number or a tensor) and zeros."""
    wanted = p if isinstance(p, Tensor) else factories.full(self.shape, float(p), device=self.device)
    return ops.copy_(self, ops.bernoulli(ops.expand(wanted, tuple(self.shape)), *draw(generator, self.numel())))
