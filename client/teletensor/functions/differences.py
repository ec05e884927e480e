"""Differences, integrals and powers along a dimension."""

from __future__ import annotations

from teletensor_core import dtypes
from teletensor_core.errors import ShapeError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops
from teletensor.functions.shapes import reshape
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Number

__all__ = ["cumulative_trapezoid", "diff", "trapezoid", "trapz", "vander"]
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
