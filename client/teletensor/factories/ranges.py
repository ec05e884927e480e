"""Tensors of numbers in sequence."""

from __future__ import annotations

import math
import warnings
from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, ShapeError

from teletensor import ops, sessions
from teletensor.arguments import as_dtype
from teletensor.factories.shared import finished, floating, number
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike


def arange(
    start: Any = None, end: Any = None, step: Any = 1, *, out: Tensor | None = None, dtype: DType | None = None,
    layout: Any = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from `start` (0) up to, not including, `end`, `step` apart: int64 for integers, else the default
    dtype.
    """
    if end is None:
        start, end = None, start
    if end is None:
        raise ArgumentTypeError("arange() needs an end")
    first, last, gap = (0 if x is None else number(x) for x in (start, end, step))
    if gap == 0:
        raise ShapeError("step must be nonzero")
    if (last - first) * gap < 0:
        raise ShapeError("upper bound and lower bound inconsistent with step sign")
    whole = all(isinstance(x, int) for x in (first, last, gap))
    wanted = as_dtype(dtype) or (dtypes.int64 if whole else dtypes.default_dtype())
    made = ops.arange(start=first, end=last, step=gap, dtype=wanted, session=sessions.resolve(device))
    return finished(made, requires_grad, out)


def range(
    start: Any, end: Any, step: Any = 1, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from `start` up to and including `end`, `step` apart, in the default dtype. Deprecated."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end).",
        stacklevel=2,
    )
    first, last, gap = (number(x) for x in (start, end, step))
    if gap == 0:
        raise ShapeError("step must be nonzero")
    if (last - first) * gap < 0:
        raise ShapeError("upper bound and lower bound inconsistent with step sign")
    # One step more than whole ones, less so little that it is not another.
    behind = first + gap * (math.floor((last - first) / gap) + 0.5)
    made = ops.arange(start=first, end=behind, step=gap, dtype=floating(dtype), session=sessions.resolve(device))
    return finished(made, requires_grad, out)


def linspace(
    start: Any, end: Any, steps: int, *, out: Tensor | None = None, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers evenly spread from `start` to `end`, both included."""
    place = sessions.resolve(device)
    made = ops.linspace(start=number(start), end=number(end), steps=steps, dtype=floating(dtype), session=place)
    return finished(made, requires_grad, out)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, out: Tensor | None = None, dtype: DType | None = None,
    layout: Any = None, device: DeviceLike = None, requires_grad: bool = False, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """`base` to the power of `steps` numbers evenly spread from `start` to `end`."""
    first, last, place = number(start), number(end), sessions.resolve(device)
    made = ops.logspace(start=first, end=last, steps=steps, base=base, dtype=floating(dtype), session=place)
    return finished(made, requires_grad, out)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: DeviceLike = None, layout: Any = None
) -> Tensor:
    """Where the lower triangle of a row by col matrix is: two rows, of row and of column numbers (int64)."""
    wanted = as_dtype(dtype) or dtypes.int64
    return ops.tril_indices(row=row, col=col, offset=offset, dtype=wanted, session=sessions.resolve(device))


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DType | None = None, device: DeviceLike = None, layout: Any = None
) -> Tensor:
    """Where the upper triangle of a row by col matrix is: two rows, of row and of column numbers (int64)."""
    wanted = as_dtype(dtype) or dtypes.int64
    return ops.triu_indices(row=row, col=col, offset=offset, dtype=wanted, session=sessions.resolve(device))
