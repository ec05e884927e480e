"""Counting, sorting, searching and describing data."""

from __future__ import annotations

from typing import Any, Literal, overload

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ShapeError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops
from teletensor.arguments import ints
from teletensor.functions.shapes import movedim, reshape
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Dims, DType, Number, Operand

__all__ = [
    "bucketize", "corrcoef", "cov", "cumulative_trapezoid", "diff", "histc", "msort", "nanquantile", "norm", "quantile",
    "renorm", "searchsorted", "trapezoid", "trapz", "unique", "unique_consecutive", "vander",
]  # fmt: skip
METHODS = (
    "corrcoef", "cov", "diff", "histc", "msort", "nanquantile", "norm", "quantile", "renorm", "unique",
    "unique_consecutive",
)  # fmt: skip


# -- distinct elements -------------------------------------------------------------------------------------------------


@overload
def unique(
    input: Tensor, sorted: bool = True, return_inverse: Literal[False] = False, return_counts: Literal[False] = False,
    dim: int | None = None,
) -> Tensor: ...  # fmt: skip
@overload
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any: ...
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements in order (or distinct slices of `dim`). Waits: how many there are is data.

    With `return_inverse`, `return_counts`: a tuple with where each element is among them, and how often each occurs.
    """
    values, inverse, counts = ops.unique(
        input, True, True, True, None if dim is None else normalize_dim(dim, input.ndim)
    )
    return _chosen(values, inverse if return_inverse else None, counts if return_counts else None)


@overload
def unique_consecutive(
    input: Tensor, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: int | None = None
) -> Tensor: ...
@overload
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any: ...
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices of `dim`) without those equal to the one before. Waits.

    With `return_inverse`, `return_counts`: a tuple with the run each element is in, and how long each run is.
    """
    rows = reshape(input, (-1,)) if dim is None else movedim(input, dim, 0)
    flat = rows if rows.ndim == 1 else reshape(rows, (rows.shape[0], -1))
    changed = ops.ne(flat[1:], flat[:-1])
    begins = ops.constant_pad(changed if flat.ndim == 1 else ops.any(changed, 1), (1, 0), True)
    begins = begins[: rows.shape[0]]
    starts = ops.select(ops.nonzero(begins), 1, 0)
    values = ops.index_select(rows, 0, starts)
    inverse = ops.sub(ops.cumsum(begins, 0), 1) if return_inverse else None
    counts = diff(starts, append=factories.tensor([rows.shape[0]], device=input.device)) if return_counts else None
    if dim is None:
        inverse = None if inverse is None else reshape(inverse, input._spec.shape)
    else:
        values = movedim(values, 0, dim)
    return _chosen(values, inverse, counts)


def _chosen(values: Tensor, inverse: Tensor | None, counts: Tensor | None) -> Any:
    wanted = [x for x in (inverse, counts) if x is not None]
    return (values, *wanted) if wanted else values


# -- order -------------------------------------------------------------------------------------------------------------


def msort(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements in order along the first dimension."""
    made = ops.sort(input, 0).values
    return made if out is None else store(made, out)


def searchsorted(
    sorted_sequence: Tensor, input: Operand, *, out_int32: bool = False, right: bool = False, side: str | None = None,
    sorter: Tensor | None = None, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Where each value would be put into its (innermost) sorted sequence to keep it sorted: int64, or int32.

    Among equal elements before the first, or with `right=True` or `side="right"` after the last.
    """
    if side not in (None, "left", "right"):
        raise ArgumentError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ArgumentError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right=True"
        )
    if sorter is not None:
        sorted_sequence = ops.gather(sorted_sequence, -1, sorter)
    values = input if isinstance(input, Tensor) else factories.tensor(input, device=sorted_sequence.device)
    made = ops.searchsorted(sorted_sequence, values, right=right or side == "right")
    made = made.to(dtypes.int32) if out_int32 else made
    return made if out is None else store(made, out)


