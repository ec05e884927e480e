"""What dtypes can hold: `finfo` and `iinfo`."""

from __future__ import annotations

from typing import Any, cast

import ml_dtypes
import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError

__all__ = ["finfo", "iinfo"]

_finfo = cast("Any", ml_dtypes.finfo)  # ml_dtypes has no annotations


class finfo:
    """The limits of a floating point dtype, as `torch.finfo`."""

    def __init__(self, type: DType | None = None) -> None:
        dtype = type or dtypes.default_dtype()
        if not isinstance(dtype, DType) or dtype.category < dtypes.FLOAT:
            name = dtype.name if isinstance(dtype, DType) else repr(dtype)
            raise ArgumentTypeError(
                f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{name}'"
            )
        real = dtype.to_real()
        info: Any = _finfo(real.np)
        self.dtype = real.name
        self.bits = int(info.bits)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.tiny)
        self.resolution = float(10.0**-info.precision)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer dtype, as `torch.iinfo`."""

    def __init__(self, type: DType) -> None:
        if not isinstance(type, DType) or type.category != dtypes.INTEGER:
            name = type.name if isinstance(type, DType) else repr(type)
            raise ArgumentTypeError(f"torch.iinfo() requires an integer input type, got {name}")
        info = np.iinfo(type.np)
        self.dtype, self.bits, self.min, self.max = type.name, int(info.bits), int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
