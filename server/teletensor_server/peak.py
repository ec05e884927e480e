"""The most that a session has held: looked for where it is likely, as counting takes time for all that is held."""

from __future__ import annotations

from teletensor_server import memory
from teletensor_server.table import Table

# A session whose passes are all alike is counted at every so many of them, in case it holds more and more.
_EVERY = 16


class Peak:
    """The most bytes that a session's tensors, and what their graphs keep for backward, were found to take.

    A training step holds the most when its backward begins, or its program runs. It is counted there whenever more was
    computed since the one before than ever between two.
    """

    def __init__(self, table: Table) -> None:
        self.bytes = 0
        self._table = table
        self._room = table.room
        self._most_added = 0
        self._passes = 0

    def now(self, besides: int = 0) -> int:
        """What is held now, counted, and `besides`."""
        held = memory.count(self._table.held()).data
        self.bytes = max(self.bytes, held + besides)
        return held

    def reset(self) -> None:
        """Forget what was found so far."""
        self.bytes = self._most_added = self._passes = 0
        self._room = self._table.room

    def before(self, besides: int = 0) -> None:
        """A backward is about to run, or a program that needs so many bytes while it runs."""
        added = self._room - self._table.room
        self._room = self._table.room
        self._passes += 1
        # The table has counted anew when there is more room than before.
        if added > self._most_added or added < 0 or self._passes % _EVERY == 1:
            # Before the first there was all that a session starts with.
            self._most_added = max(added, self._most_added) if self._passes > 1 else 0
            self.now(besides)
