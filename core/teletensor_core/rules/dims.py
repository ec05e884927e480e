"""Dimensions: wrapping negative ones, and broadcasting shapes."""

from __future__ import annotations

from collections.abc import Sequence

from teletensor_core.errors import ArgumentTypeError, DimensionError, ShapeError
from teletensor_core.spec import Shape


def require(condition: bool, error: type[Exception], message: str) -> None:
    """Raise `error(message)` unless the condition holds."""
    if not condition:
        raise error(message)


def normalize_dim(dim: int, ndim: int) -> int:
    """`dim` counted from the front; a 0-d tensor accepts 0 and -1."""
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise DimensionError(
            f"Dimension out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})"
        )
    return dim % bound


def one_dim(dim: int | None) -> None:
    """Raise ArgumentTypeError for several dimensions where one, or None for all, is expected."""
    if dim is not None and not isinstance(dim, int):
        raise ArgumentTypeError(f"expected dim to be an int, got {dim!r}")


def normalize_dims(dims: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Distinct dimensions counted from the front; all of them for None or an empty sequence."""
    if dims is None or dims == () or dims == []:
        return tuple(range(ndim))
    listed = tuple(normalize_dim(d, ndim) for d in ((dims,) if isinstance(dims, int) else dims))
    for i, d in enumerate(listed):
        if d in listed[:i]:
            raise ShapeError(f"dim {d} appears multiple times in the list of dims")
    return listed if ndim else ()


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The common shape of operands that are broadcast together.

    Raises ShapeError naming the first dimension, from the back, where sizes differ and neither is 1.
    """
    result = shapes[0]
    for shape in shapes[1:]:
        if shape != result:
            result = _broadcast_pair(result, shape)
    return result


def require_expandable(shape: Shape, target: Shape) -> None:
    """Raise ShapeError unless a tensor of a shape can be expanded to another."""
    for i in range(-1, -len(shape) - 1, -1):
        if len(shape) > len(target) or shape[i] not in (1, target[i]):
            raise not_expandable(shape, target, i)


def not_expandable(shape: Shape, target: Shape, dim: int, call: str = "") -> ShapeError:
    """The error for a dimension, counted from the back, that cannot be expanded."""
    if len(shape) > len(target):
        return ShapeError(
            f"{call}the number of sizes provided ({len(target)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({len(shape)})"
        )
    return ShapeError(
        f"The expanded size of the tensor ({target[dim]}) must match the existing size ({shape[dim]}) at non-singleton "
        f"dimension {len(target) + dim}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
    )


def _broadcast_pair(a: Shape, b: Shape) -> Shape:
    ndim = max(len(a), len(b))
    out = []
    for i in range(-1, -ndim - 1, -1):
        m = a[i] if -i <= len(a) else 1
        n = b[i] if -i <= len(b) else 1
        if m != n and m != 1 and n != 1:
            raise ShapeError(
                f"The size of tensor a ({m}) must match the size of tensor b ({n}) "
                f"at non-singleton dimension {i + ndim}"
            )
        out.append(n if m == 1 else m)
    return tuple(reversed(out))
