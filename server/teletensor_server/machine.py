"""A session's command machine: frames in, replies out. No gRPC, no threads, so that it is tested without either.

The life of a call: a batch arrives (`feed`), its rows are decoded (rows.py) and run one after another; an op row binds
its results to the handles that the client named (calls.py), a command does what commands.py says; what the client must
hear is yielded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from teletensor_core.backends import Backend
from teletensor_core.engine import Engine, Value
from teletensor_core.errors import MalformedRequestError, QuotaExceededError, TeletensorError, TensorNotFoundError
from teletensor_protos import codec
from teletensor_protos.frames import Out
from teletensor_protos.v1.worker_pb2 import Batch, Failure, Reply, WorkerFrame

from teletensor_server import signatures, uploads
from teletensor_server.calls import run_op
from teletensor_server.commands import COMMANDS
from teletensor_server.failures import Failures, known
from teletensor_server.info import SessionLimits, TensorInfo
from teletensor_server.rows import Rows
from teletensor_server.signatures import Signature
from teletensor_server.table import Poison, Table
from teletensor_server.uploads import Upload

Frame: TypeAlias = Batch | memoryview

_MOST_LOCATIONS = 1 << 16


class SessionMachine:
    """Runs one session's commands in order on one engine."""

    def __init__(self, backend: Backend, limits: SessionLimits) -> None:
        self.engine = Engine(backend)
        self.limits = limits
        self.table = Table(limits.session_bytes, limits.tensors)
        self.signatures: dict[int, Signature] = {}
        self.locations: dict[int, str] = {}
        self.failures = Failures()
        self.sequence = 0
        self.upload: Upload | None = None
        self.frames: Iterator[Frame] = iter(())
        self.hook_answer: tuple[Value | None] | None = None
        self._worker_handle = codec.WORKER_HANDLES

    def run(self, frames: Iterator[Frame]) -> Iterator[Out]:
        """Run everything that comes; yields what the client must hear.

        In the middle of a backward whose hook has to run on the client, the next frames are taken from here too, until
        the hook's answer has come.
        """
        self.frames = frames
        for frame in frames:
            yield from self.feed(frame)

    def feed(self, frame: Frame) -> Iterator[Out]:
        """Run a batch, or take a chunk of the upload that the batch before announced."""
        with np.errstate(all="ignore"):
            if isinstance(frame, memoryview):
                uploads.take_chunk(self, frame)
            else:
                yield from self._run_batch(frame)

    def _run_batch(self, batch: Batch) -> Iterator[Out]:
        if batch.sequence != self.sequence + 1:
            raise MalformedRequestError(f"batch {batch.sequence} came after batch {self.sequence}")
        if self.upload is not None:
            raise MalformedRequestError(f"a batch came before the last {self.upload.missing} bytes of an upload")
        self.sequence = batch.sequence
        signatures.define(self.signatures, batch.signatures)
        self._define_locations(batch.locations)
        yield from self._run_rows(Rows(codec.decode_rows(batch.rows), codec.decode(batch.numbers), batch.blobs))
        if batch.acknowledge:
            yield WorkerFrame(reply=Reply(acknowledged=self.sequence))

    def _run_rows(self, rows: Rows) -> Iterator[Out]:
        words, defined, count = rows.words, self.signatures, len(rows.words)
        while rows.at < count:
            word = words[rows.at]
            signature = defined.get(word)
            if signature is not None:
                run_op(self, rows, signature)
                continue
            command = COMMANDS.get(word)
            if command is None:
                raise MalformedRequestError(f"row word {word} is neither a command nor a defined signature")
            rows.at += 1
            try:
                yield from command(self, rows)
            except TensorNotFoundError as error:
                self.fail(error, "command", 0)

    def _define_locations(self, data: bytes) -> None:
        self.locations.update(codec.decode_locations(data))
        if len(self.locations) > _MOST_LOCATIONS:
            raise QuotaExceededError(f"a session may name {_MOST_LOCATIONS} source locations; number them again")

    # -- errors ------------------------------------------------------------------------------------------------------

    def fail(self, error: Exception, what: str, location: int) -> Poison:
        """The poison for an error, remembered until somebody reads it."""
        found = known(error, what, self.engine.backend)
        found.where = found.where or self.locations.get(location)
        self.failures.add(found)
        return Poison(found)

    def surfaced(self, error: TeletensorError) -> None:
        """Forget an error that the client is being told now."""
        self.failures.forget(error)

    def first_failure(self) -> Failure | None:
        """The oldest error that nobody has read; all of them are forgotten with it."""
        return self.failures.first()

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
            held = value.previous if type(value) is Poison else value
            if not isinstance(held, Value):
                continue
            born, location = self.table.born.get(handle, (now, 0))
            infos.append(
                TensorInfo(
                    handle=handle,
                    shape=held.spec.shape,
                    dtype=held.spec.dtype.name,
                    bytes=0 if held.base is not None else held.spec.nbytes,
                    age_seconds=now - born,
                    location=self.locations.get(location),
                    requires_grad=held.requires_grad or held.node is not None,
                )
            )
        return infos
