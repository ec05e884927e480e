"""What describes data: histograms, quantiles, covariances, norms."""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, UnsupportedError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops, return_types
from teletensor.arguments import ints
from teletensor.functions.searching import bucketize
from teletensor.functions.shapes import movedim, reshape
from teletensor.graph import named
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Dims, DType, Number, Operand

__all__ = ["corrcoef", "cov", "histc", "histogram", "nanquantile", "norm", "quantile", "renorm"]
METHODS = __all__


def histc(input: Tensor, bins: int = 100, min: Number = 0, max: Number = 0, *, out: Tensor | None = None) -> Tensor:
    """How many elements fall into each of `bins` equal intervals from `min` to `max` (the data's own when both are 0).

    Elements outside are not counted. Waits for the data's range when it is asked for.
    """
    if bins <= 0:
        raise ArgumentError(f"torch.histc(): bins must be > 0, but got {bins} for dimension 0")
    if not input.is_floating_point():
        raise UnsupportedError(f"\"histogram\" not implemented for '{input.dtype.title}'")
    flat = reshape(input.detach(), (-1,))
    low, high = float(min), float(max)
    if low > high:
        raise ArgumentError("torch.histc: max must be larger than min")
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


def histogram(
    input: Tensor, bins: int | Tensor = 100, *, range: tuple[float, float] | None = None, weight: Tensor | None = None,
    density: bool = False,
) -> return_types.histogram:  # fmt: skip
    """How many elements, or what weight of them, lie between each two edges, and the edges; the last one is inside.

    `bins` is the edges, in rising order, or how many equal intervals there are over `range` (that of the data). With
    `density` the areas sum up to one. Waits for the data's range when it is asked for.
    """
    flat = reshape(input.detach(), (-1,))
    edges = bins if isinstance(bins, Tensor) else _edges(flat, bins, range)
    count = edges.shape[0] - 1
    inside = ops.logical_and(ops.ge(flat, edges[0]), ops.le(flat, edges[count]))
    # One bin more than asked for takes what is outside.
    index = ops.where(inside, ops.clamp(bucketize(flat, edges, right=True) - 1, 0, count - 1), count)
    weights = None if weight is None else reshape(weight, (-1,))
    made = ops.bincount(index, weights, minlength=count + 1)[:count].to(input.dtype)
    if density:
        made = made / (ops.sum(made) * (edges[1:] - edges[:-1]))
    return return_types.histogram(made, edges)


def _edges(flat: Tensor, bins: int, range: tuple[float, float] | None) -> Tensor:
    if bins <= 0:
        raise ArgumentError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = range or (ops.stack([ops.amin(flat), ops.amax(flat)]).tolist() if flat.numel() else (0.0, 1.0))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return factories.linspace(low, high, bins + 1, dtype=flat.dtype, device=flat.device)


@named("SqueezeBackward4")
def quantile(
    input: Tensor, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear",
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The q-th quantiles over a dimension or over everything; several, stacked in front, for a vector `q`."""
    return _quantile(input, q, dim, keepdim, interpolation, out, skip_nan=False)


@named("SqueezeBackward4")
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


@named("RenormBackward0")
def renorm(input: Tensor, p: float, dim: int, maxnorm: float, *, out: Tensor | None = None) -> Tensor:
    """Each slice of a dimension scaled down to a p-norm of at most `maxnorm`."""
    at = normalize_dim(dim, input.ndim)
    length = ops.vector_norm(input, float(p), tuple(d for d in range(input.ndim) if d != at), True)
    # PyTorch adds 1e-7 to the norm it divides by.
    scale = ops.where(ops.gt(length, maxnorm), ops.div(maxnorm, ops.add(length, 1e-7)), 1.0)
    return ops.mul(input, scale, out=out)