def bucketize(
    input: Operand, boundaries: Tensor, *, out_int32: bool = False, right: bool = False, out: Tensor | None = None
) -> Tensor:
    """The number of the bucket that each value falls into, between sorted boundaries: int64, or int32."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


# -- distributions of data ---------------------------------------------------------------------------------------------


def histc(input: Tensor, bins: int = 100, min: Number = 0, max: Number = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements fall into each of `bins` equal intervals from `min` to `max` (the data's own when both are 0).

    Elements outside are not counted. Waits for the data's range when it is asked for.
    """
    if bins <= 0:
        raise ArgumentError(f"torch.histc(): bins must be > 0, but got {bins} for dimension 0")
    flat = reshape(input.detach(), (-1,))
    low, high = float(min), float(max)
    if low == high and flat.numel():
        low, high = ops.stack([ops.amin(flat), ops.amax(flat)]).tolist()
    if low == high:
        low, high = low - 1, high + 1
    inside = ops.logical_and(ops.ge(flat, low), ops.le(flat, high))
    place = ops.floor(ops.div(ops.mul(ops.sub(flat, low), bins), high - low))
    # One bin more than asked for takes what is outside.
    index = ops.where(inside, ops.clamp(place, 0, bins - 1), bins).to(dtypes.int64)
    made = ops.bincount(index, minlength=bins + 1)[:bins].to(input.dtype)
    return made if out is None else store(made, out)


def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles over a dimension or over everything; several, stacked in front, for a vector `q`."""
    return _quantile(input, q, dim, keepdim, interpolation, out, skip_nan=False)


def nanquantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`quantile` of the elements that are numbers."""
    return _quantile(input, q, dim, keepdim, interpolation, out, skip_nan=True)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(
    input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str, out: Tensor | None, *, skip_nan: bool
) -> Tensor:
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(f"quantile() interpolation must be one of {_INTERPOLATIONS}, but got {interpolation}")
    wanted = q if isinstance(q, Tensor) else factories.tensor(float(q), dtype=input.dtype, device=input.device)
    at = 0 if dim is None else normalize_dim(dim, input.ndim)
    ordered = movedim(ops.sort(reshape(input, (-1,)) if dim is None else input, at).values, at, -1)
    bad = ops.isnan(ordered)
    last: Operand = ordered.shape[-1] - 1
    if skip_nan:
        last = ops.clamp_min(ops.sub(ops.sum(ops.logical_not(bad), -1, True), 1), 0)
    points = ops.mul(reshape(wanted, (-1, *[1] * ordered.ndim)), last)
    made = _between(ordered, ops.expand(points, (points.shape[0], *ordered.shape[:-1], 1)), interpolation)
    if not skip_nan:
        made = ops.where(ops.any(bad, -1, True), float("nan"), made)
    made = movedim(made, -1, at + 1) if keepdim and dim is not None else ops.squeeze(made, -1)
    if keepdim and dim is None:
        made = reshape(made, (-1, *[1] * input.ndim))
    made = made if wanted.ndim else ops.squeeze(made, 0)
    return made if out is None else store(made, out)


def _between(ordered: Tensor, points: Tensor, interpolation: str) -> Tensor:
    """The elements at fractional positions along the last dimension."""
    if interpolation in _ROUNDINGS:
        points = _ROUNDINGS[interpolation](points)
    low, high = ops.floor(points), ops.ceil(points)
    rows = ops.expand(ordered, (points.shape[0], *ordered.shape))
    first, second = (ops.gather(rows, -1, index.to(dtypes.int64)) for index in (low, high))
    weight: Operand = 0.5 if interpolation == "midpoint" else ops.sub(points, low)
    return ops.lerp(first, second, weight)


