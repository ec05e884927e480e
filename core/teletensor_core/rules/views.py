"""Rules of view ops: shapes and strides, worked out as PyTorch does."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ArgumentError, DimensionError, ShapeError
from teletensor_core.rules.dims import normalize_dim, not_expandable
from teletensor_core.spec import Shape, Spec, contiguous_strides, spec


def full_shape(shape: Shape, input: Spec) -> Shape:
    """`shape` with its one -1 filled in so that it has as many elements as the input."""
    unknown = [i for i, size in enumerate(shape) if size == -1]
    known = 1
    for i, size in enumerate(shape):
        if size < -1:
            raise ShapeError(f"invalid shape dimension {size} at index {i} of shape {list(shape)}")
        known *= 1 if size == -1 else size
    if len(unknown) > 1:
        raise ShapeError(f"only one dimension can be inferred, but shape {list(shape)} has {len(unknown)}")
    if not unknown:
        if known != input.numel:
            raise ShapeError(f"shape '{list(shape)}' is invalid for input of size {input.numel}")
        return shape
    if known == 0:
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if input.numel % known:
        raise ShapeError(f"shape '{list(shape)}' is invalid for input of size {input.numel}")
    return tuple(input.numel // known if size == -1 else size for size in shape)


def view_strides(input: Spec, shape: Shape) -> Shape | None:
    """Strides under which the input's memory reads as `shape`, or None when only a copy can.

    The input's dimensions are grouped into runs that are dense in themselves; each run must be covered exactly by a run
    of new dimensions.
    """
    if input.contiguous:
        return contiguous_strides(shape)
    if input.numel == 0:
        return input.strides if shape == input.shape else contiguous_strides(shape)
    strides = [0] * len(shape)
    d = len(shape) - 1
    run, base = 1, input.strides[-1] if input.ndim else 1
    for i in range(input.ndim - 1, -1, -1):
        run *= input.shape[i]
        dense = i > 0 and input.shape[i - 1] != 1 and input.strides[i - 1] != run * base
        if i and not dense:
            continue
        covered = 1
        while d >= 0 and (covered < run or shape[d] == 1):
            strides[d] = covered * base
            covered *= shape[d]
            d -= 1
        if covered != run:
            return None
        if i:
            run, base = 1, input.strides[i - 1]
    return tuple(strides) if d == -1 else None


def view(input: Spec, *, shape: Shape) -> Spec:
    """The input's memory under another shape; ShapeError when its layout does not allow that."""
    full = full_shape(shape, input)
    strides = view_strides(input, full)
    if strides is None:
        raise ShapeError(
            f"view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            f"contiguous subspaces). Use .reshape(...) instead. Its size is {list(input.shape)}, its stride "
            f"{list(input.strides)}, wanted is {list(full)}."
        )
    return spec(full, input.dtype, strides)


def permute(input: Spec, *, dims: tuple[int, ...]) -> Spec:
    """The dimensions in another order."""
    if len(dims) != input.ndim:
        raise ShapeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {input.ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = [normalize_dim(d, input.ndim) for d in dims]
    if len(set(order)) != len(order):
        raise ShapeError(f"permute(): duplicate dims are not allowed, got {list(dims)}")
    return spec(tuple(input.shape[d] for d in order), input.dtype, tuple(input.strides[d] for d in order))


def transpose(input: Spec, *, dim0: int, dim1: int) -> Spec:
    """Two dimensions exchanged."""
    return permute(input, dims=swapped(input.ndim, dim0, dim1)) if input.ndim else _checked(input, dim0, dim1)


def _checked(input: Spec, *dims: int) -> Spec:
    for dim in dims:
        normalize_dim(dim, input.ndim)
    return input


def swapped(ndim: int, dim0: int, dim1: int) -> tuple[int, ...]:
    """The order of dimensions with two exchanged."""
    order = list(range(ndim))
    a, b = normalize_dim(dim0, ndim), normalize_dim(dim1, ndim)
    order[a], order[b] = order[b], order[a]
    return tuple(order)


def expand(input: Spec, *, size: Shape) -> Spec:
    """Dimensions of one element repeated without copying; -1 keeps a size."""
    extra = len(size) - input.ndim
    if extra < 0:
        call = f"expand(torch.{input.dtype.title}Tensor{{{list(input.shape)}}}, size={list(size)}): "
        raise not_expandable(input.shape, size, -1, call)
    shape, strides = [], []
    for i, wanted in enumerate(size):
        have = input.shape[i - extra] if i >= extra else 1
        stride = input.strides[i - extra] if i >= extra else 0
        if wanted == -1 and i < extra:
            raise ShapeError(
                f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {i}"
            )
        if wanted not in (-1, have) and have != 1:
            raise not_expandable(input.shape, size, i - len(size))
        shape.append(have if wanted == -1 else wanted)
        strides.append(stride if wanted in (-1, have) and i >= extra else 0)
    return spec(tuple(shape), input.dtype, tuple(strides))


def unsqueeze(input: Spec, *, dim: int) -> Spec:
    """One more dimension, of size 1, at `dim`."""
    at = normalize_dim(dim, input.ndim + 1)
    stride = input.shape[at] * input.strides[at] if at < input.ndim else 1
    shape = (*input.shape[:at], 1, *input.shape[at:])
    return spec(shape, input.dtype, (*input.strides[:at], stride, *input.strides[at:]))


def squeezed_dims(input: Spec, dim: int | tuple[int, ...] | None) -> tuple[int, ...]:
    """The dimensions that squeeze removes."""
    if dim is None:
        wanted = tuple(range(input.ndim))
    else:
        wanted = tuple(normalize_dim(d, input.ndim) for d in ((dim,) if isinstance(dim, int) else dim))
    return tuple(d for d in wanted if d < input.ndim and input.shape[d] == 1)


def squeeze(input: Spec, *, dim: int | tuple[int, ...] | None = None) -> Spec:
    """Without the dimensions of size 1 (among `dim`)."""
    gone = squeezed_dims(input, dim)
    keep = [d for d in range(input.ndim) if d not in gone]
    return spec(tuple(input.shape[d] for d in keep), input.dtype, tuple(input.strides[d] for d in keep))


def select(input: Spec, *, dim: int, index: int) -> Spec:
    """One position of a dimension, which goes away."""
    if input.ndim == 0:
        raise DimensionError("select() cannot be applied to a 0-dim tensor.")
    at = normalize_dim(dim, input.ndim)
    if not -input.shape[at] <= index < input.shape[at]:
        raise DimensionError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {at}"
        )
    return spec(_without(input.shape, at), input.dtype, _without(input.strides, at))


