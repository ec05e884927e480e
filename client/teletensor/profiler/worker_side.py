"""What a worker notes of one session, brought into this process's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from teletensor_core.errors import TransportError
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Profile

from teletensor.profiler.events import ENGINE, Event
from teletensor.remote import RemoteSession

_PINGS = 3


class WorkerSide:
    """Has a worker note when a session's commands run, where it can; `finish` gives what it noted.

    `dropped` is how many commands it had no room for.
    """

    def __init__(self, session: RemoteSession) -> None:
        self.dropped = 0
        self._session = session
        self._sent: dict[int, int] = {}
        self._able = "profile" in session.capabilities
        self._offset = self._start() if self._able else 0

    def sending(self, send: Callable[..., None]) -> Callable[..., None]:
        """The stream's `send`, which notes when a batch left."""

        def sent(outbox: Any, commands: int) -> None:
            self._sent.setdefault(outbox.sequence, time.perf_counter_ns())
            send(outbox, commands)

        return sent

    def finish(self) -> list[Event]:
        """What the worker noted. Nothing where the session has ended."""
        if not self._able or self._session.closed:
            return []
        try:
            events: list[Event] = []
            while True:
                page = self._session.profile(codec.PROFILE_TAKE)
                events += self._events(page, self._offset)
                if not page.left:
                    break
            self._session.profile(codec.PROFILE_STOP)
        except TransportError:
            return []
        self.dropped = page.dropped
        return events

    def _start(self) -> int:
        """Have it begin; what to take from the worker's clock (ns), by the fastest of a few questions."""
        best = None
        for _ in range(_PINGS):
            before = time.perf_counter_ns()
            there = self._session.profile(codec.PROFILE_START).clock
            after = time.perf_counter_ns()
            if best is None or after - before < best[0]:
                best = after - before, there - (before + after) // 2
        assert best is not None
        return best[1]

    def _events(self, page: Profile, offset: int) -> list[Event]:
        names = codec.decode(page.names)
        locations = dict(codec.decode(page.locations))
        words = codec.decode_rows(page.records)
        place = f"{self._session.device} at {self._session._stream.address}"
        events = []
        for at in range(0, len(words), codec.PROFILE_WIDTH):
            name, location, batch, taken, start, end = words[at : at + codec.PROFILE_WIDTH]
            event = Event(names[name], ENGINE, start - offset, end - offset, locations.get(location, ""), place=place)
            event.batch, event.queue = batch, start - taken
            if batch in self._sent:
                event.wire = max(taken - offset - self._sent[batch], 0)
            events.append(event)
        return events
