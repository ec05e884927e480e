"""A session's command machine: frames in, replies out. No gRPC, no threads, so that it is tested without either."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from teletensor_core.backends import Backend
from teletensor_core.engine import Engine, Value
from teletensor_core.errors import (
    InternalError,
    LinAlgError,
    MalformedRequestError,
    OutOfMemoryError,
    QuotaExceededError,
    TeletensorError,
)
from teletensor_core.spec import Spec
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Batch, Failure, Reply, WorkerFrame

from teletensor_server import signatures
from teletensor_server.info import SessionLimits, TensorInfo
from teletensor_server.interpreter import Interpreter, failure_message
from teletensor_server.signatures import Signature
from teletensor_server.table import Poison, Table

log = logging.getLogger(__name__)

# A frame for the client: a message, or a packed chunk.
Out: TypeAlias = WorkerFrame | bytes
Frame: TypeAlias = Batch | memoryview

_MOST_FAILURES = 100
_MOST_LOCATIONS = 1 << 16


class SessionMachine:
    """Runs one session's commands in order on one engine."""

    def __init__(self, backend: Backend, limits: SessionLimits) -> None:
        self.engine = Engine(backend)
        self.limits = limits
        self.table = Table(limits.session_bytes, limits.tensors)
        self.signatures: dict[int, Signature] = {}
        self.locations: dict[int, str] = {}
        self.failures: list[tuple[TeletensorError, int]] = []
        self.sequence = 0
        self.upload: Upload | None = None
        self.frames: Iterator[Frame] = iter(())
        self.hook_answer: tuple[Value | None] | None = None
        self._worker_handle = codec.WORKER_HANDLES

    def run(self, frames: Iterator[Frame]) -> Iterator[Out]:
        """Run everything that comes; yields what the client must hear.

        In the middle of a backward whose hook has to run on the client, the next frames are taken from here too, until the
        hook's answer has come.
        """
        self.frames = frames
        for frame in frames:
            yield from self.feed(frame)

    def feed(self, frame: Frame) -> Iterator[Out]:
        """Run a batch, or take a chunk of the upload that the batch before announced."""
        with np.errstate(all="ignore"):
            if isinstance(frame, memoryview):
                self._take_chunk(frame)
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
        words = codec.decode_rows(batch.rows)
        numbers = codec.decode(batch.numbers)
        yield from Interpreter(self, words, numbers, batch.blobs).run()
        if batch.acknowledge:
            yield WorkerFrame(reply=Reply(acknowledged=self.sequence))

    def _define_locations(self, data: bytes) -> None:
        self.locations.update(codec.decode_locations(data))
        if len(self.locations) > _MOST_LOCATIONS:
            raise QuotaExceededError(f"a session may name {_MOST_LOCATIONS} source locations; number them again")

    # -- results -----------------------------------------------------------------------------------------------------

    def fail(self, error: Exception, what: str, location: int) -> Poison:
        """The poison for an error, remembered until somebody reads it."""
        known = self._known(error, what)
        known.where = known.where or self.locations.get(location)
        poison = Poison(known)
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append((known, id(poison)))
        return poison

    def _known(self, error: Exception, what: str) -> TeletensorError:
        if isinstance(error, TeletensorError):
            return error
        if isinstance(error, (MemoryError, *self.engine.backend.out_of_memory_errors)):
            self.engine.backend.free_pools()
            return OutOfMemoryError(f"{what}: the device is out of memory")
        if isinstance(error, np.linalg.LinAlgError):
            return LinAlgError(f"{what}: {error}")
        if isinstance(error, (TypeError, ValueError, IndexError, KeyError, OverflowError, AttributeError)):
            log.warning("%s failed", what, exc_info=error)
            return MalformedRequestError(f"{what}: {error}")
        log.error("%s failed", what, exc_info=error)
        return InternalError(f"{what}: internal error, see the worker's log")

    def surfaced(self, error: TeletensorError) -> None:
        """Forget an error that the client is being told now."""
        self.failures = [entry for entry in self.failures if entry[0] is not error]

    def first_failure(self) -> Failure | None:
        """The oldest error that nobody has read; all of them are forgotten with it."""
        if not self.failures:
            return None
        error = self.failures[0][0]
        self.failures.clear()
        return failure_message(error)

    def worker_handle(self) -> int:
        """A handle that no client will choose."""
        self._worker_handle += 1
        return self._worker_handle

    # -- uploads -----------------------------------------------------------------------------------------------------

    def _take_chunk(self, chunk: memoryview) -> None:
        if self.upload is None:
            raise MalformedRequestError("a chunk came, and no upload was announced")
        if self.upload.add(chunk):
            done, self.upload = self.upload, None
            self.bind_upload(done.handle, done.array, done.spec, done.location)

    def expect_upload(self, handle: int, wanted: Spec, location: int) -> None:
        """The next chunks are the elements of this tensor."""
        upload = Upload(handle, wanted, location)
        if upload.missing == 0:
            self.bind_upload(handle, upload.array, wanted, location)
        else:
            self.upload = upload

    def bind_upload(self, handle: int, host: np.ndarray[Any, Any], wanted: Spec, location: int) -> None:
        """Put uploaded elements on the device."""
        try:
            value: Value | Poison = Value(self.engine.backend.asarray(host), wanted)
        except Exception as error:
            value = self.fail(error, f"upload of {wanted!r}", location)
        self.table.put(handle, value, location)

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


class Upload:
    """Bytes on their way into an array."""

    def __init__(self, handle: int, wanted: Spec, location: int) -> None:
        self.handle, self.spec, self.location = handle, wanted, location
        self.array = np.empty(wanted.shape, wanted.dtype.np)
        self.bytes = memoryview(self.array.reshape(-1).view(np.uint8))
        self.at = 0

    @property
    def missing(self) -> int:
        return self.spec.nbytes - self.at

    def add(self, chunk: memoryview) -> bool:
        """Take a chunk; whether the array is whole now."""
        if chunk.nbytes > self.missing:
            raise MalformedRequestError(f"a chunk of {chunk.nbytes} bytes came, {self.missing} were missing")
        self.bytes[self.at : self.at + chunk.nbytes] = chunk
        self.at += chunk.nbytes
        return self.missing == 0
