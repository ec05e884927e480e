"""`torch.masked`: reductions and softmax of the elements where a mask is true."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teletensor_core import dtypes

from teletensor import factories, ops
from teletensor import missing as _missing
from teletensor.functions import iinfo
from teletensor.tensor import Tensor
from teletensor.types import DType

__all__ = ["amax", "amin", "log_softmax", "mean", "prod", "softmax", "softmin", "std", "sum", "var"]


def sum(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The sum of what the mask keeps, 0 for nothing; of integers as int64."""
    return ops.sum(_filled(input, mask, 0), dim=_dims(input, dim), keepdim=keepdim, dtype=dtype)


def prod(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The product of what the mask keeps, 1 for nothing; of integers as int64."""
    made = _filled(input, mask, 1)
    for d in sorted((d % max(input.ndim, 1) for d in _dims(input, dim)), reverse=True):
        made = ops.prod(made, dim=d, keepdim=keepdim, dtype=dtype)
    return made


def amax(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The greatest of what the mask keeps; for nothing minus infinity, or an integer type's least."""
    input = input if dtype is None else input.to(dtype)
    least = -math.inf if input.is_floating_point() else iinfo(input.dtype).min
    return ops.amax(_filled(input, mask, least), dim=_dims(input, dim), keepdim=keepdim)


def amin(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The least of what the mask keeps; for nothing infinity, or an integer type's greatest."""
    input = input if dtype is None else input.to(dtype)
    greatest = math.inf if input.is_floating_point() else iinfo(input.dtype).max
    return ops.amin(_filled(input, mask, greatest), dim=_dims(input, dim), keepdim=keepdim)


def mean(
    input: Tensor, dim: Any = None, *, keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None
) -> Tensor:
    """The mean of what the mask keeps, NaN for nothing. ValueError for integers without a `dtype`."""
    kind = input.dtype if dtype is None else dtype
    if not (kind.is_floating_point or kind.is_complex):
        raise ValueError(
            f"mean(): Could not infer output dtype. {'Input' if dtype is None else 'Optional'} dtype must be either a "
            f"floating point or complex dtype. Got: {kind}"
        )
    return sum(input, dim, keepdim=keepdim, dtype=kind, mask=mask) / _count(input, dim, keepdim, mask)


def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: float | None = None,
    keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The variance of what the mask keeps: squares divided by their number less `correction`, 1 unless it is given."""
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    less = correction if correction is not None else 0.0 if unbiased is False else 1.0
    is_exact = not (input.is_floating_point() or input.is_complex())
    wanted = dtype or (dtypes.float32 if is_exact else input.dtype)
    centre = sum(input, dim, keepdim=True, dtype=wanted, mask=mask) / _count(input, dim, True, mask)
    apart = input - centre
    total = sum(apart * ops.conj(apart), dim, keepdim=keepdim, dtype=wanted, mask=mask)
    count = _count(input, dim, keepdim, mask)
    return (total / (ops.clamp_min(count - less, 0) if less else count)).to(wanted)


def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, *, correction: float | None = None,
    keepdim: bool = False, dtype: DType | None = None, mask: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The square root of `var`."""
    return var(input, dim, unbiased, correction=correction, keepdim=keepdim, dtype=dtype, mask=mask).sqrt()


def softmax(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The softmax of what the mask keeps; 0 elsewhere, NaN where it keeps nothing."""
    return _softened(ops.softmax, input, dim, dtype, mask, -math.inf)


def log_softmax(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The logarithm of `softmax`."""
    return _softened(ops.log_softmax, input, dim, dtype, mask, -math.inf)


def softmin(input: Tensor, dim: int, *, dtype: DType | None = None, mask: Tensor | None = None) -> Tensor:
    """The softmax of the negated elements that the mask keeps; 0 elsewhere, NaN where it keeps nothing."""
    return _softened(lambda x, dim, dtype: ops.softmax(-x, dim, dtype=dtype), input, dim, dtype, mask, math.inf)


def _softened(
    of: Callable[..., Tensor], input: Tensor, dim: int, dtype: DType | None, mask: Tensor | None, fill: float
) -> Tensor:
    return of(_filled(input if dtype is None else input.to(dtype), mask, fill), dim, dtype=dtype)


def _filled(input: Tensor, mask: Tensor | None, value: float) -> Tensor:
    """The input with another value where the mask is false."""
    if mask is None:
        return input
    other = factories.scalar_tensor(value, dtype=input.dtype, device=input.device)
    return ops.where(_spread(input, mask), input, other)


def _spread(input: Tensor, mask: Tensor) -> Tensor:
    if mask.ndim > input.ndim:
        raise IndexError("_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)")
    return ops.ne(mask, 0).expand(input.shape)


def _count(input: Tensor, dim: Any, keepdim: bool, mask: Tensor | None) -> Tensor:
    kept = factories.ones_like(input, dtype=dtypes.int64) if mask is None else _spread(input, mask)
    return ops.sum(kept, dim=_dims(input, dim), keepdim=keepdim)


def _dims(input: Tensor, dim: Any) -> tuple[int, ...]:
    if dim is None:
        return tuple(range(input.ndim))
    return (dim,) if isinstance(dim, int) else tuple(dim)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
