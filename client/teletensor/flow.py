"""Flow control: how much a client may have sent that the worker has not run yet, and how fast that gets there."""

from __future__ import annotations

import math
import threading
import time
from collections import deque

# Where the worker names no limit.
_MOST_BYTES = 64 << 20
_MOST_COMMANDS = 1 << 16


_MEASUREMENTS = 8


class Rate:
    """Bytes a second that a link carries: the most that it was lately seen to, and until then a guess.

    A link that had nothing to carry for a while, or a worker that was busy, looks slower than the link is; nothing
    makes it look faster. Fewer than `least` bytes say nothing about it.
    """

    def __init__(self, guess: float, least: int = 1) -> None:
        self._guess = guess
        self._least = least
        self._seen: deque[float] = deque(maxlen=_MEASUREMENTS)
        self._last = 0.0

    def carried(self, size: int, since: float, compressed: bool = False) -> None:
        """So many bytes, the first of which were sent at this time, are there.

        It may have waited for bytes that were being compressed: then it may be faster than it looks.
        """
        now = time.monotonic()
        if size >= self._least:
            seen = size / max(now - max(since, self._last), 1e-9)
            if not compressed or seen > self.seen:
                self._seen.append(seen)
        self._last = now

    @property
    def seen(self) -> float:
        """What was seen; 0 when nothing was."""
        return max(self._seen, default=0.0)

    def __float__(self) -> float:
        return self.seen or self._guess


class Window:
    """Counts bytes and commands on their way, and slots of shared memory in use, if there are any.

    Whoever wants to send more than fits waits; nothing grows for ever. `rate` is that of the link.
    """

    def __init__(self, most_bytes: int, most_commands: int, most_slots: int = 0, rate: Rate | None = None) -> None:
        self.rate = Rate(math.inf) if rate is None else rate
        self._most_bytes = most_bytes or _MOST_BYTES
        self._most_commands = most_commands or _MOST_COMMANDS
        self._most_slots = most_slots
        self._changed = threading.Condition()
        self._on_the_way: deque[tuple[int, int, int, float]] = deque()
        self._bytes = self._commands = self._slots = 0
        self._sent = self._acknowledged = 0
        # What compression took from frames that have not been acknowledged, by their numbers.
        self._saved: dict[int, int] = {}
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
                self._on_the_way.append((size, commands, slots, time.monotonic()))
                self._bytes += size
                self._commands += commands
                self._slots += slots

    def compressed(self, frame: int, saved: int) -> None:
        """A frame, by its number from 1, travels with so many bytes less than it has here."""
        with self._changed:
            self._saved[frame] = saved

    def acknowledge(self, frames: int) -> None:
        """The worker has run so many frames in all."""
        with self._changed:
            before, since = self._bytes, self._on_the_way[0][3] if self._on_the_way else 0.0
            saved = 0
            while self._on_the_way and self._acknowledged < frames:
                self._acknowledged += 1
                saved += self._saved.pop(self._acknowledged, 0)
                size, commands, slots, _ = self._on_the_way.popleft()
                self._bytes -= size
                self._commands -= commands
                self._slots -= slots
            self._acknowledged = max(self._acknowledged, frames)
            self.rate.carried(before - self._bytes - saved, since, saved > 0)
            self._changed.notify_all()

    def break_(self) -> None:
        """Nothing will be acknowledged any more: let everybody go."""
        with self._changed:
            self._broken = True
            self._changed.notify_all()
