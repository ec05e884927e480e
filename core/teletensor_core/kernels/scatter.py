"""Reading and writing at index arrays: keys, bounds, and sums over duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes

# What PyTorch says of indices out of bounds; `check_bounds` fills in which index, and of what size.
IN_SELF = "index out of range in self: index {index}, size {size}"
IN_TENSOR = "out of range: tried to access index {index} on a tensor of {size} elements."


def in_dimension(dim: int) -> str:
    """What PyTorch says of an index out of bounds along a dimension."""
    return f"index {{index}} is out of bounds for dimension {dim} with size {{size}}"


def advanced_key(indices: Sequence[Any], positions: Sequence[int | None]) -> tuple[Any, ...]:
    """The key that indexes each dimension by the tensor it names, and takes all of the others."""
    return tuple(slice(None) if k is None else indices[k] for k in positions)


def check_advanced(xp: Any, shape: Sequence[int], indices: Sequence[Any], positions: Sequence[int | None]) -> None:
    """Raise DimensionError for an index out of bounds, where the backend can tell without waiting."""
    for dim, (size, k) in enumerate(zip(shape, positions, strict=True)):
        if k is not None:
            xp.check_bounds(indices[k], size, in_dimension(dim))


def check_positive(xp: Any, index: Any, size: int, text: str) -> None:
    """Raise DimensionError for an index that is not in [0, size), where the backend can tell without waiting."""
    xp.check_bounds(index, size, text, negative=False)


def key_along(xp: Any, index: Any, dim: int) -> tuple[Any, ...]:
    """The key under which element (i, j, ...) of an index is read: its own position, but for `dim` the index."""
    ndim = index.ndim
    key = [xp.arange(n).reshape((1,) * d + (n,) + (1,) * (ndim - 1 - d)) for d, n in enumerate(index.shape)]
    key[dim] = index
    return tuple(key)


def key_on_dim(index: Any, dim: int) -> tuple[Any, ...]:
    """The key that takes whole slices at positions of one dimension."""
    return (slice(None),) * dim + (index,)


def wide(xp: Any, x: Any) -> Any:
    """Half precision arrays as float32: sums must not be rounded term by term, and CuPy cannot add them atomically."""
    return x.astype(dtypes.float32.np) if dtypes.BY_NP[x.dtype].is_half else x


def add_at(xp: Any, target: Any, key: tuple[Any, ...], values: Any) -> Any:
    """`target`, written to, with values added at a key, counting duplicates; a wider copy for half precision."""
    total = wide(xp, target)
    if total.dtype.kind == "b":
        # A bool sum is an or: writing True wherever a True goes says the same.
        counts = xp.zeros(total.shape, "int32")
        xp.scatter_add(counts, key, values.astype("int32"))
        return xp.logical_or(total, counts != 0)
    xp.scatter_add(
        total, key, values if getattr(values, "dtype", total.dtype) == total.dtype else values.astype(total.dtype)
    )
    return total


def sum_of_rows(xp: Any, g: Any, index: Any, rows: int, skipped: int | None) -> Any:
    """The sums (rows, n) of the rows of (N, n) that an index names; zero for the row that is skipped."""
    out = xp.zeros((rows, g.shape[-1]), g.dtype)
    xp.scatter_add(out, (index,), g)
    if skipped is not None:
        out[skipped] = 0
    return out


def sum_at(xp: Any, shape: Sequence[int], key: tuple[Any, ...], values: Any) -> Any:
    """Zeros of a shape with values added at a key, counting duplicates; float32 for half precision."""
    values = wide(xp, values)
    total = xp.zeros(shape, values.dtype)
    xp.scatter_add(total, key, values)
    return total
