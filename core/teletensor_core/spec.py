"""What client and worker know about a tensor without its data: shape, dtype and strides."""

from __future__ import annotations

import math

from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, ShapeError

Shape = tuple[int, ...]

MAX_DIMS = 32
_MOST_INTERNED = 1 << 17


class Spec:
    """Shape, dtype and strides (in elements) of a tensor.

    Specs are interned: two equal specs are nearly always one object, so that a tuple of specs is a cheap cache key.
    """

    __slots__ = ("contiguous", "dtype", "nbytes", "ndim", "numel", "shape", "strides")

    def __init__(self, shape: Shape, dtype: DType, strides: Shape, contiguous: bool) -> None:
        self.shape = shape
        self.dtype = dtype
        self.strides = strides
        self.contiguous = contiguous
        self.ndim = len(shape)
        self.numel = math.prod(shape)
        self.nbytes = self.numel * dtype.itemsize

    def __repr__(self) -> str:
        return f"{self.dtype.name}{list(self.shape)}"


_interned: dict[tuple[Shape, DType, Shape | None], Spec] = {}


def contiguous_strides(shape: Shape) -> Shape:
    """Strides, in elements, of a dense row-major array."""
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def spec(shape: Shape, dtype: DType, strides: Shape | None = None) -> Spec:
    """The interned spec; row-major when no strides are given."""
    key = (shape, dtype, strides)
    found = _interned.get(key)
    return found if found is not None else _intern(key)


def _intern(key: tuple[Shape, DType, Shape | None]) -> Spec:
    shape, dtype, strides = key
    if type(shape) is not tuple:
        raise ArgumentTypeError(f"a shape is a tuple of sizes, got {shape!r}")
    for size in shape:
        # Equal keys find each other: a size of 2.0 that came first would be everybody's size of 2.
        if type(size) is not int:
            raise ArgumentTypeError(f"sizes are integers, got {size!r} in {list(shape)}")
        if size < 0:
            raise ShapeError(f"Trying to create tensor with negative dimension {size}: {list(shape)}")
    dense = contiguous_strides(shape)
    if strides is not None and _same_layout(shape, strides, dense):
        found = spec(shape, dtype)
    else:
        found = Spec(shape, dtype, dense if strides is None else strides, strides is None)
    if len(_interned) >= _MOST_INTERNED:
        _interned.clear()
    _interned[key] = found
    return found


def _same_layout(shape: Shape, strides: Shape, dense: Shape) -> bool:
    """Whether the strides are row-major, where a dimension of one element may have any stride."""
    if 0 in shape:
        return True
    return all(size == 1 or a == b for size, a, b in zip(shape, strides, dense, strict=True))
