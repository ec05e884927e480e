"""Reductions that PyTorch overloads: by what is given they reduce everything, a dimension, or compare two tensors."""

from __future__ import annotations

from typing import Any, overload

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentTypeError, ShapeError, UnsupportedError

from teletensor import ops, return_types
from teletensor.arguments import ints
from teletensor.graph import named
from teletensor.out import store, store_all
from teletensor.tensor import Tensor
from teletensor.types import Dims, Scalar

__all__ = ["dist", "max", "median", "min", "nanmedian", "std", "std_mean", "trace", "var", "var_mean"]
METHODS = ("dist", "max", "median", "nanmedian", "min", "std", "trace", "var")


@overload
def max(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def max(
    input: Tensor, dim: int, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.max: ...
@overload
def max(input: Tensor, other: Tensor, /, *, out: Tensor | None = None) -> Tensor: ...
@overload
def max(input: Tensor, *, other: Tensor, out: Tensor | None = None) -> Tensor: ...
def max(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, axis: Any = None,
    keepdims: bool | None = None, out: Any = None,
) -> Any:  # fmt: skip
    """The maximum of all elements; along `dim`, with its (first) indices; or of two tensors element by element."""
    dim = axis if dim is None else dim
    if isinstance(dim, Tensor) or other is not None:
        return ops.maximum(input, dim if other is None else other, out=out)
    if dim is None:
        return _stored(ops.max_all(input), out)
    return _stored_both(ops.max_dim(input, _one("max", dim), keepdim if keepdims is None else keepdims), out)


@overload
def min(input: Tensor, *, out: Tensor | None = None) -> Tensor: ...
@overload
def min(
    input: Tensor, dim: int, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.min: ...
@overload
def min(input: Tensor, other: Tensor, /, *, out: Tensor | None = None) -> Tensor: ...
@overload
def min(input: Tensor, *, other: Tensor, out: Tensor | None = None) -> Tensor: ...
def min(
    input: Tensor, dim: Any = None, keepdim: bool = False, *, other: Any = None, axis: Any = None,
    keepdims: bool | None = None, out: Any = None,
) -> Any:  # fmt: skip
    """The minimum of all elements; along `dim`, with its (first) indices; or of two tensors element by element."""
    dim = axis if dim is None else dim
    if isinstance(dim, Tensor) or other is not None:
        return ops.minimum(input, dim if other is None else other, out=out)
    if dim is None:
        return _stored(ops.min_all(input), out)
    return _stored_both(ops.min_dim(input, _one("min", dim), keepdim if keepdims is None else keepdims), out)


@overload
def median(input: Tensor) -> Tensor: ...
@overload
def median(
    input: Tensor, dim: int, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.median: ...
def median(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of all elements, or along `dim` with its indices; of two middle elements the lower."""
    return ops.median_all(input) if dim is None else _stored_both(ops.median_dim(input, ints(dim), keepdim), out)


@overload
def nanmedian(input: Tensor) -> Tensor: ...
@overload
def nanmedian(
    input: Tensor, dim: int, keepdim: bool = False, *, out: tuple[Tensor, Tensor] | None = None
) -> return_types.nanmedian: ...
def nanmedian(input: Tensor, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Any:
    """The median of all elements that are no NaN, or along `dim` with its indices; of two middle elements the lower."""
    if dim is None:
        return ops.nanmedian_dim(ops.reshape(input, (-1,)), 0).values
    return _stored_both(ops.nanmedian_dim(input, ints(dim), keepdim), out)


def _one(name: str, dim: Any) -> int:
    if isinstance(dim, (list, tuple)):
        raise ArgumentTypeError(f"{name}() takes one dim, got {dim!r}; torch.a{name} takes several")
    return int(ints(dim))


def _stored(made: Tensor, out: Tensor | None) -> Tensor:
    return made if out is None else store(made, out)


def _stored_both(made: Any, out: tuple[Tensor, Tensor] | None) -> Any:
    return made if out is None else store_all(made, out)


# -- variance: `unbiased` is what `correction` was called before, and may come in the place of `dim` -------------------


@overload
def var(
    input: Tensor,
    dim: Dims = None,
    *,
    correction: Scalar | None = None,
    keepdim: bool = False,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def var(
    input: Tensor, dim: Dims, unbiased: bool = True, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor: ...
def var(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None,
        axis: Any = None, keepdims: bool | None = None, out: Tensor | None = None) -> Tensor:  # fmt: skip
    """The variance over `dim` or over everything: squared distances from the mean over `n - correction` (1)."""
    dims, divisor = _spread(dim, unbiased, correction, axis)
    return ops.var(input, dims, divisor, keepdim if keepdims is None else keepdims, out=out)


@overload
def std(
    input: Tensor,
    dim: Dims = None,
    *,
    correction: Scalar | None = None,
    keepdim: bool = False,
    out: Tensor | None = None,
) -> Tensor: ...
@overload
def std(
    input: Tensor, dim: Dims, unbiased: bool = True, keepdim: bool = False, *, out: Tensor | None = None
) -> Tensor: ...
def std(input: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None,
        axis: Any = None, keepdims: bool | None = None, out: Tensor | None = None) -> Tensor:  # fmt: skip
    """The standard deviation over `dim` or over everything: the square root of `var`."""
    dims, divisor = _spread(dim, unbiased, correction, axis)
    return ops.std(input, dims, divisor, keepdim if keepdims is None else keepdims, out=out)


def var_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: Scalar | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The variance and the mean, over `dim` or over everything."""
    dims, divisor = _spread(dim, unbiased, correction, None)
    spread, mean = ops.var_mean(input, dims, divisor, keepdim)
    return spread, mean


def std_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: Scalar | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The standard deviation and the mean, over `dim` or over everything."""
    dims, divisor = _spread(dim, unbiased, correction, None)
    spread, mean = ops.std_mean(input, dims, divisor, keepdim)
    return spread, mean


def _spread(dim: Any, unbiased: Any, correction: Any, axis: Any) -> tuple[Any, Any]:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return ints(axis if dim is None else dim), correction


# -- others ------------------------------------------------------------------------------------------------------------


@named("TraceBackward0")
def trace(input: Tensor) -> Tensor:
    """The sum of a matrix's diagonal."""
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    if input.dtype is dtypes.bool_:
        raise UnsupportedError("\"trace\" not implemented for 'Bool'")
    return ops.sum(ops.diagonal(input))


@named("DistBackward0")
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """The p-norm of `input - other`."""
    return ops.vector_norm(ops.sub(input, other), float(p))
