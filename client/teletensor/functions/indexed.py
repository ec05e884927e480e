"""Elements by index or condition: `where`, `nonzero`, `scatter`, `index_put`, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DimensionError, ShapeError
from teletensor_core.rules import normalize_dim

from teletensor import factories, indexing, ops
from teletensor.functions.shapes import as_strided, ravel
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Operand, Scalar

__all__ = [
    "argwhere", "as_strided_scatter", "diag", "diagflat", "diagonal_scatter", "index_put", "index_put_", "isin",
    "nonzero", "nonzero_static", "repeat_interleave", "scatter", "select_scatter", "slice_scatter", "unravel_index",
    "where",
]  # fmt: skip
METHODS = (
    "argwhere", "as_strided_scatter", "diag", "diagflat", "diagonal_scatter", "index_put", "index_put_", "nonzero",
    "nonzero_static", "repeat_interleave", "scatter", "scatter_", "select_scatter", "slice_scatter", "where",
)  # fmt: skip


@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
@overload
def where(condition: Tensor, input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor: ...
def where(condition: Tensor, input: Any = None, other: Any = None, *, out: Tensor | None = None) -> Any:
    """Elements of `input` where the condition holds, else of `other`; with the condition alone, where it holds."""
    if input is None and other is None:
        return tuple(ops.unbind(ops.nonzero(condition), 1))
    made = ops.where(condition, input, other)
    return made if out is None else store(made, out)


@overload
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: Literal[False] = False) -> Tensor: ...
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def nonzero(input: Tensor, *, out: Tensor | None = None, as_tuple: bool = False) -> Any:
    """The indices of elements that are not zero, one row each (int64), or one tensor for each dimension.

    Waits: how many there are is data.
    """
    if not as_tuple:
        return ops.nonzero(input, out=out)
    return tuple(ops.unbind(ops.nonzero(input if input.ndim else ravel(input)), 1))


def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1, out: Tensor | None = None) -> Tensor:
    """`nonzero`, cut off or filled up to `size` rows: (size, ndim), int64. Does not wait."""
    if size < 0:
        raise ArgumentError("nonzero_static: 'size' must be an non-negative integer")
    flat = ops.ne(ravel(input), 0)
    count = flat.shape[0]
    # Where each element that is not zero goes; the others, and those too many, go behind the last row.
    row = ops.clamp(ops.where(flat, ops.sub(ops.cumsum(flat, 0), 1), size), None, size)
    places = factories.full((size + 1,), count, dtype=dtypes.int64, device=input.device)
    places = ops.scatter(places, row, factories.arange(count, device=input.device), dim=0)[:size]
    # Of an empty tensor there are no coordinates: all rows are filled up.
    coordinates = unravel_index(places, (1, *[max(n, 1) for n in input.shape]))[1:]
    found = [ops.where(ops.lt(places, count), each, fill_value) for each in coordinates]
    made = ops.stack(found, 1) if found else factories.empty((size, 0), dtype=dtypes.int64, device=input.device)
    return made if out is None else store(made, out)


def argwhere(input: Tensor) -> Tensor:
    """The indices of elements that are not zero, one row each (int64). Waits."""
    return ops.nonzero(input)


def scatter(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Operand | None = None,
    *,
    value: Scalar | None = None,
    reduce: str | None = None,
) -> Tensor:
    """A copy of `input` with elements of `src` (or one value) written where `index` says along `dim`."""
    return ops.scatter(input, index, _source(src, value), dim=dim, reduce=reduce)


def scatter_(
    input: Tensor,
    dim: int,
    index: Tensor,
    src: Operand | None = None,
    *,
    value: Scalar | None = None,
    reduce: str | None = None,
) -> Tensor:
    """`scatter`, written into the tensor."""
    return ops.scatter_(input, index, _source(src, value), dim=dim, reduce=reduce)


def _source(src: Operand | None, value: Scalar | None) -> Any:
    if (src is None) == (value is None):
        raise ArgumentTypeError("scatter() takes `src` or `value`, and not both")
    return value if src is None else src


def index_put(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """A copy of `input` with `values` written (or added) at index tensors, one for each dimension."""
    return index_put_(ops.clone(input), indices, values, accumulate)


def index_put_(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: bool = False) -> Tensor:
    """`values` written (or added) into the tensor at index tensors, one for each dimension."""
    return indexing.write_at(input, tuple(indices), values, accumulate)


def isin(
    elements: Operand,
    test_elements: Operand,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Whether each of `elements` is among `test_elements` (or, with `invert`, is not)."""
    like = elements if isinstance(elements, Tensor) else test_elements
    if not isinstance(like, Tensor):
        raise ArgumentError("isin() needs a tensor: both arguments are numbers")
    sought = elements if isinstance(elements, Tensor) else factories.tensor(elements, device=like.device)
    among = test_elements if isinstance(test_elements, Tensor) else factories.tensor(test_elements, device=like.device)
    found = ops.isin(sought, among)
    made = ops.logical_not(found) if invert else found
    return made if out is None else store(made, out)


