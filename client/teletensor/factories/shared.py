"""What all factories do with sizes, dtypes and `out=`."""

from __future__ import annotations

import math
from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, ShapeError

from teletensor.arguments import as_dtype, sizes
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike


def finished(made: Tensor, requires_grad: bool, out: Tensor | None = None) -> Tensor:
    """The new tensor as it was asked for: a leaf that requires grad, or written into `out`."""
    made = made if out is None else store(made, out)
    return made.requires_grad_(True) if requires_grad else made


def floating(dtype: Any) -> DType:
    """The dtype, or the default one."""
    return as_dtype(dtype) or dtypes.default_dtype()


def like(input: Tensor, dtype: Any, device: DeviceLike) -> dict[str, Any]:
    """Another tensor's sizes, and its dtype and place unless told otherwise.

    Raises ArgumentTypeError for what is no tensor.
    """
    if not isinstance(input, Tensor):
        raise ArgumentTypeError(f"argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return {
        "size": input.shape,
        "dtype": as_dtype(dtype) or input.dtype,
        "device": input.device if device is None else device,
    }


def shape_of(name: str, given: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """Sizes given one by one, as one sequence, or by keyword. Raises for missing and for negative ones."""
    if not given and size is None:
        raise ArgumentTypeError(f'{name}() missing 1 required positional arguments: "size"')
    shape = sizes(given if size is None else (size,))
    if shape and min(shape) < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def number(x: Any) -> Any:
    """A number as Python's own: waits for a tensor."""
    value = x.item() if hasattr(x, "item") else x
    if isinstance(value, bool) or not isinstance(value, (int, float, complex)):
        raise ArgumentTypeError(f"expected a number, got {x!r}")
    if isinstance(value, float) and math.isnan(value):
        raise ShapeError("unsupported range: nan")
    return value
