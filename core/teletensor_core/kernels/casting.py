"""Elements as another dtype, where the processor must have no say in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
