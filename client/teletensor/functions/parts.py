"""Parts of numbers and of memory: real and imaginary parts, and what PyTorch only notes down and here is done at
once.
"""

from __future__ import annotations

from teletensor_core.errors import ShapeError

from teletensor import factories, ops
from teletensor.arguments import given
from teletensor.tensor import Tensor
from teletensor.types import Scalar, Sizes

__all__ = ["conj_physical", "detach_", "get_device", "imag", "put", "real", "resolve_conj", "resolve_neg", "zero_"]
METHODS = ("conj_physical", "fill_diagonal_", "resolve_conj", "resolve_neg", "sum_to_size")


def real(input: Tensor) -> Tensor:
    """The real parts, sharing memory; of a real dtype the tensor itself."""
    return input.real


def imag(input: Tensor) -> Tensor:
    """The imaginary parts of complex numbers, sharing memory. DTypeError for others."""
    return input.imag


def conj_physical(input: Tensor) -> Tensor:
    """The conjugate of every element."""
    return ops.conj(input)


def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself: conjugation is done at once, not noted down."""
    return input


def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself: negation is done at once, not noted down."""
    return input


def detach_(input: Tensor) -> Tensor:
    """The tensor, cut off from the graph."""
    return input.detach_()


def zero_(input: Tensor) -> Tensor:
    """The tensor, filled with zeros."""
    return ops.zero_(input)


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of the tensor with `source` written (or added) at positions of its flattened elements."""
    return ops.put(input, index, source, accumulate)


def get_device(input: Tensor) -> int:
    """The GPU's number; -1 on cpu."""
    return input.get_device()


def sum_to_size(input: Tensor, *sizes: Sizes, size: Sizes | None = None) -> Tensor:
    """The sum over the dimensions in which broadcasting would stretch `size` to the tensor's own."""
    wanted, have = given(sizes, size), input._spec.shape
    fits = len(wanted) <= len(have) and all(a in (1, b) for a, b in zip(reversed(wanted), reversed(have), strict=False))
    if not fits:
        raise ShapeError(f"size {list(wanted)} is not expandable to size {list(have)}.")
    return ops.sum_to(input, wanted)


def fill_diagonal_(input: Tensor, fill_value: Scalar, wrap: bool = False) -> Tensor:
    """The tensor, with a number on its main diagonal; of a tall matrix with `wrap`, again after every square block."""
    if input.ndim < 2 or (input.ndim > 2 and len(set(input.shape)) > 1):
        raise ShapeError("all dimensions of input must be of equal length, and there must be at least two")
    if input.ndim > 2:
        where = factories.arange(input.shape[0], device=input.device)
        input[(where,) * input.ndim] = fill_value
        return input
    ops.fill_(ops.diagonal(input), fill_value)
    step = input.shape[1] + 1
    for start in range(step, input.shape[0], step) if wrap else ():
        ops.fill_(ops.diagonal(input[start:]), fill_value)
    return input
