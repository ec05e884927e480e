"""`x[...]` and `x[...] = v`: every form PyTorch takes, as view ops and index ops.

Ints, slices,
None and Ellipsis become views. Integer tensors and lists of ints are uploaded once and used by one `index` op.
A boolean mask costs one round trip to read (its count is data), and none to write.
"""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ArgumentTypeError, DimensionError, DTypeError, ShapeError
from teletensor_core.kernels.casting import fitted
from teletensor_core.rules.dims import require_expandable

from teletensor import factories, ops
from teletensor.tensor import Tensor


def get(x: Tensor, index: Any) -> Tensor:
    """`x[index]`: a view for basic indices, a copy when tensors or lists index."""
    viewed, advanced = _basic(x, _as_tuple(index))
    if all(a is None for a in advanced):
        return ops.alias(x) if viewed is x else viewed
    tensors, positions = _expand_masks(viewed, advanced)
    return ops.index(viewed, tensors, positions=positions)


def put(x: Tensor, index: Any, value: Any) -> None:
    """`x[index] = value`, differentiable in both."""
    if not isinstance(value, (Tensor, bool, int, float, complex)):
        raise ArgumentTypeError(f"can't assign a {type(value).__name__} to a {x.type()}")
    keys = _as_tuple(index)
    mask = _single_mask(x, keys)
    if mask is not None and _is_number(value):
        _fill_masked(x, mask, value)
        return
    write_at(x, keys, value, accumulate=False)


def write_at(x: Tensor, keys: tuple[Any, ...], value: Any, accumulate: bool) -> Tensor:
    """`x`, with `value` written (or added) where the keys of a subscript say."""
    viewed, advanced = _basic(x, keys)
    if not isinstance(value, Tensor):
        value = factories.tensor(fitted(value, x.dtype.np), dtype=x.dtype, device=x.device)
    if all(a is None for a in advanced):
        _copy_into(viewed, ops.add(viewed, value) if accumulate else value)
        return x
    tensors, positions = _expand_masks(viewed, advanced)
    if value.dtype is not x.dtype and not _may_cast([a for a in advanced if a is not None], keys, value):
        raise DTypeError(
            f"Index put requires the source and destination dtypes match, got {x.dtype.title} for the destination and "
            f"{value.dtype.title} for the source."
        )
    value = value if value.dtype is x.dtype else value.to(x.dtype)
    ops.index_put_(viewed, value, tensors, positions=positions, accumulate=accumulate)
    return x


def _may_cast(indices: list[Tensor], keys: tuple[Any, ...], value: Tensor) -> bool:
    """Whether PyTorch casts what is written: one number where a single mask says, or at numbers alone."""
    if (
        len(indices) == 1
        and value.numel() == 1
        and (_is_mask(indices[0]) or (len(keys) == 1 and isinstance(keys[0], bool)))
    ):
        return True
    return not any(_spreads(key) for key in keys)


def _copy_into(target: Tensor, value: Tensor) -> None:
    while value.ndim > target.ndim and value.shape[0] == 1:
        value = value.squeeze(0)
    if value.ndim > target.ndim:
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing result of "
            f"shape {list(target.shape)}"
        )
    require_expandable(value._spec.shape, target._spec.shape)
    if value.device != target.device:
        value = value.to(target.device)
    ops.copy_(target, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Number)


def _single_mask(x: Tensor, keys: tuple[Any, ...]) -> Tensor | None:
    """The mask, when the whole index is one boolean tensor."""
    if len(keys) != 1:
        return None
    key = _as_index(x, keys[0]) if isinstance(keys[0], (Tensor, list, np.ndarray)) else None
    return key if key is not None and key.dtype in (dtypes.bool_, dtypes.uint8) else None


def _fill_masked(x: Tensor, mask: Tensor, value: Any) -> None:
    _check_mask(x, mask, 0)
    mask = mask.to(dtypes.bool_)
    ops.masked_fill_(x, mask.reshape(*mask.shape, *[1] * (x.ndim - mask.ndim)), value)


_OF_MORE_DIMENSIONS = (slice, type(None), type(Ellipsis), Tensor, list, tuple)


def _as_tuple(index: Any) -> tuple[Any, ...]:
    if isinstance(index, tuple):
        return index
    if isinstance(index, list) and any(isinstance(i, _OF_MORE_DIMENSIONS) for i in index):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)] instead of "
            "x[seq].",
            stacklevel=3,
        )
        return tuple(index)
    return (index,)


def _basic(x: Tensor, keys: tuple[Any, ...]) -> tuple[Tensor, list[Tensor | None]]:
    """Apply ints, slices, None and Ellipsis; give, for each dimension that is left, the tensor that indexes it or
    None.
    """
    keys = _fill_ellipsis(x, keys)
    dim, out = 0, x
    advanced: list[Tensor | None] = []
    for i, key in enumerate(keys):
        if key is None:
            out = ops.unsqueeze(out, dim)
            advanced.append(None)
            dim += 1
        elif isinstance(key, slice):
            out = _slice(out, dim, key)
            advanced.append(None)
            dim += 1
        elif isinstance(key, bool):
            out = ops.unsqueeze(out, dim)
            advanced.append(factories.tensor([0] if key else [], dtype=dtypes.int64, device=x.device))
            dim += 1
        elif _is_integer(key):
            out = _select(out, dim, int(key), i)
        else:
            index = _as_index(x, key)
            if _is_number_like(index):
                if any(_spreads(k) for k in keys):
                    # A number does not move the dimensions of other index tensors to the front; a tensor would. Waits.
                    out = ops.select(out, dim, int(index))
                    continue
                advanced.append(index)
                dim += 1
                continue
            if _is_mask(index) and not index.ndim:
                # Like True or False, but the worker knows which: waits.
                out = ops.unsqueeze(out, dim)
                advanced.append(ops.nonzero(ops.unsqueeze(index, 0)).select(1, 0))
                dim += 1
                continue
            advanced.append(index)
            advanced.extend([None] * (index.ndim - 1 if _is_mask(index) else 0))
            dim += index.ndim if _is_mask(index) else 1
    return out, advanced + [None] * (out.ndim - len(advanced))


