"""Small array chores of the engine, on any backend: casts, constants, copies."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes
from teletensor_core.backends import Backend
from teletensor_core.engine.values import Array
from teletensor_core.kernels.casting import does_not_fit
from teletensor_core.spec import Spec


def _references(x: object) -> int:
    return sys.getrefcount(x)


def _sole_references() -> int:
    """What refers to an array that only a function's caller has: versions of Python count differently."""
    only = object()
    return _references(only)


_SOLE_REFERENCES = _sole_references()


class Arrays:
    """Array chores over one backend's namespace."""

    def __init__(self, backend: Backend) -> None:
        self.xp = backend.xp
        self.type = type(self.xp.empty(0))
        self._float32 = dtypes.float32.np
        self._halves = frozenset(d.np for d in dtypes.ALL if d.is_half)

    def cast(self, operands: list[Any], casts: Sequence[Any]) -> list[Any]:
        """Operands with each cast applied where it is not None; Python numbers become 0-d arrays or stay."""
        return [x if cast is None else self._cast(x, cast) for x, cast in zip(operands, casts, strict=True)]

    def _cast(self, x: Any, cast: Any) -> Any:
        if type(x) is self.type:
            return x if x.dtype == cast else x.astype(cast)
        if isinstance(x, list):
            return [self._cast(v, c) if c is not None else v for v, c in zip(x, cast, strict=True)]
        return number(x, cast)

    def ones(self, spec: Spec) -> Array:
        """Ones of a spec's shape and dtype."""
        return self.xp.ones(spec.shape, spec.dtype.np)

    def zeros(self, spec: Spec) -> Array:
        """Zeros of a spec's shape and dtype."""
        return self.xp.zeros(spec.shape, spec.dtype.np)

    def opmath(self, x: Array) -> Array:
        """Half precision arrays as float32, all others as they are."""
        return x.astype(self._float32) if x.dtype in self._halves else x

    def conform(self, result: Any, spec: Spec) -> Array:
        """A kernel's result as an array of the spec's dtype."""
        if type(result) is not self.type:
            result = self.xp.asarray(result)
        if result.dtype == spec.dtype.np:
            return result
        if result.dtype.kind == "c" and not spec.dtype.is_complex:
            # A complex number was given where only a real one makes sense.
            raise does_not_fit(result, spec.dtype)
        return result.astype(spec.dtype.np)

    def overwrite(self, target: Array, result: Any) -> None:
        """Write a kernel's result into an array, cast to its dtype."""
        self.xp.copyto(target, result if type(result) is self.type else self.xp.asarray(result), casting="unsafe")

    def private(self, x: Array) -> Array:
        """The array itself when nobody else can see its memory, else a dense copy."""
        if x.base is None and x.flags.c_contiguous and sys.getrefcount(x) <= _SOLE_REFERENCES:
            return x
        return self.xp.array(x, order="C")


def number(value: Any, np_dtype: Any) -> Any:
    """A Python number as the kernel should see it next to operands of `np_dtype`.

    Integers wrap around as PyTorch's do, and floats next to integers are cut off; floats and bools of a matching kind
    stay Python numbers, which take the array's dtype.
    """
    kind = np_dtype.kind
    if kind == "f" and isinstance(value, (bool, int, float)):
        return float(value)
    if kind in "iu" and isinstance(value, (int, float)):
        return wrap_integer(int(value), np_dtype)
    if kind == "c":
        return complex(value)
    return value


def wrap_integer(value: int, np_dtype: Any) -> int:
    """`value` modulo two to the power of the dtype's width."""
    bits = np_dtype.itemsize * 8
    value &= (1 << bits) - 1
    return value - (1 << bits) if np_dtype.kind == "i" and value >> (bits - 1) else value
