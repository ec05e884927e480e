"""Shapes: sizes one by one or as one sequence, views where the layout allows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from teletensor_core import dtypes
from teletensor_core.errors import DimensionError, ShapeError
from teletensor_core.rules import broadcast_shapes as _broadcast_shapes
from teletensor_core.rules import normalize_dim
from teletensor_core.rules.views import full_shape, view_strides

from teletensor import ops
from teletensor.arguments import a_tensor, given, ints
from teletensor.arguments import sizes as as_sizes
from teletensor.graph import rename
from teletensor.size import Size
from teletensor.tensor import Tensor
from teletensor.types import Dims, DType, Sizes

__all__ = [
    "adjoint", "as_strided", "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "broadcast_tensors",
    "broadcast_to", "flatten",
    "fliplr", "flipud", "moveaxis", "movedim", "narrow", "narrow_copy", "permute", "ravel", "reshape", "squeeze", "t",
    "tile", "unflatten",
]  # fmt: skip
METHODS = (
    "adjoint", "as_strided", "broadcast_to", "contiguous", "expand", "expand_as", "flatten", "flip", "fliplr", "flipud",
    "moveaxis", "movedim", "narrow", "narrow_copy", "permute", "ravel", "repeat", "reshape", "reshape_as", "squeeze",
    "t", "tile", "unflatten", "view", "view_as",
)  # fmt: skip


@overload
def view(input: Tensor, dtype: DType) -> Tensor: ...
@overload
def view(input: Tensor, *sizes: Sizes, size: Sizes | None = None) -> Tensor: ...
def view(input: Tensor, *sizes: Any, dtype: DType | None = None, size: Sizes | None = None) -> Tensor:
    """The same memory under another shape (-1: whatever is left), or its bits read as another dtype.

    Raises ShapeError when the layout does not allow it.
    """
    if dtype is not None or (len(sizes) == 1 and isinstance(sizes[0], dtypes.DType)):
        wanted = dtype or sizes[0]
        return ops.view_dtype(input, wanted)
    return ops.view(input, given(sizes, size))


def reshape(input: Tensor, *sizes: Sizes, shape: Sizes | None = None) -> Tensor:
    """The same elements under another shape (-1: whatever is left): a view where the layout allows it, else a copy."""
    wanted = given(sizes, shape)
    spec = input._spec
    if view_strides(spec, full_shape(wanted, spec)) is not None:
        return ops.view(input, wanted)
    return ops.reshape(input, wanted)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` viewed with the shape of `other`."""
    return ops.view(input, a_tensor(other, "view_as", "other")._spec.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` reshaped to the shape of `other`."""
    return reshape(input, a_tensor(other, "reshape_as", "other")._spec.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one."""
    if not input.ndim:
        return reshape(input, (1,))
    first, last = normalize_dim(start_dim, input.ndim), normalize_dim(end_dim, input.ndim)
    if first > last:
        raise ShapeError(f"flatten() has invalid args: start_dim {start_dim} cannot come after end_dim {end_dim}")
    shape = input._spec.shape
    return (
        input
        if first == last
        else reshape(input, (*shape[:first], Size(shape[first : last + 1]).numel(), *shape[last + 1 :]))
    )


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """One dimension split into several (-1: whatever is left)."""
    at, shape = normalize_dim(dim, input.ndim), input._spec.shape
    wanted = list(ints(sizes))
    if -1 in wanted:
        known = Size(n for n in wanted if n != -1).numel()
        wanted[wanted.index(-1)] = shape[at] // max(known, 1)
    if Size(wanted).numel() != shape[at]:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[at]}) in the "
            "input tensor"
        )
    return reshape(input, (*shape[:at], *wanted, *shape[at + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """All elements in one dimension."""
    return reshape(input, (-1,))


def permute(input: Tensor, *order: Sizes, dims: Sizes | None = None) -> Tensor:
    """The dimensions in another order."""
    return ops.permute(input, given(order, dims))


def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; vectors and numbers stay as they are."""
    if input.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D")
    made = ops.transpose(input, 0, 1) if input.ndim == 2 else ops.alias(input)
    if made._node is not None:
        rename(made._node, "TBackward0")
    return made


def adjoint(input: Tensor) -> Tensor:
    """The last two dimensions exchanged, and complex numbers conjugated."""
    swapped = ops.transpose(input, -2, -1)
    return ops.conj(swapped) if input.is_complex() else swapped


def movedim(input: Tensor, source: Sizes, destination: Sizes) -> Tensor:
    """Dimensions moved from `source` to `destination`, the others in their order."""
    moved = [normalize_dim(d, input.ndim) for d in as_sizes((source,))]
    places = [normalize_dim(d, input.ndim) for d in as_sizes((destination,))]
    if len(moved) != len(places):
        raise ShapeError(f"movedim: Invalid source or destination dims: source {moved}, destination {places}")
    order = [-1] * input.ndim
    for s, d in zip(moved, places, strict=True):
        order[d] = s
    rest = iter(d for d in range(input.ndim) if d not in moved)
    return ops.permute(input, tuple(next(rest) if d == -1 else d for d in order))


moveaxis = movedim


def squeeze(input: Tensor, dim: Dims = None, *, axis: Dims = None) -> Tensor:
    """Without the dimensions of size 1 (among `dim`)."""
    return ops.squeeze(input, ints(dim if axis is None else axis))


def expand(input: Tensor, *sizes: Sizes, size: Sizes | None = None, implicit: bool = False) -> Tensor:
    """Dimensions of one element repeated without copying; -1 leaves a dimension."""
    return ops.expand(input, given(sizes, size))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """`input` expanded to the shape of `other`."""
    return ops.expand(input, a_tensor(other, "expand_as", "other")._spec.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """`input` expanded to `size`."""
    return ops.expand(input, ints(size))


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape; those that have it, themselves."""
    listed: Any = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    shape = _broadcast_shapes(*[x._spec.shape for x in listed])
    return tuple(x if x._spec.shape == shape else ops.expand(x, shape) for x in listed)


def broadcast_shapes(*shapes: Sizes) -> Size:
    """The common shape of shapes that are broadcast together."""
    return Size(_broadcast_shapes(*[(s,) if isinstance(s, int) else tuple(s) for s in shapes]))


def repeat(input: Tensor, *counts: Sizes, repeats: Sizes | None = None) -> Tensor:
    """The tensor laid side by side along each dimension."""
    return ops.repeat(input, given(counts, repeats))


def tile(input: Tensor, *counts: Sizes, dims: Sizes | None = None) -> Tensor:
    """Like `repeat`, with missing leading repeats taken as one."""
    wanted = given(counts, dims)
    return ops.repeat(input, (1,) * (input.ndim - len(wanted)) + wanted)


def flip(input: Tensor, *along: Sizes, dims: Sizes | None = None) -> Tensor:
    """The order of elements reversed along dimensions."""
    return ops.flip(input, given(along, dims))


def fliplr(input: Tensor) -> Tensor:
    """The order of columns reversed."""
    if input.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return ops.flip(input, (1,))


def flipud(input: Tensor) -> Tensor:
    """The order of rows reversed."""
    if input.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return ops.flip(input, (0,))


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """Itself when dense and row-major, else a copy that is."""
    return input if input._spec.contiguous else ops.clone(input)


def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """`length` positions of a dimension from `start` on. Waits when `start` is a tensor."""
    size = input.shape[normalize_dim(dim, input.ndim)]
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    if not -size <= int(start) <= size:
        raise DimensionError(f"start out of range (expected to be in range of [{-size}, {size}], but got {int(start)})")
    first = int(start) + (size if int(start) < 0 else 0)
    if first + length > size:
        raise ShapeError(f"start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return ops.slice(input, dim, first, first + length, 1)


def _at_least(ndim: int, tensors: tuple[Any, ...]) -> Any:
    if len(tensors) == 1 and not isinstance(tensors[0], Tensor):
        tensors = tuple(tensors[0])
        return tuple(grown(x, ndim) for x in tensors)
    made = tuple(grown(x, ndim) for x in tensors)
    return made[0] if len(made) == 1 else made


def grown(input: Tensor, ndim: int) -> Tensor:
    """The tensor with at least `ndim` dimensions, new ones of size 1 where PyTorch puts them."""
    while input.ndim < ndim:
        input = ops.unsqueeze(input, 0 if input.ndim < 2 else -1)
    return input


def atleast_1d(*tensors: Any) -> Any:
    """The tensor, or tensors, with at least one dimension."""
    return _at_least(1, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """The tensor, or tensors, with at least two dimensions."""
    return _at_least(2, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """The tensor, or tensors, with at least three dimensions."""
    return _at_least(3, tensors)


def as_strided(input: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """A view of the tensor's memory: sizes, the step in elements of each dimension, and where it begins.

    Raises ShapeError for elements outside of the memory; UnsupportedError for a view with strides of its own, unless
    `storage_offset` is given, which counts from the beginning of what it is a view of.
    """
    source: Any = input
    if storage_offset is not None and input._base is not None:
        source = input._base
    return ops.as_strided(source, _numbers(size), _numbers(stride), storage_offset or 0)


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """A part of a dimension, in memory of its own."""
    return ops.clone(narrow(input, dim, start, length))


def _numbers(sizes: Any) -> tuple[int, ...]:
    return (int(sizes),) if isinstance(sizes, int) else tuple(int(n) for n in sizes)
