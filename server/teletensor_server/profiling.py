"""When a session's commands ran, for a client that asks: a ring of bounded size. Costs nothing while it is off."""

from __future__ import annotations

import functools
import time
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING

from teletensor_core.backends import Backend
from teletensor_core.errors import MalformedRequestError
from teletensor_protos import codec
from teletensor_protos.frames import Out
from teletensor_protos.v1.worker_pb2 import Profile

from teletensor_server.calls import run_op
from teletensor_server.rows import Rows
from teletensor_server.signatures import Signature

if TYPE_CHECKING:
    from teletensor_server.commands import Command
    from teletensor_server.machine import SessionMachine

# Commands that are remembered, and told in one answer.
CAPACITY = 1 << 16
_PAGE = 1 << 12
_WIDTH = codec.PROFILE_WIDTH
_MOST_CHARACTERS = 200
# Where these commands' rows name their location, counted from behind the command's word.
_LOCATION_AT = {"backward": 2, "start": 2, "run": 1}
# Functions that are not called as their commands are.
_NAMES = {
    "start": "upload", "sync": "synchronize",
    "define": "define_program", "run": "run_program", "drop": "drop_program",
}  # fmt: skip


class Recorder:
    """Times commands in the worker's clock (ns). The oldest are forgotten when the ring is full."""

    def __init__(self, backend: Backend) -> None:
        self.dropped = 0
        self.batch = self.taken = 0
        self._backend = backend
        self._ring = array("q", bytes(8 * _WIDTH * CAPACITY))
        self._first = self._end = 0
        self._names: dict[str, int] = {}

    def begin(self, sequence: int) -> None:
        """A batch was taken."""
        self.batch, self.taken = sequence, time.perf_counter_ns()

    def op(self, machine: SessionMachine, rows: Rows, signature: Signature) -> None:
        """Run an op row, and note when. Waits for the device, whose kernels would run on otherwise."""
        at = rows.at + 1
        start = time.perf_counter_ns()
        run_op(machine, rows, signature)
        self._backend.synchronize()
        self._note(signature.op.name, rows.words[at], start)

    def timed(self, command: Command) -> Command:
        """A command that notes when it ran."""

        @functools.wraps(command)
        def run(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
            at = rows.at + _LOCATION_AT.get(command.__name__, len(rows.words))
            start = time.perf_counter_ns()
            yield from command(machine, rows)
            location = rows.words[at] if at < len(rows.words) else 0
            self._note(_NAMES.get(command.__name__, command.__name__), location, start)

        return run

    def _note(self, name: str, location: int, start: int) -> None:
        number = self._names.setdefault(name, len(self._names))
        at = self._end % CAPACITY * _WIDTH
        row = (number, location, self.batch, self.taken, start, time.perf_counter_ns())
        self._ring[at : at + _WIDTH] = array("q", row)
        self._end += 1
        if self._end - self._first > CAPACITY:
            self._first += 1
            self.dropped += 1

    def page(self, locations: dict[int, str]) -> Profile:
        """The oldest commands, which are forgotten, as a message."""
        words: list[int] = []
        for i in range(self._first, min(self._end, self._first + _PAGE)):
            at = i % CAPACITY * _WIDTH
            words += self._ring[at : at + _WIDTH]
        self._first = min(self._end, self._first + _PAGE)
        mentioned = {number: locations.get(number, "")[-_MOST_CHARACTERS:] for number in words[1::_WIDTH] if number}
        return Profile(
            records=codec.encode_rows(words),
            names=codec.encode(self._names),
            locations=codec.encode(mentioned.items()),
            left=self._end - self._first,
            dropped=self.dropped,
        )


def profile(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """PROFILE: switch it on or off, or tell what was noted; the answer has the worker's clock."""
    request, action = rows.take_number(), rows.take()
    answer = Profile()
    if action == codec.PROFILE_START:
        machine.recorder = Recorder(machine.engine.backend)
        machine.recorder.begin(0)
    elif action == codec.PROFILE_STOP:
        machine.recorder = None
    elif action != codec.PROFILE_TAKE:
        raise MalformedRequestError(f"profiling can be started, stopped and told, not {action}")
    elif machine.recorder is not None:
        answer = machine.recorder.page(machine.locations)
    answer.clock = time.perf_counter_ns()
    yield machine.reply(request=request, profile=answer)