_ROUNDINGS = {"lower": ops.floor, "higher": ops.ceil, "nearest": ops.round}


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance matrix of variables in rows with observations in columns; of one variable, its variance."""
    rows = reshape(input, (1, -1)) if input.ndim < 2 else input
    weights = fweights if aweights is None else aweights if fweights is None else ops.mul(fweights, aweights)
    if weights is None:
        total: Operand = rows.shape[1]
        centred = ops.sub(rows, ops.mean(rows, 1, True))
        weighted, norm = (
            centred,
            ops.clamp_min(factories.tensor(float(rows.shape[1] - correction), device=input.device), 0),
        )
    else:
        total = ops.sum(weights)
        centred = ops.sub(rows, ops.div(ops.sum(ops.mul(rows, weights), 1, True), total))
        weighted = ops.mul(centred, weights)
        lost: Operand = correction
        if aweights is not None:
            lost = ops.div(ops.mul(ops.sum(ops.mul(weights, aweights)), correction), total)
        norm = ops.clamp_min(ops.sub(total, lost), 0)
    made = ops.div(ops.matmul(weighted, ops.conj(ops.transpose(centred, 0, 1))), norm.to(centred.dtype))
    return reshape(made, ()) if made.numel() == 1 else made


def corrcoef(input: Tensor) -> Tensor:
    """Correlation coefficients of variables in rows: covariances over the products of standard deviations."""
    matrix = cov(input)
    if not matrix.ndim:
        return ops.div(matrix, matrix)
    deviation = ops.sqrt(ops.diagonal(matrix))
    return ops.clamp(ops.div(ops.div(matrix, ops.unsqueeze(deviation, 1)), ops.unsqueeze(deviation, 0)), -1, 1)


# -- along a dimension -------------------------------------------------------------------------------------------------


def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None,
    *, out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The n-th differences of neighbours along a dimension."""
    parts = [x for x in (prepend, input, append) if x is not None]
    made = ops.cat(parts, dim) if len(parts) > 1 else input
    at = normalize_dim(dim, made.ndim)
    for _ in range(n):
        later, earlier = ops.slice(made, at, 1, None, 1), ops.slice(made, at, 0, max(made.shape[at] - 1, 0), 1)
        made = ops.logical_xor(later, earlier) if made.dtype is dtypes.bool_ else ops.sub(later, earlier)
    return made if out is None else store(made, out)


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """The integral along a dimension by the trapezoidal rule: over points `x`, or points `dx` (1) apart."""
    return ops.sum(_trapezoids(y, x, dx, dim), dim)


trapz = trapezoid


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number | None = None, dim: int = -1) -> Tensor:
    """The integral up to each point but the first, by the trapezoidal rule."""
    return ops.cumsum(_trapezoids(y, x, dx, dim), dim)


def _trapezoids(y: Tensor, x: Tensor | None, dx: Number | None, dim: int) -> Tensor:
    at = normalize_dim(dim, y.ndim)
    doubled = ops.add(ops.slice(y, at, 1, None, 1), ops.slice(y, at, 0, max(y.shape[at] - 1, 0), 1))
    if x is None:
        return ops.mul(doubled, (1 if dx is None else dx) / 2)
    steps = diff(x, dim=at if x.ndim == y.ndim else -1)
    if x.ndim == 1:
        steps = reshape(steps, (-1, *[1] * (y.ndim - 1 - at)))
    return ops.div(ops.mul(doubled, steps), 2)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Powers of a vector's elements in columns, the highest first unless `increasing`."""
    if x.ndim != 1:
        raise ShapeError("x must be a one-dimensional tensor.")
    powers = factories.arange(x.numel() if N is None else N, device=x.device)
    return ops.pow(ops.unsqueeze(x, 1), powers if increasing else ops.flip(powers, (0,)))


# -- norms -------------------------------------------------------------------------------------------------------------


def norm(
    input: Tensor,
    p: Any = "fro",
    dim: Dims = None,
    keepdim: bool = False,
    out: Tensor | None = None,
    dtype: DType | None = None,
) -> Tensor:
    """The p-norm over dimensions, or over everything; "fro" is 2, "nuc" the sum of a matrix's singular values."""
    from teletensor import linalg

    if p == "nuc":
        return linalg.matrix_norm(input, "nuc", (-2, -1) if dim is None else ints(dim), keepdim, dtype=dtype, out=out)
    made = ops.vector_norm(input, 2.0 if p in ("fro", None) else float(p), ints(dim), keepdim, dtype)
    return made if out is None else store(made, out)


def renorm(input: Tensor, p: float, dim: int, maxnorm: float, *, out: Tensor | None = None) -> Tensor:
    """Each slice of a dimension scaled down to a p-norm of at most `maxnorm`."""
    at = normalize_dim(dim, input.ndim)
    length = ops.vector_norm(input, float(p), tuple(d for d in range(input.ndim) if d != at), True)
    # PyTorch adds 1e-7 to the norm it divides by.
    scale = ops.where(ops.gt(length, maxnorm), ops.div(maxnorm, ops.add(length, 1e-7)), 1.0)
    return ops.mul(input, scale, out=out)
