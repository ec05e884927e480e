"""A CuPy backend that knows when the device was waited for in any other place than a read."""

from __future__ import annotations

from typing import Any

import numpy as np
from teletensor_core.backends.cupy import CuPyBackend

from tests.devices import emulator

_WAITS = ("to_host", "waits")


class CountingBackend(CuPyBackend):
    """`hidden()` is how often the host waited since `begin()`, but for reads: those are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.begin()

    def begin(self) -> None:
        """Count from now."""
        self._start = _waits()
        self._asked_for = 0

    def hidden(self) -> int:
        """Copies to the host and waits that nobody asked for."""
        return _waits() - self._start - self._asked_for

    def to_host(self, array: Any) -> np.ndarray[Any, Any]:
        """A read."""
        before = _waits()
        found = super().to_host(array)
        self._asked_for += _waits() - before
        return found


def _waits() -> int:
    counts = emulator.counts()
    return sum(counts[name] for name in _WAITS)