def _is_number_like(index: Tensor) -> bool:
    return index.ndim == 0 and index.dtype.category == dtypes.INTEGER and index.dtype is not dtypes.uint8


def _spreads(key: Any) -> bool:
    """Whether a key is an index tensor, or list, with dimensions of its own."""
    return isinstance(key, (bool, list, range, np.ndarray)) or (isinstance(key, Tensor) and not _is_number_like(key))


def _is_integer(key: Any) -> bool:
    return isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_))


def _select(x: Tensor, dim: int, index: int, position: int) -> Tensor:
    size = x.shape[dim]
    if not -size <= index < size:
        # Dimensions are counted as the user wrote them: those that earlier keys took away too.
        raise DimensionError(f"index {index} is out of bounds for dimension {position} with size {size}")
    return ops.select(x, dim, index)


def _slice(x: Tensor, dim: int, key: slice) -> Tensor:
    parts = (key.start, key.stop, key.step)
    if not all(part is None or hasattr(part, "__index__") for part in parts):
        raise ArgumentTypeError("slice indices must be integers or None or have an __index__ method")
    start, stop, step = (None if part is None else part.__index__() for part in parts)
    if step is not None and step <= 0:
        raise ArgumentError("slice step cannot be zero" if step == 0 else "step must be greater than zero")
    if start is None and stop is None and step in (None, 1):
        return x
    return ops.slice(x, dim, start, stop, 1 if step is None else step)


def _fill_ellipsis(x: Tensor, keys: tuple[Any, ...]) -> tuple[Any, ...]:
    """The keys with Ellipsis written out as full slices."""
    used = sum(_dims_used(key) for key in keys)
    if used and not x.ndim:
        raise DimensionError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a "
            "0-dim tensor to a number"
        )
    if used > x.ndim:
        raise DimensionError(f"too many indices for tensor of dimension {x.ndim}: {used} given")
    at = [i for i, key in enumerate(keys) if key is Ellipsis]
    if not at:
        return keys
    full = (slice(None),) * (x.ndim - used)
    # Further ones stand for no dimension.
    return (*keys[: at[0]], *full, *(key for key in keys[at[0] + 1 :] if key is not Ellipsis))


def _dims_used(key: Any) -> int:
    if key is None or key is Ellipsis or isinstance(key, bool):
        return 0
    if isinstance(key, Tensor) and _is_mask(key):
        return key.ndim
    if isinstance(key, np.ndarray) and key.dtype == bool:
        return key.ndim
    if isinstance(key, list) and key:
        array = np.array(key) if not any(isinstance(k, Tensor) for k in key) else None
        return array.ndim if array is not None and array.dtype == bool else 1
    return 1


def _is_mask(index: Tensor) -> bool:
    return index.dtype in (dtypes.bool_, dtypes.uint8)


def _as_index(x: Tensor, key: Any) -> Tensor:
    """An index tensor on the tensor's own device."""
    if isinstance(key, Tensor):
        index = key
    elif isinstance(key, (list, tuple, np.ndarray, range)):
        array = np.asarray(list(key) if isinstance(key, range) else key)
        index = factories.tensor(array.astype(np.int64) if array.size == 0 else array, device=x.device)
    elif isinstance(key, str):
        raise ArgumentTypeError("new(): invalid data type 'str'")
    else:
        raise DimensionError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid "
            f"indices (got {type(key).__name__})"
        )
    if index.dtype.category > dtypes.INTEGER:
        raise DimensionError(f"tensors used as indices must be long, int, byte or bool tensors, got {index.dtype.name}")
    return index if index.device == x.device else index.to(x.device)


def _expand_masks(x: Tensor, advanced: list[Tensor | None]) -> tuple[list[Tensor], tuple[int | None, ...]]:
    """Masks as the integer indices of their true elements; the index tensors, and which dimension each one indexes."""
    tensors: list[Tensor] = []
    positions: list[int | None] = []
    dim = 0
    while dim < len(advanced):
        index = advanced[dim]
        if index is None:
            positions.append(None)
            dim += 1
        elif _is_mask(index) and index.ndim:
            _check_mask(x, index, dim)
            found = ops.nonzero(index)
            for i in range(index.ndim):
                positions.append(len(tensors))
                tensors.append(ops.select(found, 1, i))
            dim += index.ndim
        else:
            positions.append(len(tensors))
            tensors.append(index if index.dtype is dtypes.int64 else index.to(dtypes.int64))
            dim += 1
    return tensors, tuple(positions)


def _check_mask(x: Tensor, mask: Tensor, dim: int) -> None:
    for i, size in enumerate(mask.shape):
        if dim + i >= x.ndim or x.shape[dim + i] != size:
            raise DimensionError(
                f"The shape of the mask {list(mask.shape)} at index {i} does not match the shape of the indexed tensor "
                f"{list(x.shape)} at index {dim + i}"
            )
