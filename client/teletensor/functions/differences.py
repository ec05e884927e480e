"""Differences, integrals and powers along a dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import GradientError, ShapeError
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


def gradient(
    input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """The slopes along dimensions (all of them) of a function that is known at points: tensors of the input's shape.

    Points are `spacing` apart, one number for all dimensions or one for each, or at coordinates, a tensor for each.
    Slopes are of second order inside, and of `edge_order` (1 or 2) at the edges.
    """
    dims = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    spacings = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing] * len(dims)
    if len(spacings) != len(dims):
        raise ShapeError(
            f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length {len(dims)}, but got a "
            f"list of length {len(spacings)}"
        )
    if edge_order not in (1, 2):
        raise GradientError("torch.gradient only supports edge_order=1 and edge_order=2.")
    places = [normalize_dim(d, input.ndim) for d in dims]
    if any(input.shape[at] <= edge_order for at in places):
        raise ShapeError("torch.gradient expected each dimension size to be at least edge_order+1")
    return tuple(_slopes(input, at, step, edge_order) for at, step in zip(places, spacings, strict=True))


def _slopes(input: Tensor, at: int, step: Number | Tensor, edge_order: int) -> Tensor:
    """From the slopes between neighbours: weighted means inside, and the outermost, continued at the edges."""
    dtype = input.dtype if input.is_floating_point() or input.is_complex() else dtypes.default_dtype()
    points = input.shape[at]
    if isinstance(step, Tensor):
        gaps = diff(step.to(dtype))
    else:
        gaps = factories.full((points - 1,), step, dtype=dtype, device=input.device)
    gaps = reshape(gaps, (-1, *[1] * (input.ndim - 1 - at)))
    between = ops.div(diff(input, dim=at), gaps)
    before, after = ops.slice(gaps, 0, 0, points - 2, 1), ops.slice(gaps, 0, 1, points - 1, 1)
    left, right = ops.slice(between, at, 0, points - 2, 1), ops.slice(between, at, 1, points - 1, 1)
    inside = ops.div(ops.add(ops.mul(before, right), ops.mul(after, left)), ops.add(before, after))
    first, last = ops.slice(between, at, 0, 1, 1), ops.slice(between, at, points - 2, points - 1, 1)
    if edge_order == 2:
        first = ops.sub(ops.mul(first, 2), ops.slice(inside, at, 0, 1, 1))
        last = ops.sub(ops.mul(last, 2), ops.slice(inside, at, points - 3, points - 2, 1))
    return ops.cat([first, inside, last], at)


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
