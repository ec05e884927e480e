"""Rules of reductions over dimensions."""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import DimensionError, DTypeError
from teletensor_core.rules.dims import normalize_dim, normalize_dims
from teletensor_core.spec import Shape, Spec, spec

Dims = int | tuple[int, ...] | None


def reduced_shape(shape: Shape, dim: Dims, keepdim: bool) -> Shape:
    """The shape after reducing `dim` (None or empty: every dimension)."""
    dims = normalize_dims(dim, len(shape))
    if keepdim:
        return tuple(1 if i in dims else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in dims)


def reduced_dims(dim: Dims, ndim: int) -> tuple[int, ...] | None:
    """The axis argument for an array function: None for every dimension."""
    return None if dim is None or dim == () else normalize_dims(dim, ndim)


def reduced(input: Spec, *, dim: Dims = None, keepdim: bool = False, **attrs: Any) -> Spec:
    """Reduced shape, the same dtype."""
    return spec(reduced_shape(input.shape, dim, keepdim), input.dtype)


def sum_dtype(input: DType, dtype: DType | None) -> DType:
    """The dtype of a sum or product: int64 for integers and bools unless another is asked for."""
    if dtype is not None:
        return dtype
    return dtypes.int64 if input.category <= dtypes.INTEGER else input


def reduced_sum(
    input: Spec, *, dim: Dims = None, keepdim: bool = False, dtype: DType | None = None, **attrs: Any
) -> Spec:
    """Reduced shape; integers and bools add up in int64."""
    return spec(reduced_shape(input.shape, dim, keepdim), sum_dtype(input.dtype, dtype))


def reduced_float(
    input: Spec, *, dim: Dims = None, keepdim: bool = False, dtype: DType | None = None, **attrs: Any
) -> Spec:
    """Reduced shape of a floating point or complex tensor: the mean's."""
    wanted = dtype or input.dtype
    if wanted.category < dtypes.FLOAT:
        which = "Input" if dtype is None else "Optional"
        raise DTypeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {wanted.title}"
        )
    return spec(reduced_shape(input.shape, dim, keepdim), wanted)


def reduced_spread(input: Spec, *, dim: Dims = None, keepdim: bool = False, **attrs: Any) -> Spec:
    """Reduced shape of a floating point or complex tensor: that of deviations and variances."""
    if input.dtype.category < dtypes.FLOAT:
        raise DTypeError("std and var only support floating point and complex dtypes")
    return spec(reduced_shape(input.shape, dim, keepdim), input.dtype)


def reduced_bool(input: Spec, *, dim: Dims = None, keepdim: bool = False, **attrs: Any) -> Spec:
    """Reduced shape, bool (uint8 stays uint8, as in PyTorch)."""
    dtype = dtypes.uint8 if input.dtype is dtypes.uint8 else dtypes.bool_
    return spec(reduced_shape(input.shape, dim, keepdim), dtype)


def arg_reduced(input: Spec, *, dim: int | None = None, keepdim: bool = False, **attrs: Any) -> Spec:
    """Reduced shape, int64; refuses to pick from nothing."""
    if input.numel == 0:
        if dim is None:
            raise DimensionError("Expected reduction dim to be specified for input.numel() == 0.")
        at = normalize_dim(dim, input.ndim)
        if input.shape[at] == 0:
            raise DimensionError(f"Expected reduction dim {at} to have non-zero size: shape {list(input.shape)}")
    return spec(reduced_shape(input.shape, dim, keepdim), dtypes.int64)