def _without(sizes: Shape, at: int) -> Shape:
    return sizes[:at] + sizes[at + 1 :]


def slice_range(size: int, start: int | None, end: int | None, step: int) -> tuple[int, int, int]:
    """Start, length and step of a slice, clamped as Python does."""
    if step <= 0:
        raise ArgumentError(f"slice step must be positive, got {step}; use flip() to reverse")
    first, last, _ = slice(start, end, step).indices(size)
    return first, len(range(first, last, step)), step


def slice_(input: Spec, *, dim: int, start: int | None, end: int | None, step: int = 1) -> Spec:
    """Every `step`-th position from `start` up to `end` of a dimension."""
    if input.ndim == 0:
        raise ShapeError("slice() cannot be applied to a 0-dim tensor.")
    at = normalize_dim(dim, input.ndim)
    _, length, step = slice_range(input.shape[at], start, end, step)
    shape = (*input.shape[:at], length, *input.shape[at + 1 :])
    return spec(shape, input.dtype, (*input.strides[:at], input.strides[at] * step, *input.strides[at + 1 :]))


def diagonal(input: Spec, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Spec:
    """The diagonal of two dimensions, as the last dimension."""
    a, b = normalize_dim(dim1, input.ndim), normalize_dim(dim2, input.ndim)
    if a == b:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    rows, columns = input.shape[a], input.shape[b]
    length = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    rest = [d for d in range(input.ndim) if d not in (a, b)]
    strides = (*(input.strides[d] for d in rest), input.strides[a] + input.strides[b])
    return spec((*(input.shape[d] for d in rest), length), input.dtype, strides)


def unfold(input: Spec, *, dimension: int, size: int, step: int) -> Spec:
    """Windows of `size`, `step` apart, along a dimension; the window is a new last dimension."""
    at = normalize_dim(dimension, input.ndim)
    length = input.shape[at] if input.ndim else 1
    if size > length:
        raise ShapeError(f"maximum size for tensor at dimension {at} is {length} but size is {size}")
    if step <= 0:
        raise ShapeError(f"step is {step} but must be > 0")
    if not input.ndim:
        return spec((size,), input.dtype)
    count = (length - size) // step + 1
    shape = (*input.shape[:at], count, *input.shape[at + 1 :], size)
    strides = (*input.strides[:at], input.strides[at] * step, *input.strides[at + 1 :], input.strides[at])
    return spec(shape, input.dtype, strides)


def split_sizes(input: Spec, split_size: int | tuple[int, ...], dim: int) -> tuple[int, ...]:
    """The sizes of the parts that split makes of a dimension."""
    size = input.shape[normalize_dim(dim, input.ndim)]
    if isinstance(split_size, int):
        if split_size < 0:
            raise ShapeError(f"split expects split_size be non-negative, but got split_size={split_size}")
        if split_size == 0 and size:
            raise ShapeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
        if size == 0:
            return (0,)
        return tuple(min(split_size, size - i) for i in range(0, size, split_size))
    if sum(split_size) != size or any(part < 0 for part in split_size):
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension {dim}), "
            f"but got split_sizes={list(split_size)}"
        )
    return split_size


def split(input: Spec, *, split_size: Any, dim: int = 0) -> tuple[Spec, ...]:
    """Consecutive parts of a dimension."""
    if not input.ndim:
        raise ShapeError("split expects at least a 1-dimensional tensor")
    at, start, parts = normalize_dim(dim, input.ndim), 0, []
    for size in split_sizes(input, split_size, dim):
        parts.append(slice_(input, dim=at, start=start, end=start + size))
        start += size
    return tuple(parts)


def unbind(input: Spec, *, dim: int = 0) -> tuple[Spec, ...]:
    """Every position of a dimension."""
    if not input.ndim:
        raise DimensionError("Dimension specified as 0 but tensor has no dimensions")
    at = normalize_dim(dim, input.ndim)
    return tuple(select(input, dim=at, index=i) for i in range(input.shape[at]))
