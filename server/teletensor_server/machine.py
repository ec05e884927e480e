"""A session's command machine: frames in, replies out. No gRPC, no threads, so that it is tested without either.

The life of a call: a batch arrives (`feed`), its rows are decoded (rows.py) and run one after another; an op row binds
its results to the handles that the client named (calls.py), a command does what commands.py says; what the client must
hear is yielded. An error of a command takes the place of its results; an error of form ends the stream.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from teletensor_core.backends import Backend, Named, Origin
from teletensor_core.engine import Engine, Parts
from teletensor_core.errors import GradientError, MalformedRequestError, TensorNotFoundError
from teletensor_protos import codec
from teletensor_protos.compression import decompress
from teletensor_protos.frames import Out
from teletensor_protos.v1.worker_pb2 import Batch, CompressedChunk, Reply, SharedChunk, WorkerFrame

from teletensor_server import calls, uploads
from teletensor_server.calls import run_op
from teletensor_server.commands import COMMANDS, Command
from teletensor_server.exchange import Exchange
from teletensor_server.failures import Failures, known
from teletensor_server.gradients import Answer
from teletensor_server.info import SessionLimits, TensorInfo
from teletensor_server.pairs import run_pairs
from teletensor_server.peak import Peak
from teletensor_server.profiling import Recorder, profile
from teletensor_server.programs import SessionProgram
from teletensor_server.rows import Rows
from teletensor_server.signatures import Signatures
from teletensor_server.table import Poison, Poisoned, Table
from teletensor_server.uploads import Upload

# A number is how many slots of shared memory the client has emptied.
Frame: TypeAlias = Batch | memoryview | SharedChunk | CompressedChunk | int

# A client hears of its progress after so many frames, and after this part of the bytes that it may have on the way. It
# hears more often when it begins: so it learns soon how fast its link is.
_ACKNOWLEDGE_FRAMES = 16
_ACKNOWLEDGE_PART = 4


class SessionMachine:
    """Runs one session's commands in order on one engine."""

    def __init__(self, backend: Backend, limits: SessionLimits) -> None:
        self.engine = Engine(backend.for_session(self._origin))
        self.limits = limits
        self.table = Table(limits.session_bytes, limits.tensors)
        self.peak = Peak(self.table)
        self.signatures = Signatures(limits.signatures, self.engine.xp)
        self.locations: dict[int, str] = {}
        self.failures = Failures()
        self.parts = Parts(self.engine)
        self.programs: dict[int, SessionProgram | Poison] = {}
        self.ended = False
        self.upload: Upload | None = None
        self.recorder: Recorder | None = None
        self.frames: Iterator[Frame] = iter(())
        # Where the client shares memory with the worker.
        self.exchange: Exchange | None = None
        # Bytes a second, as the client sees it.
        self.link_rate = math.inf
        # The batch that is being run; inside a hook's batch, that one.
        self._rows: Rows | None = None
        # Backwards, by request, that wait for a hook of the client, and its answer once it is here.
        self.asking: dict[int, tuple[Answer] | None] = {}
        self._sequence = self._taken = self._acknowledged = self._bytes = self._slots = 0
        self._held = 0
        self._worker_handle = codec.WORKER_HANDLES

    def run(self, frames: Iterator[Frame]) -> Iterator[Out]:
        """Run everything that comes; yields what the client must hear.

        In the middle of a backward whose hook has to run on the client, the next frames are taken from here too, until
        the hook's answer has come.
        """
        self.frames = frames if self.exchange is None else self.exchange.in_order(frames)
        for frame in self.frames:
            yield from self.feed(frame)

    def feed(self, frame: Frame) -> Iterator[Out]:
        """Run a batch, or take a chunk of the upload that the batch before announced."""
        self._taken += 1
        with np.errstate(all="ignore"):
            if isinstance(frame, Batch):
                self._bytes += frame.ByteSize()
                yield from self._run_batch(frame)
            else:
                uploads.take_chunk(self, self._elements(frame))
        if self._acknowledgement_is_due():
            yield self.reply()

    def _elements(self, frame: memoryview | SharedChunk | CompressedChunk | int) -> memoryview:
        """The bytes of a chunk, wherever they are."""
        if isinstance(frame, memoryview):
            self._bytes += frame.nbytes
            return frame
        if isinstance(frame, CompressedChunk):
            self._bytes += len(frame.data)
            return decompress(frame, 0 if self.upload is None else self.upload.missing)
        if self.exchange is None or isinstance(frame, int):
            raise MalformedRequestError("this session shares no memory with its client")
        self._slots += 1
        return self.exchange.view(frame)

    def _acknowledgement_is_due(self) -> bool:
        if self.exchange is not None and self._slots >= self.exchange.acknowledge_after:
            return True
        frames_due = self._taken - self._acknowledged >= min(_ACKNOWLEDGE_FRAMES, max(1, self._acknowledged))
        return frames_due or self._bytes * _ACKNOWLEDGE_PART >= self.limits.window_bytes > 0

    def _run_batch(self, batch: Batch) -> Iterator[Out]:
        if batch.sequence != self._sequence + 1:
            raise MalformedRequestError(f"batch {batch.sequence} came after batch {self._sequence}")
        self._sequence = batch.sequence
        self.link_rate = batch.link_rate or self.link_rate
        if self.upload is not None:
            uploads.give_up(self)
        if self.recorder is not None:
            self.recorder.begin(batch.sequence)
        self.table.tick()
        self.signatures.define(batch.signatures)
        self.locations.update(codec.decode_locations(batch.locations))
        rows = Rows(codec.decode_rows(batch.rows), codec.decode(batch.numbers), batch.elements)
        outer, self._rows = self._rows, rows
        try:
            yield from self._run_rows(rows)
        finally:
            self._rows = outer

    def _run_rows(self, rows: Rows) -> Iterator[Out]:
        words, defined, count = rows.words, self.signatures.by_number, len(rows.words)
        timed = self.recorder is not None
        run = run_op if self.recorder is None else self.recorder.op
        while not self.ended:
            if not timed:
                run_pairs(self, rows)
            if rows.at >= count:
                return
            word = words[rows.at]
            signature = defined.get(word)
            if signature is not None:
                run(self, rows, signature)
            elif (command := COMMANDS.get(word)) is not None:
                rows.at += 1
                rows.origin = Named
                try:
                    yield from self._timed(command)(self, rows)
                except (TensorNotFoundError, GradientError) as error:
                    self.fail(error, command.__name__, 0)
                rows.origin = None
            else:
                raise MalformedRequestError(f"row word {word} is neither a command nor a defined signature")

    def _timed(self, command: Command) -> Command:
        """The command; while somebody profiles, one that notes when it ran."""
        return command if self.recorder is None or command is profile else self.recorder.timed(command)

    def reply(self, **fields: Any) -> WorkerFrame:
        """A frame that answers, and acknowledges what was taken so far."""
        self._acknowledged, self._bytes, self._slots = self._taken, 0, 0
        return WorkerFrame(reply=Reply(acknowledged=self._taken, **fields))

    def end(self) -> None:
        """Run nothing more, and forget everything. May be called from another thread while a command runs."""
        self.ended = True
        self.table.clear()
        self.programs.clear()

    def count_parts(self) -> None:
        """Count the gradients that backwards which are to go on hold meanwhile."""
        more, self._held = self.parts.held() - self._held, self.parts.held()
        self.table.aside += more
        self.table.room -= more

    # -- errors ------------------------------------------------------------------------------------------------------

    def poison(self, error: Exception, command: str, location: int) -> Poison:
        """What stands for an error."""
        if isinstance(error, Poisoned):
            return error.poison
        found = known(error, command, self.engine.backend)
        found.command = found.command or command
        found.where = found.where or self.locations.get(location)
        return Poison(found)

    def fail(self, error: Exception, command: str, location: int) -> Poison:
        """What stands for an error, remembered until somebody reads it."""
        poison = self.poison(error, command, location)
        self.failures.add(poison)
        return poison

    def settle(self) -> None:
        """Wait for the device; what it found wrong since the last wait is an error that nobody has read."""
        try:
            self.engine.backend.synchronize()
        except Exception as error:
            self.fail(error, "synchronize", 0)

    def _origin(self) -> Origin:
        """What is being run, for an error that the device finds in it later."""
        rows = self._rows
        if rows is None:
            return Named()
        return calls.origin(self, rows) if rows.origin is None else rows.origin()

    # -- what others need to know ------------------------------------------------------------------------------------

    def worker_handle(self) -> int:
        """A handle that no client will choose."""
        self._worker_handle += 1
        return self._worker_handle

    def infos(self) -> list[TensorInfo]:
        """What the session holds, for the admin interface."""
        now = time.monotonic()
        infos = []
        for handle, value in list(self.table.values.items()):
            held = value.previous if isinstance(value, Poison) else value
            if held is None:
                continue
            born, location = held.origin
            infos.append(TensorInfo.of(handle, held, max(0.0, now - born), self.locations.get(location)))
        return infos
