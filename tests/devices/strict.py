"""A backend on NumPy that refuses what CuPy refuses, and what CuPy would do without saying so.

    backend = StrictBackend()
    with backend.waiting_allowed(): ...      # anywhere else, reading device memory raises WaitError

Its numbers are NumPy's; what it knows of CuPy is a record of names, parameters and dtypes, and a list of traps.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.backends import Backend, Named, Origin
from teletensor_core.backends.composites import Composites
from teletensor_core.backends.numpy import NumPyNamespace
from teletensor_core.errors import TeletensorError

from tests.devices.strict_array import State, StrictArray, StrictError, WaitError, unwrap, wrap
from tests.devices.strict_functions import function

__all__ = ["StrictArray", "StrictBackend", "StrictError", "WaitError"]

# What CuPyNamespace has of its own beside what NumPyNamespace has: the rest of CuPy is refused as CuPy refuses it.
REPLACED = frozenset(
    {"where", "logical_and", "logical_or", "logical_xor", "logical_not", "floor_divide", "remainder", "sort"}
)
_OWN = frozenset(name for name in vars(NumPyNamespace) if not name.startswith("_"))


class StrictNamespace(Composites):
    """The namespace `xp` of a strict device."""

    workspace = 1 << 16
    elements_at_once = 0

    def __init__(self, state: State) -> None:
        self.state = state
        self.linalg = _Linalg(state)
        self._numpy = NumPyNamespace()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("check_"):
            made: Any = self._late(name)
        elif name in _OWN or name in REPLACED:
            made = self._own(getattr(self._numpy, name))
        else:
            made = function(self.state, name)
        self.__dict__[name] = made
        return made

    def _own(self, of_numpy: Any) -> Any:
        """A function of the project's own, which takes device arrays only."""
        return lambda *operands, **attributes: wrap(
            of_numpy(*(unwrap(x) for x in operands), **{k: unwrap(v) for k, v in attributes.items()}), self.state
        )

    def _late(self, name: str) -> Any:
        """A check, whose error comes when somebody waits."""

        def check(x: Any, *arguments: Any, **attributes: Any) -> None:
            try:
                getattr(self._numpy, name)(unwrap(x), *arguments, **attributes)
            except TeletensorError as error:
                origin = self.state.origin()
                error.command, error.where = origin.command, origin.where
                self.state.fault = self.state.fault or error

        return check

    # CuPy makes these from host data, or needs no device data for them.

    def empty(self, shape: Any, dtype: Any = float) -> StrictArray:
        """Memory full of nonsense, as a GPU's is."""
        made = np.empty(shape, _supported(dtype))
        made.reshape(-1).view(np.uint8)[...] = 0xCB
        return StrictArray(made, self.state)

    def empty_like(self, like: StrictArray) -> StrictArray:
        """Memory full of nonsense."""
        return self.empty(like.shape, like.dtype)

    def asarray(self, x: Any, dtype: Any = None) -> StrictArray:
        """The array itself where it is one of that dtype."""
        if isinstance(x, StrictArray) and dtype in (None, x.dtype):
            return x
        return self.array(x, dtype=dtype)

    def array(self, x: Any, dtype: Any = None, order: str = "C") -> StrictArray:
        """A copy."""
        if isinstance(x, (list, tuple)) and any(isinstance(each, StrictArray) for each in x):
            raise StrictError("an array of a list of device arrays is one copy each: use stack")
        made = np.array(unwrap(x, host=True), dtype=dtype, order=order)
        _supported(made.dtype)
        return StrictArray(made, self.state)


class _Linalg:
    """`xp.linalg`, which waits to see whether it succeeded."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getattr__(self, name: str) -> Any:
        call = function(self._state, name, "linalg")

        def checked(*operands: Any, **attributes: Any) -> Any:
            self._state.wait(f"linalg.{name}")
            for x in operands:
                if isinstance(x, StrictArray) and x.dtype.char not in "fdFD":
                    raise TypeError(f"array type {x.dtype} is unsupported in linalg")
            return call(*operands, **attributes)

        return checked


class StrictBackend(Backend):
    """Arrays that may only be read on purpose."""

    name = "strict"
    device_name = "strict device"
    library = f"NumPy {np.__version__}"
    linalg_errors = (np.linalg.LinAlgError,)

    def __init__(self, origin: Callable[[], Origin] = Named) -> None:
        self.state = State(origin)
        self.xp = StrictNamespace(self.state)

    def for_session(self, origin: Callable[[], Origin] = Named) -> StrictBackend:
        """A device of its own."""
        return StrictBackend(origin)

    def asarray(self, host: np.ndarray[Any, Any]) -> StrictArray:
        """A copy."""
        return StrictArray(np.array(host, order="C"), self.state)

    def to_host(self, array: StrictArray) -> np.ndarray[Any, Any]:
        """A copy; the place to wait."""
        self.synchronize()
        return np.array(array.host, order="C")

    def synchronize(self) -> None:
        """Raise what a check has found."""
        fault, self.state.fault = self.state.fault, None
        if fault is not None:
            raise fault

    def memory_info(self) -> dict[str, int]:
        """Nothing is known."""
        return {}

    def free_pools(self) -> None:
        """There are none."""

    @contextlib.contextmanager
    def waiting_allowed(self) -> Iterator[None]:
        """Let ops read device memory, as those must whose result's shape depends on data."""
        self.state.may_wait += 1
        try:
            yield
        finally:
            self.state.may_wait -= 1


def _supported(dtype: Any) -> np.dtype[Any]:
    found = np.dtype(dtype)
    if found not in dtypes.BY_NP and found.char not in "HILQ":
        raise TypeError(f"Unsupported dtype {found}")
    return found
