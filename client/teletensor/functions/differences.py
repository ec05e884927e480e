"""Differences, integrals and powers along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ShapeError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops
from teletensor.functions.shapes import reshape
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Number

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid", "trapz", "vander"]
METHODS = ("diff",)


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


def gradient(
    input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The derivative along each of `dim` (all), by differences of second order, at the ends of order `edge_order`.

    `spacing` is the distance of the points, or for each dimension its distance or the points' coordinates.
    RuntimeError for another number of these than dimensions, and for fewer than `edge_order + 1` points.
    """
    if edge_order not in (1, 2):
        raise ShapeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    dims = [dim] if isinstance(dim, int) else list(range(input.ndim) if dim is None else dim)
    along = [spacing] * len(dims) if isinstance(spacing, (int, float)) else list(spacing)
    if len(along) != len(dims):
        raise ShapeError(f"torch.gradient expected one spacing for each of {len(dims)} dimensions, got {len(along)}")
    moved = [normalize_dim(d, input.ndim) for d in dims]
    for at in moved:
        if input.shape[at] < edge_order + 1:
            raise ShapeError(
                f"torch.gradient expected each dimension size to be at least edge_order+1, got {input.shape[at]}"
            )
    return tuple(_derivative(input, at, apart, edge_order) for at, apart in zip(moved, along, strict=True))


def _derivative(y: Tensor, at: int, apart: Any, order: int) -> Tensor:
    """Quotients of neighbours, weighted inside by each other's distance, and at the ends as they are or carried on."""
    count = y.shape[at]

    def cut(x: Tensor, start: int, stop: int) -> Tensor:
        return ops.slice(x, at, start, stop, 1)

    slopes = ops.sub(cut(y, 1, count), cut(y, 0, count - 1))
    if isinstance(apart, Tensor):
        steps = reshape(diff(apart), [-1 if d == at else 1 for d in range(y.ndim)])
    else:
        sizes = [count - 1 if d == at else 1 for d in range(y.ndim)]
        floating = slopes.dtype if slopes.dtype.is_floating_point or slopes.dtype.is_complex else None
        steps = factories.full(sizes, float(apart), dtype=floating, device=y.device)
    slopes = ops.div(slopes, steps)
    if count == 2:
        return ops.cat([slopes, slopes], at)
    before, after = cut(steps, 0, count - 2), cut(steps, 1, count - 1)
    left, right = cut(slopes, 0, count - 2), cut(slopes, 1, count - 1)
    inside = ops.div(ops.add(ops.mul(left, after), ops.mul(right, before)), ops.add(before, after))
    ends = cut(slopes, 0, 1), cut(slopes, count - 2, count - 1)
    if order == 2:
        ends = _carried(ends[0], cut(inside, 0, 1)), _carried(ends[1], cut(inside, count - 3, count - 2))
    return ops.cat([ends[0], inside, ends[1]], at)


def _carried(beside: Tensor, inside: Tensor) -> Tensor:
    """A parabola's slope at an end, from that in the middle of the last step and that at the point before."""
    return ops.sub(ops.mul(beside, 2), inside)
