"""What the device found wrong on its own: kept there, looked at when somebody waits anyway."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import DimensionError
from teletensor_core.kernels.cuda import elementwise

_MOST_SITES = 1 << 12


class Faults:
    """The first index out of bounds since the last look.

    A check is one kernel and no wait: it leaves the index and the number of the check in device memory. `look` copies
    them back; it costs nothing when nothing was checked.
    """

    def __init__(self) -> None:
        self._word: Any = None
        self._sites: dict[tuple[str, int], int] = {}
        self._unseen = False

    def check(self, index: Any, lowest: int, size: int, what: str) -> None:
        """Remember an element of `index` that is not in [lowest, size), to be raised by a later `look`."""
        if index.size:
            elementwise.check_bounds(index, lowest, size, self.site(what, size), self.word())

    def word(self) -> Any:
        """Two uint64 on the device, for kernels that check as they go: the site of a fault, or 0, and the index."""
        if self._word is None:
            import cupy

            self._word = cupy.zeros(2, "uint64")
        self._unseen = True
        return self._word

    def site(self, what: str, size: int) -> int:
        """The number by which the device knows a check."""
        if len(self._sites) >= _MOST_SITES:
            self.look()
        return self._sites.setdefault((what, size), len(self._sites) + 1)

    def look(self) -> None:
        """Raise DimensionError for a fault, and forget it. Waits for the device."""
        if not self._unseen:
            return
        self._unseen = False
        site, index = (int(n) for n in self._word.get().view("int64"))
        sites = list(self._sites)
        self._sites.clear()
        if site:
            self._word.fill(0)
            what, size = sites[site - 1]
            raise DimensionError(f"{what}: index {index} is out of bounds for dimension with size {size}")
