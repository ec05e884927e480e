"""Rules of ops that read and write at index tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import DimensionError, DTypeError, ShapeError
from teletensor_core.rules.dims import broadcast_shapes, normalize_dim, require
from teletensor_core.spec import Shape, Spec, spec

_INDEX_DTYPES = (dtypes.int64, dtypes.int32)


def require_index(what: str, index: Spec) -> None:
    """Raise DTypeError unless a tensor can be an index."""
    if index.dtype not in _INDEX_DTYPES:
        either = " or " if what == "index_select()" else "/"
        raise DTypeError(f"{what}: Expected dtype int32{either}int64 for index but got: {index.dtype.title}")


def require_same_dtype(text: str, input: Spec, source: Any) -> None:
    """Raise DTypeError unless a tensor to be written has the dtype it is written into.

    `text` says so; "{self}" and "{source}" stand for the two dtypes.
    """
    if isinstance(source, Spec) and source.dtype is not input.dtype:
        raise DTypeError(text.format(self=input.dtype.title, source=source.dtype.title))


def advanced(shape: Shape, indices: Sequence[Spec], positions: Sequence[int | None]) -> Shape:
    """The shape of `x[...]`, with dimension d indexed by `indices[positions[d]]`, or kept for None.

    The broadcast shape of the indices takes the place of the indexed dimensions when these are neighbours, else it
    comes first.
    """
    if len(positions) != len(shape):
        raise DimensionError(f"index: {len(positions)} positions for a tensor with {len(shape)} dimensions")
    for index in indices:
        if index.dtype.category != dtypes.INTEGER:
            raise DimensionError("tensors used as indices must be long, int, byte or bool tensors")
    at = [d for d, k in enumerate(positions) if k is not None]
    if not at:
        return shape
    try:
        block = broadcast_shapes(*[index.shape for index in indices])
    except ShapeError:
        listed = ", ".join(str(list(index.shape)) for index in indices)
        raise DimensionError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {listed}"
        ) from None
    _refuse_reading_nothing(shape, at, block)
    kept = [(d, n) for d, n in enumerate(shape) if positions[d] is None]
    first = at[0] if at == list(range(at[0], at[-1] + 1)) else 0
    return (*(n for d, n in kept if d < first), *block, *(n for d, n in kept if d >= first))


def _refuse_reading_nothing(shape: Shape, at: Sequence[int], block: Shape) -> None:
    for d in at:
        if shape[d] == 0 and 0 not in block:
            raise DimensionError(f"index is out of bounds for dimension with size 0: dimension {d} of {list(shape)}")


def index(input: Spec, indices: Sequence[Spec], *, positions: tuple[int | None, ...]) -> Spec:
    """Elements at index tensors."""
    return spec(advanced(input.shape, indices, positions), input.dtype)


def index_put(input: Spec, values: Any, indices: Sequence[Spec], *, positions: Any, accumulate: bool = False) -> Spec:
    """The input, with values that broadcast to the indexed elements written into it."""
    target = advanced(input.shape, indices, positions)
    if isinstance(values, Spec):
        if values.dtype is not input.dtype:
            raise DTypeError(
                "Index put requires the source and destination dtypes match, "
                f"got {input.dtype.title} for the destination and {values.dtype.title} for the source."
            )
        _require_broadcast(values.shape, target)
    return spec(input.shape, input.dtype)


def _require_broadcast(values: Shape, target: Shape) -> None:
    extra = len(values) - len(target)
    fits = all(n == 1 for n in values[: max(extra, 0)])
    pairs = zip(reversed(values), reversed(target), strict=False)
    if not (fits and all(n in (1, m) for n, m in pairs)):
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(values)} cannot be broadcast to indexing result of shape "
            f"{list(target)}"
        )


def gather(input: Spec, index: Spec, *, dim: int) -> Spec:
    """The index's shape."""
    at = normalize_dim(dim, input.ndim)
    require_index("gather()", index)
    if index.numel:
        _require_rank(input, index, "Index tensor must have the same number of dimensions as input tensor")
        text = "Size does not match at dimension {} expected index"
        _require_no_larger(index.shape, input.shape, at, "self", text)
    return spec(index.shape, input.dtype)


def _require_rank(input: Spec, index: Spec, message: str) -> None:
    require(max(input.ndim, 1) == max(index.ndim, 1), ShapeError, f"{message}: {input.ndim} and {index.ndim}")


def _require_no_larger(index: Shape, other: Shape, skip: int | None, name: str, text: str = "Expected index") -> None:
    for d, (n, m) in enumerate(zip(index, other, strict=False)):
        if n > m and d != skip:
            apart = "" if skip is None else f" apart from dimension {skip}"
            raise ShapeError(f"{text.format(d)} {list(index)} to be no larger than {name} {list(other)}{apart}")


def scatter(input: Spec, index: Spec, src: Any, *, dim: int, **attrs: Any) -> Spec:
    """The input's shape and dtype; the index must fit into the input and into `src`."""
    at = normalize_dim(dim, input.ndim)
    require_index("scatter()", index)
    require_same_dtype("scatter(): Expected self.dtype to be equal to src.dtype, got {self} and {source}", input, src)
    if index.numel:
        _require_rank(input, index, "Index tensor must have the same number of dimensions as self tensor")
        _require_no_larger(index.shape, input.shape, at, "self")
        if isinstance(src, Spec):
            _require_rank(src, index, "Index tensor must have the same number of dimensions as src tensor")
            _require_no_larger(index.shape, src.shape, None, "src")
    return spec(input.shape, input.dtype)


