"""Functions of single elements that are methods of tensors, and at home in `nn.functional` and `torch.special`."""

from __future__ import annotations

import math

from teletensor_core.errors import DTypeError

from teletensor import ops
from teletensor.functions.in_place import in_place
from teletensor.graph import named
from teletensor.out import store
from teletensor.tensor import Tensor

__all__ = ["mvlgamma"]
METHODS = ("hardshrink", "mvlgamma", "mvlgamma_", "prelu")


@named("MvlgammaBackward0")
def mvlgamma(input: Tensor, p: int, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`."""
    made = ops.add(ops.lgamma(input), p * (p - 1) / 4 * math.log(math.pi))
    for k in range(1, p):
        made = ops.add(made, ops.lgamma(ops.sub(input, k / 2)))
    return made if out is None else store(made, out)


def mvlgamma_(input: Tensor, p: int) -> Tensor:
    """The tensor, as the logarithm of the multivariate gamma function of dimension `p`."""
    if not (input.is_floating_point() or input.is_complex()):
        raise DTypeError(f"mvlgamma: result type {input.dtype.title} can't be cast to the desired output type Float")
    return in_place(mvlgamma, input, p)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """The tensor, but zero within `lambd` of zero."""
    return ops.hardshrink(input, lambd=lambd)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """The element where it is positive, a learnt slope (one, or one for each channel) times it elsewhere."""
    return ops.prelu(input, weight)
