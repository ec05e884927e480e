"""The array of the strict device: what `cupy.ndarray` lets one do, and nothing that needs the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from teletensor_core import dtypes
from teletensor_core.backends import Named, Origin

from tests.devices.record_api import load

_ATTRIBUTES = frozenset(load()["ndarray"])
_BFLOAT16 = dtypes.bfloat16.np


class StrictError(TypeError):
    """CuPy would run this and give another answer, or an undefined one, without an error."""


class WaitError(RuntimeError):
    """Something read device memory where it must not wait for the device."""


class State:
    """What arrays of one device share: whether they may be read, and what a check has found, in which op."""

    def __init__(self, origin: Callable[[], Origin] = Named) -> None:
        self.origin = origin
        self.may_wait = 0
        self.fault: Exception | None = None

    def wait(self, what: str) -> None:
        """Raise WaitError unless waiting is allowed."""
        if not self.may_wait:
            raise WaitError(f"{what} waits for the device")


class StrictArray:
    """A device array. `host` is the NumPy array behind it, for this package alone."""

    __slots__ = ("host", "state")
    __hash__ = None  # type: ignore[assignment]
    __array_priority__ = 100

    def __init__(self, host: np.ndarray[Any, Any], state: State) -> None:
        self.host = host
        self.state = state

    # -- between host and device -------------------------------------------------------------------------------------

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **keywords: Any) -> NoReturn:
        raise StrictError(f"numpy.{ufunc.__name__} was called on a device array: op code calls xp")

    def __array_function__(self, function: Any, types: Any, operands: Any, keywords: Any) -> NoReturn:
        raise StrictError(f"numpy.{function.__name__} was called on a device array: op code calls xp")

    def __bool__(self) -> bool:
        self.state.wait("bool()")
        return bool(self.host)

    def __int__(self) -> int:
        return int(self._scalar("int()"))

    def __float__(self) -> float:
        return float(self._scalar("float()"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex()"))

    def _scalar(self, what: str) -> Any:
        if self.host.ndim:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        self.state.wait(what)
        return self.host[()]

    def item(self) -> Any:
        """The one element, on the host."""
        self.state.wait(".item()")
        return self.host.item()

    def tolist(self) -> Any:
        """The elements, on the host."""
        self.state.wait(".tolist()")
        return self.host.tolist()

    def __repr__(self) -> str:
        return f"StrictArray({self.host!r})"

    def __len__(self) -> int:
        return len(self.host)

    def __iter__(self) -> Iterator[StrictArray]:
        if self.host.ndim <= 1:
            raise StrictError("iterating over a vector makes one array, and one wait later, for each element")
        return (StrictArray(row, self.state) for row in self.host)

    # -- attributes and methods --------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name not in _ATTRIBUTES:
            raise AttributeError(f"'ndarray' object has no attribute '{name}'")
        value = getattr(self.host, name)
        if callable(value):
            return lambda *operands, **keywords: wrap(
                value(*map(unwrap, operands), **{k: unwrap(v) for k, v in keywords.items()}), self.state
            )
        return StrictArray(value, self.state) if isinstance(value, np.ndarray) else value

    @property
    def base(self) -> Any:
        """Whatever owns the memory, or None."""
        return self.host.base

    def astype(self, dtype: Any, copy: bool = True) -> StrictArray:
        """A copy in another dtype; a cast whose result depends on the processor is refused."""
        check_cast(self.host, np.dtype(dtype))
        return StrictArray(self.host.astype(dtype, order="C", copy=copy), self.state)

    # -- indexing ----------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> StrictArray:
        return StrictArray(np.asarray(self.host[self._key(key, "read")]), self.state)

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, (np.ndarray, list)):
            raise StrictError("host data was assigned to a part of a device array")
        parts = self._key(key, "written")
        indices = [k for k in parts if isinstance(k, np.ndarray)]
        if indices and isinstance(value, StrictArray) and value.host.ndim:
            self._write_backwards(parts, indices, value.host)
        else:
            self.host[parts] = unwrap(value)

    def _write_backwards(self, key: tuple[Any, ...], indices: list[Any], values: np.ndarray[Any, Any]) -> None:
        """Where an index occurs twice any of its values may win on a GPU: here the first does, in NumPy the last."""
        places = np.arange(self.host.size).reshape(self.host.shape)[key]
        values = np.broadcast_to(values, places.shape)
        dense = np.ascontiguousarray(self.host)
        dense.reshape(-1)[places.reshape(-1)[::-1]] = values.reshape(-1)[::-1]
        self.host[...] = dense

    def _key(self, key: Any, what: str) -> tuple[Any, ...]:
        parts = key if isinstance(key, tuple) else (key,)
        if any(isinstance(k, (np.ndarray, list)) for k in parts):
            raise StrictError("a host array as an index is copied to the device on every call")
        plain = tuple(k.host if isinstance(k, StrictArray) else k for k in parts)
        if any(isinstance(k, np.ndarray) and k.dtype == bool for k in plain):
            self.state.wait(f"a boolean mask that is {what}: use where, or copyto(where=);")
        return tuple(self._wrapped_around(plain))

    def _wrapped_around(self, parts: tuple[Any, ...]) -> Iterator[Any]:
        """Indices as CuPy takes them."""
        taken = sum(k is not None and k is not Ellipsis for k in parts)
        axis = 0
        for k in parts:
            if isinstance(k, np.ndarray) and k.dtype != bool:
                k = wrapped_around(k, self.host.shape[axis], self.state, f"axis {axis}")
            yield k
            axis += self.host.ndim - taken if k is Ellipsis else 0 if k is None else 1


def wrapped_around(index: np.ndarray[Any, Any], size: int, state: State, what: str) -> np.ndarray[Any, Any]:
    """An index as CuPy takes it: out of bounds it wraps around. Refused unless a check has found it out."""
    if not index.size:
        return index
    if (index.max() >= size or index.min() < -size) and state.fault is None:
        raise StrictError(f"an index out of bounds on {what} would wrap around: it was not checked")
    return index % size


def check_cast(x: np.ndarray[Any, Any], wanted: np.dtype[Any]) -> None:
    """Raise StrictError for a cast that processors disagree about."""
    if x.dtype.kind == "c" and wanted.kind not in "cb":
        raise StrictError("a cast of complex to real numbers warns: take the real part")
    if wanted.kind in "iu" and (x.dtype.kind == "f" or x.dtype == _BFLOAT16) and x.size:
        limits, wide = np.iinfo(wanted), x.astype(np.float64)
        if not ((wide > float(limits.min) - 1) & (wide < float(limits.max) + 1)).all():
            raise StrictError(f"a cast of {x.dtype} to {wanted} of NaN, or of what does not fit, differs on a GPU")


def unwrap(x: Any, host: bool = False) -> Any:
    """The NumPy array behind a device array; host arrays are refused, as CuPy does, unless they are expected."""
    if isinstance(x, StrictArray):
        return x.host
    if isinstance(x, np.ndarray) and not host:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(x, (list, tuple)):
        return type(x)(unwrap(each, host) for each in x)
    return x


def wrap(x: Any, state: State) -> Any:
    """NumPy's result as CuPy gives it: no scalars, no denormal float32."""
    if isinstance(x, (np.ndarray, np.generic)):
        host = np.asarray(x)
        return StrictArray(_flushed(host) if host.dtype == np.float32 and host.base is None else host, state)
    if isinstance(x, tuple):
        parts = tuple(wrap(each, state) for each in x)
        return type(x)(*parts) if hasattr(x, "_fields") else parts
    return [wrap(each, state) for each in x] if isinstance(x, list) else x