def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element repeated in place; with a tensor of counts, one count per position (waits for the counts).

    Of a tensor of counts alone: each position, as often as its count says.
    """
    if repeats is None:
        positions = factories.arange(input.numel(), device=input.device)
        return repeat_interleave(positions, input, 0)
    if not isinstance(repeats, Tensor):
        return ops.repeat_interleave(input, int(repeats), dim)
    counts = repeats.tolist()
    if not isinstance(counts, list) or len(counts) == 1:
        return ops.repeat_interleave(input, int(counts[0] if isinstance(counts, list) else counts), dim)
    source, at = (ravel(input), 0) if dim is None else (input, dim)
    if len(counts) != source.size(at):
        raise ShapeError(
            f"repeats must have the same size as input along dim, but got {len(counts)} and {source.size(at)}"
        )
    if min(counts) < 0:
        raise ShapeError("Repeats must be non-negative")
    chosen = [i for i, n in enumerate(counts) for _ in range(n)]
    return ops.index_select(source, at, factories.tensor(chosen, dtype=dtypes.int64, device=input.device))


def diag(input: Tensor, diagonal: int = 0, *, out: Tensor | None = None) -> Tensor:
    """The diagonal of a matrix; of a vector, the matrix with it on its diagonal."""
    if input.ndim not in (1, 2):
        raise DimensionError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    made = ops.diag_embed(input, diagonal) if input.ndim == 1 else ops.clone(ops.diagonal(input, diagonal))
    return made if out is None else store(made, out)


def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements of the tensor on a diagonal."""
    return ops.diag_embed(ravel(input), offset)


# -- copies with a part replaced ---------------------------------------------------------------------------------------


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy of `input` with `src` at one position of a dimension."""
    return _with(input, src, lambda whole: ops.select(whole, dim, index))


def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy of `input` with `src` in a slice of a dimension."""
    return _with(input, src, lambda whole: ops.slice(whole, normalize_dim(dim, input.ndim), start, end, step))


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy of `input` with `src` on a diagonal."""
    return _with(input, src, lambda whole: ops.diagonal(whole, offset, dim1, dim2))


def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy of `input` with `src` in a view of its memory; see `as_strided`."""
    return _with(input, src, lambda whole: as_strided(whole, size, stride, storage_offset))


def _with(input: Tensor, src: Tensor, part: Callable[[Tensor], Tensor]) -> Tensor:
    whole = ops.clone(input)
    place = part(whole)
    if place.shape != src.shape:
        raise ShapeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, slice size = "
            f"{list(place.shape)}"
        )
    ops.copy_(place, src)
    return whole


def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The coordinates of flat indices into a tensor of that shape, one tensor for each dimension.

    TypeError for indices that are no integers, ValueError for a negative size.
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if indices.dtype.is_floating_point or indices.dtype.is_complex or indices.dtype is dtypes.bool_:
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    if any(size < 0 for size in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    found, rest = [], indices
    for size in reversed(sizes):
        found.append(ops.remainder(rest, size))
        rest = ops.floor_divide(rest, size)
    return tuple(reversed(found))