def index_select(input: Spec, index: Spec, *, dim: int) -> Spec:
    """One dimension takes the length of the index."""
    at = normalize_dim(dim, input.ndim)
    require_index("index_select()", index)
    require(index.ndim <= 1, DimensionError, f"index_select(): Index is supposed to be a vector, got {index.ndim}-D")
    if not input.ndim:
        require(index.numel == 1, DimensionError, "index_select(): Index to scalar can have only 1 value")
        return spec((), input.dtype)
    if input.shape[at] == 0 and index.numel:
        raise DimensionError("index out of range in self: the dimension has size 0")
    return spec((*input.shape[:at], index.numel, *input.shape[at + 1 :]), input.dtype)


def index_add(input: Spec, index: Spec, source: Spec, *, dim: int, **attrs: Any) -> Spec:
    """The input's shape and dtype; the source has the index's length in `dim`, and the input's other sizes."""
    require_same_dtype(
        "index_add_(): self ({self}) and source ({source}) must have the same scalar type", input, source
    )
    return _rows("index_add_()", input, index, source, dim)


def index_copy(input: Spec, index: Spec, source: Spec, *, dim: int) -> Spec:
    """The same."""
    text = "index_copy_(): self and source expected to have the same dtype, but got (self) {self} and (source) {source}"
    require_same_dtype(text, input, source)
    return _rows("index_copy_()", input, index, source, dim)


def index_reduce(input: Spec, index: Spec, source: Spec, *, dim: int, **attrs: Any) -> Spec:
    """The same."""
    text = "index_reduce_(): self ({self}) and source ({source}) must have the same scalar type"
    require_same_dtype(text, input, source)
    return _rows("index_reduce_()", input, index, source, dim)


def _rows(what: str, input: Spec, index: Spec, source: Spec, dim: int) -> Spec:
    at = normalize_dim(dim, input.ndim)
    require_index(what, index)
    require(index.ndim <= 1, DimensionError, f"{what}: Index is supposed to be a vector, but got dim: {index.ndim}")
    length = source.shape[at] if source.ndim else 1
    if index.numel != length:
        raise DimensionError(
            f"{what}: Number of indices ({index.numel}) should be equal to source.size(dim): ({length}), for dim: {dim}"
        )
    others = [x.shape[:at] + x.shape[at + 1 :] for x in (input, source)]
    if input.ndim and others[0] != others[1]:
        raise ShapeError(
            f"source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
        )
    return spec(input.shape, input.dtype)


def index_fill(input: Spec, index: Spec, value: Any, *, dim: int) -> Spec:
    """The input's shape and dtype."""
    normalize_dim(dim, input.ndim)
    require(index.dtype is dtypes.int64, DimensionError, "index_fill_(): Expected dtype int64 for index.")
    require(index.ndim <= 1, DimensionError, "Index has to be a vector/scalar")
    if isinstance(value, Spec) and value.ndim:
        raise ShapeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )
    return spec(input.shape, input.dtype)


def take(input: Spec, index: Spec) -> Spec:
    """The index's shape."""
    if index.dtype is not dtypes.int64:
        raise DTypeError(f"take(): Expected a long tensor for index, but got {index.dtype.title}")
    if not input.numel and index.numel:
        raise DimensionError("take(): tried to take from an empty tensor")
    return spec(index.shape, input.dtype)


def put(input: Spec, index: Spec, source: Spec, *, accumulate: bool = False) -> Spec:
    """The input's shape and dtype; as many source elements as indices."""
    text = (
        "put_(): self and source expected to have the same dtype, but got self.dtype = {self}, source.dtype = {source}"
    )
    require_same_dtype(text, input, source)
    if index.dtype is not dtypes.int64:
        raise DTypeError(f"put_(): Expected a long tensor for index, but got {index.dtype.title}")
    if index.numel != source.numel:
        raise DimensionError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source.numel}, index.numel() = {index.numel}"
        )
    return spec(input.shape, input.dtype)


def take_along_dim(input: Spec, indices: Spec, *, dim: int | None = None) -> Spec:
    """Input and indices broadcast together in every dimension but `dim`."""
    if indices.dtype is not dtypes.int64:
        raise DTypeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.title}")
    if dim is None:
        return spec((indices.numel,), input.dtype)
    require(
        input.ndim == indices.ndim,
        ShapeError,
        "torch.take_along_dim(): input and indices should have the same number of dimensions, "
        f"but got {input.ndim} dimensions for input, and {indices.ndim} dimensions for indices",
    )
    at = normalize_dim(dim, input.ndim)
    shape = list(along_shape(input.shape, indices.shape, at))
    shape[at] = indices.shape[at]
    return spec(tuple(shape), input.dtype)


def along_shape(input: Shape, indices: Shape, at: int) -> Shape:
    """The input's shape after broadcasting with the indices in every dimension but one."""
    common = broadcast_shapes(input, (*indices[:at], 1, *indices[at + 1 :]))
    return (*common[:at], input[at], *common[at + 1 :])


def masked_scatter(input: Spec, mask: Spec, source: Spec) -> Spec:
    """Input and mask broadcast together."""
    if mask.dtype is not dtypes.bool_:
        raise DTypeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.title}")
    if source.dtype is not input.dtype:
        raise DTypeError(
            f"masked_scatter_: expected self and source to have same dtypes but got {input.dtype.title} and "
            f"{source.dtype.title}"
        )
    return spec(broadcast_shapes(input.shape, mask.shape), input.dtype)
