"""`torch.torch_version`: a version that compares by its numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

__all__ = ["TorchVersion"]

# The PyTorch whose API this is, and which teletensor speaks it.
API = f"2.13.0+teletensor.{version('teletensor')}"


class TorchVersion(str):
    """A version as a str, which compares with strings and tuples by its numbers: "2.13.0" is newer than "2.2"."""

    __slots__ = ()

    def _compared(self, other: Any) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        if not isinstance(other, (str, Iterable)):
            return None
        text = other if isinstance(other, str) else ".".join(map(str, other))
        mine, theirs = _numbers(self), _numbers(text)
        length = max(len(mine), len(theirs))
        return mine + (0,) * (length - len(mine)), theirs + (0,) * (length - len(theirs))

    def __lt__(self, other: Any) -> bool:
        pair = self._compared(other)
        return NotImplemented if pair is None else pair[0] < pair[1]

    def __le__(self, other: Any) -> bool:
        pair = self._compared(other)
        return NotImplemented if pair is None else pair[0] <= pair[1]

    def __gt__(self, other: Any) -> bool:
        pair = self._compared(other)
        return NotImplemented if pair is None else pair[0] > pair[1]

    def __ge__(self, other: Any) -> bool:
        pair = self._compared(other)
        return NotImplemented if pair is None else pair[0] >= pair[1]


def _numbers(text: str) -> tuple[int, ...]:
    """The release of a version: its leading numbers, without what follows them."""
    found = re.match(r"\s*v?(\d+(?:\.\d+)*)", str(text))
    return tuple(map(int, found[1].split("."))) if found else ()
