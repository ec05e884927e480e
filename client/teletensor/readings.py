"""Reads that nobody waits for: what was asked for in a row is one command and one answer, shared by those who asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from teletensor_core.errors import TeletensorError
from teletensor_protos import codec

from teletensor.answers import Answer, Answered, Array, Event, again, error_of
from teletensor.session import Arriving, Ref
from teletensor.writer import Writer

# Tensors in one READ: so many errors still fit into one answer.
_MOST_TOGETHER = 1024
_MOST_UNTOLD = 100


class Reading(Answer):
    """One READ and its answer, which any number of threads may wait for, any number of times."""

    def __init__(self, request: int, readings: Readings) -> None:
        super().__init__(request)
        self.refs: list[Ref] = []
        self._readings = readings
        self._event: Event | None = None
        self._arrays: list[Array | TeletensorError] | None = None
        self._told = threading.Event()

    @property
    def row(self) -> tuple[int, ...]:
        """Its words."""
        return codec.READ, self.request, len(self.refs), *self.refs

    def tell(self, event: Event) -> None:
        """Take the answer, or what broke the stream. Called by the receiver."""
        if isinstance(event, Answered):
            if event.reply.HasField("failure"):
                event.arrays = [error_of(event.reply.failure)] * len(self.refs)
            self._readings.arrived(self, event)
        self._event = event
        self._told.set()

    def is_here(self) -> bool:
        """Whether the answer has come."""
        return self._event is not None

    def take(self, at: int) -> np.ndarray[Any, Any]:
        """The values of the `at`-th tensor. Waits; raises the error that took their place."""
        arrays = self._arrays
        if arrays is None:
            arrays = self._waited_for()
        found = arrays[at]
        if isinstance(found, TeletensorError):
            self._readings.told(found)
            raise again(found)
        return found

    def _waited_for(self) -> list[Array | TeletensorError]:
        if self._event is None:
            self._readings.wait(self._told)
        if isinstance(self._event, TeletensorError):
            raise again(self._event)
        assert isinstance(self._event, Answered), "a READ calls no hooks"
        self._arrays = self._event.arrays
        return self._arrays


class Part(Arriving):
    """One tensor of a Reading."""

    __slots__ = ("_at", "_reading")

    def __init__(self, reading: Reading, at: int) -> None:
        self._reading = reading
        self._at = at

    def done(self) -> bool:
        """Whether the answer has come."""
        return self._reading.is_here()

    def array(self) -> np.ndarray[Any, Any]:
        """The values, waited for. Raises the error that took their place."""
        return self._reading.take(self._at)


class Readings:
    """A session's reads that nobody waits for.

    `expect` makes a reading, for whose answer there is a place; `count_wait` counts somebody's wait. An error that came
    and that nobody looked at is kept for `untold`.
    """

    def __init__(self, writer: Writer, expect: Callable[[], Reading], count_wait: Callable[[], None]) -> None:
        self._writer = writer
        self._expect = expect
        self._count_wait = count_wait
        self._last: tuple[Reading, tuple[int, int]] | None = None
        self._failed: dict[TeletensorError, None] = {}

    def ask(self, refs: Sequence[Ref]) -> list[Arriving]:
        """Have tensors read. Adds to the command before, when that is such a read and has not been sent."""
        parts: list[Arriving] = []
        for start in range(0, len(refs), _MOST_TOGETHER):
            parts += self._ask(refs[start : start + _MOST_TOGETHER])
        return parts

    def _ask(self, refs: Sequence[Ref]) -> list[Arriving]:
        with self._writer.lock:
            reading = self._joined(refs)
            if reading is None:
                reading = self._expect()
                place = self._writer.place()
                reading.refs.extend(refs)
                self._last = reading, place
                self._writer.command(*reading.row)
            count = len(reading.refs)
        return [Part(reading, at) for at in range(count - len(refs), count)]

    def _joined(self, refs: Sequence[Ref]) -> Reading | None:
        """The last reading with these added, if that is still possible."""
        last = self._last
        if last is None or len(last[0].refs) + len(refs) > _MOST_TOGETHER:
            return None
        reading, place = last
        longer = (codec.READ, reading.request, len(reading.refs) + len(refs), *reading.refs, *refs)
        if not self._writer.replace_last(place, len(reading.row), longer):
            self._last = None
            return None
        reading.refs.extend(refs)
        return reading

    def wait(self, told: threading.Event) -> None:
        """Wait for an answer, having sent what has not been sent."""
        self._count_wait()
        with self._writer.lock:
            if not self._writer.closed:
                self._writer.flush()
        told.wait()

    # -- errors that nobody has looked at ----------------------------------------------------------------------------

    def arrived(self, reading: Reading, answered: Answered) -> None:
        """Keep the errors of an answer until somebody looks at them, no more than a hundred; and none of its arrays."""
        last = self._last
        if last is not None and last[0] is reading:
            self._last = None
        for found in answered.arrays:
            if isinstance(found, TeletensorError) and len(self._failed) < _MOST_UNTOLD:
                self._failed[found] = None

    def told(self, error: TeletensorError) -> None:
        """Somebody has looked at an error."""
        self._failed.pop(error, None)

    def untold(self) -> TeletensorError | None:
        """The oldest error that nobody has looked at; all of them are forgotten with it."""
        failed, self._failed = self._failed, {}
        return next((again(error) for error in failed), None)
