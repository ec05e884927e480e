"""What the device found wrong on its own: kept there, looked at when somebody waits anyway."""

from __future__ import annotations

from typing import Any

import numpy as np

from teletensor_core.errors import ArgumentError, DimensionError, TeletensorError
from teletensor_core.kernels.cuda import elementwise

_MOST_SITES = 1 << 12


class Faults:
    """The first operand since the last look that a check on the device has found wrong.

    A check is one kernel and no wait: it leaves its number, its site, and the wrong value in device memory. `look`
    copies them back, and costs nothing when nothing was checked.
    """

    def __init__(self) -> None:
        self._word: Any = None
        self._sites: dict[tuple[str, int | None], int] = {}
        self._unseen = False

    def check_bounds(self, index: Any, lowest: int, size: int, what: str) -> None:
        """Remember an element that is not in [lowest, size), to be raised as DimensionError by a later `look`."""
        if index.size:
            elementwise.check_bounds(index, lowest, size, self.site(what, size), self.word())

    def check_unit(self, x: Any, what: str) -> None:
        """Remember an element that is not in [0, 1], to be raised as ArgumentError by a later `look`."""
        if x.size:
            elementwise.check_unit(x, self.site(what, None), self.word())

    def word(self) -> Any:
        """Two uint64 on the device, for kernels that check as they go: a fault's site, or 0, and the value's bits."""
        if self._word is None:
            import cupy

            self._word = cupy.zeros(2, "uint64")
        self._unseen = True
        return self._word

    def site(self, what: str, size: int | None) -> int:
        """The number by which the device knows a check: of a dimension's size, or of the unit interval for None."""
        if len(self._sites) >= _MOST_SITES:
            self.look()
            self._sites.clear()
        return self._sites.setdefault((what, size), len(self._sites) + 1)

    def look(self) -> None:
        """Raise the error for a fault, and forget it. Waits for the device when something was checked."""
        if not self._unseen:
            return
        self._unseen = False
        site, bits = self._word.get()
        sites = list(self._sites)
        self._sites.clear()
        if site:
            self._word.fill(0)
            raise _error(*sites[int(site) - 1], bits)


def _error(what: str, size: int | None, bits: np.uint64) -> TeletensorError:
    if size is None:
        return ArgumentError(f"{what} should be between 0 and 1, got {float(bits.view(np.float64))}")
    return DimensionError(f"{what}: index {int(bits.view(np.int64))} is out of bounds for dimension with size {size}")
