"""Writes a session's commands into batches, and sees that these are sent in time.

A batch goes out when it is full, when someone is about to wait, or when the pipe has had nothing to send for a moment.
Dead handles ride in front of the next command, so that the worker frees memory as early as the program does.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import ConnectionLostError, QuotaExceededError
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec
from teletensor_protos import codec
from teletensor_protos.shared import Segment
from teletensor_protos.v1.worker_pb2 import Limits

from teletensor.channel import Endpoint
from teletensor.link import Compression
from teletensor.locations import Locations
from teletensor.outbox import Outbox, Signatures
from teletensor.repeats import Content
from teletensor.session import Ref
from teletensor.stream import CommandStream

# About 64 small ops: as many as it takes for a worker that has nothing to do to be better off with a batch at once; and
# about 512, for one that has.
_FIRST_WORDS = 320
_MOST_WORDS = 2560
_FULL_ELEMENTS = 1 << 20
_MOST_RELEASED = 1 << 16
_RELEASES_AT_ONCE = 8
_MOST_SIGNATURES = 1 << 15
_MOST_MESSAGE = 4 << 20
# Frames from `pair` to whoever may call an op: of `pair`, of dispatch, and of the operator.
_TO_CALLER = 3


class Writer:
    """Names tensors, writes rows, sends batches. Thread-safe; `lock` is held while a row is written.

    `commands` counts what was written.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session_id: str,
        limits: Limits,
        segment: Segment | None = None,
        compression: Compression = None,
    ) -> None:
        self.lock = threading.RLock()
        self.locations = Locations()
        self._lines = self.locations.numbers
        self.closed = False
        self.commands = 0
        self._handle = 0
        self._most_words = (limits.message_bytes or _MOST_MESSAGE) // 16
        self._signatures = Signatures(min(limits.signatures or _MOST_SIGNATURES, _MOST_SIGNATURES))
        self._numbers = self._signatures.of_plan
        self._outbox = Outbox(1)
        self._sealed: Outbox | None = None
        self._counted = 0
        self._full = _FIRST_WORDS
        self._nudged = False
        self._dead: list[int] = []
        self.stream = CommandStream(
            endpoint, session_id, limits, self.locations, self._flush_if_idle, segment, compression
        )

    # -- rows --------------------------------------------------------------------------------------------------------

    def op(self, plan: Plan, location: int, operands: Sequence[Any]) -> tuple[Ref, ...]:
        """Write an op; the handles of its results."""
        with self.lock:
            if len(self._dead) >= _RELEASES_AT_ONCE:
                self._release_dead()
            number = self._numbers.get(plan) or self._define(plan)
            operand_words = operands if plan.all_tensors else self._operand_words(plan, operands)
            if plan.results == 1:
                self._handle = handle = self._handle + 1
                outs: tuple[int, ...] = (handle,)
            else:
                outs = self.new_handles(plan.results)
            words = self._outbox.words
            words.extend([number, location, *outs, *operand_words])
            self.commands += 1
            if len(words) >= self._full or not self._nudged:
                self._look_after()
        return outs

    def pair(self, plan: Plan, first: Ref, second: Ref) -> Ref:
        """Write an op on two tensors that has one result; its handle. Half of all rows are such ones."""
        frame = sys._getframe(_TO_CALLER)
        known = self._lines.get((id(frame.f_code), frame.f_lasti))
        location = self.locations.here(_TO_CALLER) if known is None else known[0]
        with self.lock:
            if len(self._dead) >= _RELEASES_AT_ONCE:
                self._release_dead()
            number = self._numbers.get(plan) or self._define(plan)
            self._handle = handle = self._handle + 1
            words = self._outbox.words
            words.extend((number, location, handle, first, second))
            self.commands += 1
            if len(words) >= self._full or not self._nudged:
                self._look_after()
        return handle

    def _define(self, plan: Plan) -> int:
        if self._signatures.is_full:
            self.flush()
            self._signatures.clear()
        return self._signatures.define(plan, self._outbox.fresh)

    def _operand_words(self, plan: Plan, operands: Sequence[Any]) -> list[int]:
        words = self._outbox.operand_words(plan, operands)
        if len(words) > self._most_words:
            raise QuotaExceededError(
                f"{plan.op.name}: {len(words)} tensors do not fit into a message of this worker, which takes "
                f"{self._most_words}; call it on fewer at a time, or raise the worker's --message-bytes"
            )
        return words

    def run_program(
        self, program: int, location: int, inputs: Sequence[Ref], numbers: Sequence[Any], outputs: int
    ) -> tuple[Ref, ...]:
        """Write a run of a program; the handles of its outputs."""
        with self.lock:
            outs = self.new_handles(outputs)
            words = [self._outbox.number(x) for x in numbers]
            self.command(codec.RUN_PROGRAM, program, location, len(inputs), *inputs, len(words), *words, outputs, *outs)
        return outs

    def command(self, *words: int) -> None:
        """Write a command."""
        with self.lock:
            self._outbox.words.extend(words)
            self._written()

    def place(self) -> tuple[int, int]:
        """Where the next row begins: the number of its batch, and the word in it."""
        with self.lock:
            return self._outbox.sequence, len(self._outbox.words)

    def replace_last(self, place: tuple[int, int], size: int, row: Sequence[int]) -> bool:
        """Write a row instead of the one of `size` words at `place`. False when that is not the last one any more."""
        with self.lock:
            sequence, start = place
            return sequence == self._outbox.sequence and self._outbox.replace_last(start, start + size, row)

    def upload(self, data: bytes, wanted: Spec, location: int) -> Ref:
        """Write an UPLOAD whose elements travel in the batch; the handle."""
        with self.lock:
            self._handle = handle = self._handle + 1
            offset = self._outbox.add_elements(data)
            self._with_elements((codec.UPLOAD, handle, wanted.dtype.code, location, offset, wanted.ndim, *wanted.shape))
        return handle

    def define_program(self, program: int, data: bytes) -> None:
        """Write a DEFINE_PROGRAM, whose bytes travel in the batch."""
        with self.lock:
            self._with_elements((codec.DEFINE_PROGRAM, program, self._outbox.add_elements(data), len(data)))

    def _with_elements(self, row: Sequence[int]) -> None:
        self._outbox.words.extend(row)
        self._written()
        if self._outbox.elements_size >= _FULL_ELEMENTS:
            self.flush()

    def upload_in_chunks(self, data: memoryview, wanted: Spec, location: int, content: Content | None) -> Ref:
        """Write an UPLOAD whose elements follow its batch in chunks; the handle. The row is the last of the batch.

        They are also `content`, if that is given.
        """
        with self.lock:
            self.flush()
            self._handle = handle = self._handle + 1
            words = (codec.UPLOAD, handle, wanted.dtype.code, location, -1, wanted.ndim, *wanted.shape)
            self._outbox.words.extend(words)
            self.commands += 1
            self._send_outbox()
            self.stream.send_chunks(data, content)
        return handle

    def new_handles(self, count: int) -> tuple[Ref, ...]:
        """Names for tensors to come."""
        with self.lock:
            first = self._handle + 1
            self._handle += count
            return tuple(range(first, first + count))

    def _written(self) -> None:
        self.commands += 1
        self._look_after()

    def _look_after(self) -> None:
        """See that what was written is sent in time."""
        if len(self._outbox.words) >= self._full:
            outbox = self._outbox
            self._full = min(2 * self._full, _MOST_WORDS)
            self._flush()
            self.stream.hand_over(outbox)
        elif not self._nudged:
            self._nudged = True
            self.stream.nudge()

    def release(self, handle: int) -> None:
        """Note a dead handle: it is told with the next command, or when the pipe is idle. Never blocks."""
        self._dead.append(handle)
        if not self._nudged:
            self._nudged = True
            self.stream.nudge()

    # -- batches -----------------------------------------------------------------------------------------------------

    def check_open(self) -> None:
        """Raise ConnectionLostError after the end of the session."""
        if self.closed:
            raise ConnectionLostError("this session is closed; connect again with teletensor.connect(...)")

    def flush(self) -> None:
        """Send what is waiting to be sent. Waits while too much is under way. Raises what broke the stream."""
        with self.lock:
            self._full = _FIRST_WORDS
            self._flush()

    def _flush(self) -> None:
        self.check_open()
        self.stream.wait_for_room()
        self.send_all()

    def _flush_if_idle(self) -> bool:
        """Send what is waiting, if there is room. False when another thread is writing: look again in a moment."""
        if not self.lock.acquire(blocking=False):
            return False
        try:
            if not self.closed and self.stream.window.is_open():
                self._full = _FIRST_WORDS
                self.send_all()
            return True
        finally:
            self.lock.release()

    def send_all(self) -> None:
        """Hand everything that was written to the stream, dead handles included."""
        self._nudged = False
        if self._dead:
            self._release_dead()
        self._send_outbox()

    def _release_dead(self) -> None:
        # One list for ever: finalisers on any thread append to it, also now.
        dead = self._dead[:_MOST_RELEASED]
        del self._dead[: len(dead)]
        self._outbox.words.extend((codec.RELEASE, len(dead), *dead))
        if len(dead) == _MOST_RELEASED:
            self._send_outbox()
            self._release_dead()

    def _send_outbox(self) -> None:
        """Hand the outbox to the stream. What an interrupt leaves undone here, the next call does."""
        while self._sealed is not None or self._outbox.words:
            if self._sealed is None:
                self._sealed = self._outbox
            if self._sealed is self._outbox:
                self._outbox = Outbox(self._sealed.sequence + 1)
            commands, self._counted = self.commands - self._counted, self.commands
            self.stream.send(self._sealed, commands)
            self._sealed = None
