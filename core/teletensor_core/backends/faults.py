"""What the device found wrong on its own: kept there, looked at when somebody waits anyway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from teletensor_core.backends.base import Named, Origin
from teletensor_core.backends.capture import is_capturing, refuse_in_capture
from teletensor_core.errors import ArgumentError, DimensionError, TeletensorError
from teletensor_core.kernels.cuda import elementwise

_MOST_SITES = 1 << 12
# Numbers from here on are of sites that last.
_LASTING = 1 << 32


class _Site(NamedTuple):
    """A check: what to say, of an index in a dimension of a size or of a number (None), and in which op."""

    what: str
    size: int | None
    origin: Origin


class Faults:
    """The first operand since the last look that a check on the device has found wrong.

    A check is one kernel and no wait: it leaves its number, its site, and the wrong value in device memory. `look`
    copies them back, and costs nothing when nothing was checked. `origin` says in which op a check is being made.
    """

    def __init__(self, origin: Callable[[], Origin] = Named) -> None:
        self._origin = origin
        self._word: Any = None
        self._sites: dict[_Site, int] = {}
        self._lasting: dict[_Site, int] = {}
        self._unseen = False

    def check_bounds(self, index: Any, lowest: int, size: int, text: str) -> None:
        """Remember an element that is not in [lowest, size), to be raised as DimensionError by a later `look`."""
        if index.size:
            elementwise.check_bounds(index, lowest, size, self.site(text, size), self.word())

    def check_unit(self, x: Any, what: str) -> None:
        """Remember an element that is not in [0, 1], to be raised as ArgumentError by a later `look`."""
        if x.size:
            elementwise.check_unit(x, self.site(f"{what} should be between 0 and 1, got {{value}}", None), self.word())

    def check_all(self, holds: Any, text: str) -> None:
        """Remember an element that is false, to be raised as ArgumentError by a later `look`."""
        if holds.size:
            elementwise.check_unit(holds.astype("float32") - 1, self.site(text, None), self.word())

    def word(self) -> Any:
        """Two uint64 on the device, for kernels that check as they go: a fault's site, or 0, and the value's bits."""
        if self._word is None:
            refuse_in_capture("the first check of all")
            import cupy

            self._word = cupy.zeros(2, "uint64")
        self._unseen = True
        return self._word

    def site(self, what: str, size: int | None) -> int:
        """The number by which the device knows a check in what is being run; see `_Site`."""
        if is_capturing():
            return self._lasting_site(what, size)
        if len(self._sites) >= _MOST_SITES:
            self.look()
            self._sites.clear()
        return self._sites.setdefault(_Site(what, size, self._origin()), len(self._sites) + 1)

    def _lasting_site(self, what: str, size: int | None) -> int:
        """A number that keeps its meaning: a CUDA graph has it for as long as the graph is launched."""
        if len(self._lasting) >= _MOST_SITES:
            refuse_in_capture(f"more than {_MOST_SITES} checks")
        origin = self._origin()
        site = _Site(what, size, Named(origin.command, origin.where))
        return self._lasting.setdefault(site, _LASTING + len(self._lasting))

    def launched(self) -> None:
        """A graph was launched, which may have checked something."""
        self._unseen = self._unseen or bool(self._lasting)

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
            lasting = list(self._lasting)
            raise _error(sites[int(site) - 1] if site < _LASTING else lasting[int(site) - _LASTING], bits)


def _error(site: _Site, bits: np.uint64) -> TeletensorError:
    error: TeletensorError
    if site.size is None:
        error = ArgumentError(site.what.replace("{value}", str(float(bits.view(np.float64)))))
    else:
        index = int(bits.view(np.int64))
        error = DimensionError(site.what.format(index=index, size=site.size))
    error.command, error.where = site.origin.command, site.origin.where
    return error
