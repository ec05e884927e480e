"""`teletensor.wire_dtype`: half the bytes on the way to a worker, for a program that can do with fewer digits."""

from __future__ import annotations

import threading
from contextlib import ContextDecorator
from typing import TYPE_CHECKING

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError, ArgumentTypeError
from teletensor_core.registry import OPS

from teletensor import dispatch, sessions

if TYPE_CHECKING:
    from teletensor_core.spec import Spec

    from teletensor.session import Session
    from teletensor.tensor import Tensor

# Smaller tensors are sent sooner than they are cast.
_LEAST_ELEMENTS = 1024


class _State(threading.local):
    dtype: DType | None = None


_state = _State()


class wire_dtype(ContextDecorator):
    """Inside the block, float32 tensors of 1,024 elements or more travel to workers as `dtype`, and are float32 there.

    `dtype` is bfloat16 or float16; None lets them travel as they are. It holds for this thread, for `tensor(...)` and
    `as_tensor(...)`, and for what moves with `.to(...)`. Tensors whose gradient is to come back, and everything that
    comes from a worker, keep every bit. Raises ArgumentError for another dtype.
    """

    def __init__(self, dtype: DType | None) -> None:
        if dtype is not None and not isinstance(dtype, DType):
            raise ArgumentTypeError(f"wire_dtype() takes a dtype, got {type(dtype).__name__}")
        if dtype not in (None, dtypes.bfloat16, dtypes.float16):
            raise ArgumentError(f"float32 tensors travel as bfloat16 or float16, not as {dtype}")
        self._dtype = dtype
        self._outer: list[DType | None] = []

    def __enter__(self) -> wire_dtype:
        self._outer.append(_state.dtype)
        _state.dtype = self._dtype
        return self

    def __exit__(self, *exc: object) -> None:
        _state.dtype = self._outer.pop()


def narrower(spec: Spec, target: Session) -> DType | None:
    """As what a tensor is to travel to a session; None for as it is."""
    if _state.dtype is None or spec.dtype is not dtypes.float32 or spec.numel < _LEAST_ELEMENTS:
        return None
    return None if target is sessions.local() else _state.dtype


def widened(tensor: Tensor) -> Tensor:
    """A tensor that has travelled, as float32 again."""
    return dispatch.apply(OPS["to"], (tensor,), (dtypes.float32,))
