"""Histograms: how many elements, or points, are where."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ShapeError, UnsupportedError

from teletensor import factories, ops, return_types
from teletensor.functions.searching import bucketize
from teletensor.functions.shapes import reshape
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Number, Operand

__all__ = ["histc", "histogram", "histogramdd"]
METHODS = ("histc", "histogram")


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
    made = _counted(_bin(flat, edges), edges.shape[0] - 1, weight).to(input.dtype)
    return return_types.histogram(_density(made, [edges]) if density else made, edges)


def histogramdd(
    input: Tensor,
    bins: int | Sequence[int] | Sequence[Tensor],
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> return_types.histogramdd:
    """`histogram` of points, whose coordinates are the last dimension: a count for each box, and the edges by
    dimension.

    `bins` are each dimension's edges, or how many intervals there are, of each or all; `range` has the least and the
    greatest of each dimension, one after another. Waits for the data's range when it is asked for.
    """
    if input.ndim < 2:
        raise ShapeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    if weight is not None and weight.shape != input.shape[:-1]:
        raise ShapeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got input with shape {list(input.shape)} and weight with shape "
            f"{list(weight.shape)}"
        )
    dims = input.shape[-1]
    points = reshape(input.detach(), (-1, dims))
    edges = [
        each if isinstance(each, Tensor) else _edges(points[:, d], each, limits)
        for d, (each, limits) in enumerate(zip(_for_each(bins, dims), _limits(range, dims), strict=True))
    ]
    shape = [each.shape[0] - 1 for each in edges]
    box: Operand = 0
    outside: Operand = False
    for d, each in enumerate(edges):
        place = _bin(points[:, d], each)
        outside = ops.logical_or(ops.eq(place, shape[d]), outside) if isinstance(outside, Tensor) else place == shape[d]
        box = ops.add(ops.mul(place, math.prod(shape[d + 1 :])), box)
    made = _counted(ops.where(outside, math.prod(shape), box), math.prod(shape), weight)
    made = reshape(made, shape).to(input.dtype)
    return return_types.histogramdd(_density(made, edges) if density else made, tuple(edges))


def _for_each(bins: Any, dims: int) -> list[Any]:
    each = [bins] * dims if isinstance(bins, int) else list(bins)
    if len(each) != dims:
        raise ShapeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    return each


def _limits(range: Sequence[float] | None, dims: int) -> list[tuple[float, float] | None]:
    if range is None:
        return [None] * dims
    if len(range) != 2 * dims:
        raise ShapeError(
            f"torch.histogramdd: for a {dims}-dimensional histogram range should have {2 * dims} elements, but got "
            f"{len(range)}"
        )
    return list(zip(range[::2], range[1::2], strict=True))


def _bin(flat: Tensor, edges: Tensor) -> Tensor:
    """The number of the interval that each element is in; that after the last for what is outside."""
    count = edges.shape[0] - 1
    inside = ops.logical_and(ops.ge(flat, edges[0]), ops.le(flat, edges[count]))
    return ops.where(inside, ops.clamp(bucketize(flat, edges, right=True) - 1, 0, count - 1), count)


def _counted(index: Tensor, count: int, weight: Tensor | None) -> Tensor:
    """How often each number below `count` comes, or with what weight."""
    return ops.bincount(index, None if weight is None else reshape(weight, (-1,)), minlength=count + 1)[:count]


def _density(counts: Tensor, edges: Sequence[Tensor]) -> Tensor:
    """Counts as parts of their sum, for each unit of length, area or volume."""
    made = counts / ops.sum(counts)
    for d, each in enumerate(edges):
        made = made / reshape(each[1:] - each[:-1], (-1, *[1] * (len(edges) - 1 - d)))
    return made


def _edges(flat: Tensor, bins: int, range: tuple[float, float] | None) -> Tensor:
    if bins <= 0:
        raise ArgumentError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = range or (ops.stack([ops.amin(flat), ops.amax(flat)]).tolist() if flat.numel() else (0.0, 1.0))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return factories.linspace(low, high, bins + 1, dtype=flat.dtype, device=flat.device)
