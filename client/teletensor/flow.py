"""Flow control: how much a client may have sent that the worker has not run yet."""

from __future__ import annotations

import threading
from collections import deque

# Where the worker names no limit.
_MOST_BYTES = 64 << 20
_MOST_COMMANDS = 1 << 16


class Window:
    """Counts bytes and commands on their way, and slots of shared memory in use, if there are any.

    Whoever wants to send more than fits waits; nothing grows for ever.
    """

    def __init__(self, most_bytes: int, most_commands: int, most_slots: int = 0) -> None:
        self._most_bytes = most_bytes or _MOST_BYTES
        self._most_commands = most_commands or _MOST_COMMANDS
        self._most_slots = most_slots
        self._changed = threading.Condition()
        self._on_the_way: deque[tuple[int, int, int]] = deque()
        self._bytes = self._commands = self._slots = 0
        self._sent = self._acknowledged = 0
        self._broken = False

    def is_open(self) -> bool:
        """Whether more may be sent now. What is sent then may overshoot the limits by one frame."""
        return self._broken or (self._bytes < self._most_bytes and self._commands < self._most_commands)

    def wait(self) -> None:
        """Wait until more may be sent, or the stream has broken."""
        if not self.is_open():
            with self._changed:
                self._changed.wait_for(self.is_open)

    def wait_for_slot(self, after: int, seconds: float) -> bool:
        """Wait for a free slot; whether there is one, or the stream has broken.

        No longer than `seconds` while the worker has not come beyond the first `after` frames.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._has_slot() or self._acknowledged > after, seconds)
            return self._has_slot() or (self._acknowledged > after and self._changed.wait_for(self._has_slot))

    def _has_slot(self) -> bool:
        return self._broken or self._slots < self._most_slots

    @property
    def frames(self) -> int:
        """How many have been sent."""
        return self._sent

    def sent(self, size: int, commands: int = 0, slots: int = 0) -> None:
        """Count a frame that was sent."""
        with self._changed:
            self._sent += 1
            if self._sent > self._acknowledged:
                self._on_the_way.append((size, commands, slots))
                self._bytes += size
                self._commands += commands
                self._slots += slots

    def acknowledge(self, frames: int) -> None:
        """The worker has run so many frames in all."""
        with self._changed:
            while self._on_the_way and self._acknowledged < frames:
                self._acknowledged += 1
                size, commands, slots = self._on_the_way.popleft()
                self._bytes -= size
                self._commands -= commands
                self._slots -= slots
            self._acknowledged = max(self._acknowledged, frames)
            self._changed.notify_all()

    def break_(self) -> None:
        """Nothing will be acknowledged any more: let everybody go."""
        with self._changed:
            self._broken = True
            self._changed.notify_all()
