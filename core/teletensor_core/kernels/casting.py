"""Elements and numbers as another dtype, where the processor must have no say in it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from teletensor_core.dtypes import BOOL, BY_NP, COMPLEX, INTEGER, DType, int32, uint8
from teletensor_core.errors import DTypeError

if TYPE_CHECKING:
    import numpy as np


def cast(x: Any, dtype: np.dtype[Any]) -> Any:
    """The elements in another dtype: complex numbers lose their imaginary part, bools say what is not zero.

    Floating point numbers become bytes by way of int64, as in PyTorch: straight, a negative one wraps around on a CPU
    and becomes 0 on a GPU.
    """
    if dtype.kind == "b":
        return x != 0
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real
    if dtype.kind == "u" and x.dtype.kind not in "biu":
        x = x.astype("int64")
    return x.astype(dtype)


def does_not_fit(value: Any, dtype: DType) -> DTypeError:
    """The error for a number that a dtype cannot hold. PyTorch names most integers by their aliases."""
    name = dtype.c_name if dtype.category != INTEGER or dtype is int32 else f"{dtype.name}_t"
    return DTypeError(f"value cannot be converted to type {name} without overflow, got {value}")


def fitted(value: Any, dtype: np.dtype[Any]) -> Any:
    """A Python number as a dtype holds it; anything else as it is.

    Raises DTypeError for one that is too large, for NaN as an integer and for complex as real. Negative integers wrap
    around into bytes, as in PyTorch.
    """
    if not isinstance(value, (bool, int, float, complex)):
        return value
    wanted = BY_NP[dtype]
    if wanted.category == BOOL:
        return bool(value)
    if wanted.category == COMPLEX:
        return complex(value)
    if value.imag != 0 or not _in_range(value.real, wanted):
        raise does_not_fit(value, wanted)
    if wanted.category == INTEGER:
        return int(value.real) % 256 if wanted is uint8 else int(value.real)
    return float(value.real)


def _in_range(value: float, wanted: DType) -> bool:
    if not math.isfinite(value):
        return wanted.category != INTEGER
    least, greatest = wanted.limits
    if wanted is uint8 and isinstance(value, int):
        least = -greatest
    return least <= value <= greatest