def _flushed(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    tiny = (x != 0) & (np.abs(x) < np.finfo(np.float32).tiny)
    if tiny.any():
        x[tiny] = 0
    return x


def _operators() -> None:
    """`x + y`, `x += y`, `x < y` and the others, by way of CuPy's functions."""
    from tests.devices.strict_functions import function

    names = {
        "add": "add",
        "sub": "subtract",
        "mul": "multiply",
        "truediv": "true_divide",
        "floordiv": "floor_divide",
        "mod": "remainder",
        "pow": "power",
        "and": "bitwise_and",
        "or": "bitwise_or",
        "xor": "bitwise_xor",
        "lshift": "left_shift",
        "rshift": "right_shift",
        "matmul": "matmul",
    }
    for short, name in names.items():
        _set(f"__{short}__", name, lambda call, x, y: call(x, y), function)
        _set(f"__r{short}__", name, lambda call, x, y: call(y, x), function)
        _set(f"__i{short}__", name, lambda call, x, y: call(x, y, out=x), function)
    comparisons = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")
    for short, name in zip(("lt", "le", "gt", "ge", "eq", "ne"), comparisons, strict=True):
        _set(f"__{short}__", name, lambda call, x, y: call(x, y), function)
    for short, name in {"neg": "negative", "pos": "positive", "abs": "absolute", "invert": "invert"}.items():
        _set(f"__{short}__", name, lambda call, x: call(x), function)


def _set(method: str, name: str, apply: Callable[..., Any], function: Callable[..., Any]) -> None:
    setattr(StrictArray, method, lambda self, *other: apply(function(self.state, name), self, *other))
