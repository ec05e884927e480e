"""Which line of the user's program is calling: sent with every command, so that late errors can name it."""

from __future__ import annotations

import os
import sys
import threading
from types import CodeType

from teletensor_protos.codec import MOST_LOCATIONS

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MOST_CHARACTERS = 1000


class Locations:
    """Numbers for source lines, each described to the worker once. Thread-safe.

    `numbers` has those of the places in code that are known already, by the code's id and the instruction.
    """

    def __init__(self) -> None:
        # Each entry holds its code object: by id, because hashing one takes longer than all the rest of a look-up.
        self.numbers: dict[tuple[int, int], tuple[int, CodeType]] = {}
        self._inside: dict[str, bool] = {}
        self._fresh: list[tuple[int, str]] = []
        self._lock = threading.Lock()

    def here(self, depth: int = 2) -> int:
        """The number of the innermost line on the stack that is not teletensor's own.

        The innermost `depth` frames are known to be. Only lines of others have numbers: one look-up is enough for most.
        """
        try:
            frame = sys._getframe(depth)
        except ValueError:
            # Called by no Python code at all, as what `atexit` calls is.
            frame = sys._getframe()
        found = self.numbers.get((id(frame.f_code), frame.f_lasti))
        if found is not None:
            return found[0]
        code, inside = frame.f_code, self._inside
        while (inside.get(code.co_filename) or self._is_own(code.co_filename)) and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
        found = self.numbers.get((id(code), frame.f_lasti))
        return found[0] if found is not None else self._define(code, frame.f_lasti, frame.f_lineno)

    def _is_own(self, file: str) -> bool:
        own = self._inside.get(file)
        if own is None:
            own = self._inside[file] = file.startswith(_PACKAGE)
        return own

    def _define(self, code: CodeType, instruction: int, line: int) -> int:
        text = f"{code.co_filename}:{line}"[-_MOST_CHARACTERS:]
        with self._lock:
            if len(self.numbers) >= MOST_LOCATIONS:
                self.numbers.clear()
                self._inside.clear()
            number = len(self.numbers) + 1
            self._fresh.append((number, text))
            self.numbers[(id(code), instruction)] = number, code
        return number

    def take_fresh(self) -> list[tuple[int, str]]:
        """The numbers and lines that the worker has not heard of. Each is given once."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
        return fresh
