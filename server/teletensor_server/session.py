"""One client's session: its command machine, and what is counted about it."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator

from teletensor_core.errors import MalformedRequestError, QuotaExceededError
from teletensor_protos.frames import Out
from teletensor_protos.shared import Offer
from teletensor_protos.v1.worker_pb2 import Batch, CompressedChunk, Failure, SharedChunk

from teletensor_server import memory
from teletensor_server.exchange import Exchange
from teletensor_server.failures import known
from teletensor_server.info import SessionInfo
from teletensor_server.machine import Frame, SessionMachine


class Session:
    """A client's session.

    Commands run under `lock`, which is free while the stream waits for the client: then transfers of state files have
    their turn.
    """

    def __init__(self, machine: SessionMachine, client: str, device: str) -> None:
        self.id = secrets.token_urlsafe(18)
        self.machine = machine
        self.client = client
        self.device = device
        self.created = time.time()
        self.connected = False
        self.batches = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        self.lock = threading.Lock()
        self.offer: Offer | None = None
        self._last_active = time.monotonic()
        self._most_reserved = 0
        self._hang_up: Callable[[], object] | None = None
        self._streaming = threading.Lock()
        self._transferring = threading.Lock()

    # -- the stream --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def streaming(self, hang_up: Callable[[], object]) -> Iterator[None]:
        """The time of the session's stream, which `hang_up` would end. Raises MalformedRequestError for a second."""
        if not self._streaming.acquire(blocking=False):
            raise MalformedRequestError("this session has a command stream already")
        self.connected, self._hang_up = True, hang_up
        try:
            yield
        finally:
            self._touch()
            self.connected, self._hang_up = False, None
            self._streaming.release()

    def share(self, secret: str | None) -> None:
        """Use the memory that was offered, if the client has shown its secret. Raises MalformedRequestError.

        Only the first stream may; later ones find nothing on offer.
        """
        offer, self.offer, self.machine.exchange = self.offer, None, None
        if offer is not None and secret is None:
            offer.withdraw()
        elif offer is not None and secret is not None:
            self.machine.exchange = Exchange(offer.accept(secret), self.machine.limits)

    def run(self, frames: Iterator[Frame]) -> Iterator[Out]:
        """Run what the client sends, until it ends the stream. Raises what makes the log impossible to continue."""
        with self.lock:
            self.machine.engine.backend.activate()
            yield from self.machine.run(self._taken(frames))

    def _taken(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames, waited for without the lock."""
        while not self.machine.ended:
            self.lock.release()
            try:
                frame = next(frames, None)
            finally:
                self.lock.acquire()
            if frame is None:
                return
            self._touch()
            self._count(frame)
            yield frame

    def _count(self, frame: Frame) -> None:
        if isinstance(frame, memoryview):
            self.bytes_received += frame.nbytes
        elif isinstance(frame, Batch):
            self.batches += 1
            self.bytes_received += frame.ByteSize()
        elif isinstance(frame, SharedChunk):
            self.bytes_received += frame.size
        elif isinstance(frame, CompressedChunk):
            self.bytes_received += frame.ByteSize()

    def _touch(self) -> None:
        self._last_active = time.monotonic()

    # -- state files -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transfer(self) -> Iterator[SessionMachine]:
        """The machine, for one transfer of a state file at a time.

        Raises QuotaExceededError for a second one, and OutOfMemoryError when the device has no room for it.
        """
        if not self._transferring.acquire(blocking=False):
            raise QuotaExceededError("this session is transferring a state file already; wait for its end")
        try:
            self._touch()
            self.machine.engine.backend.activate()
            yield self.machine
        except self.machine.engine.backend.out_of_memory_errors as error:
            raise known(error, "transfer of a state file", self.machine.engine.backend) from None
        finally:
            self._touch()
            self._transferring.release()

    # -- its end -----------------------------------------------------------------------------------------------------

    def first_failure(self) -> Failure | None:
        """The oldest error that nobody has read, once the device has done everything."""
        with self.lock:
            self.machine.engine.backend.activate()
            self.machine.settle()
            return self.machine.failures.first()

    def idle_seconds(self) -> float:
        """For how long its client has been away; 0 while it is connected."""
        if self.connected or self._transferring.locked():
            return 0.0
        return time.monotonic() - self._last_active

    def forget_stream(self) -> None:
        """Its stream ends by itself, with an error that says more than to be hung up on."""
        self._hang_up = None

    def end(self) -> None:
        """Free what it holds, and hang up on its client."""
        hang_up, offer = self._hang_up, self.offer
        self.machine.end()
        if offer is not None:
            offer.withdraw()
        if hang_up is not None:
            hang_up()

    def memory(self, reserved: int, reset: bool) -> dict[str, int]:
        """What the session holds, and the most it has held; the most that was `reserved` whenever this was asked."""
        peak = self.machine.peak
        if reset:
            peak.reset()
            self._most_reserved = 0
        self._most_reserved = max(self._most_reserved, reserved)
        held = peak.now()
        return {"allocated": held, "peak_allocated": peak.bytes, "peak_reserved": self._most_reserved}

    def info(self) -> SessionInfo:
        """What the admin interface shows."""
        table = self.machine.table
        return SessionInfo(
            id=self.id,
            client=self.client,
            created=self.created,
            last_active=time.time() - (time.monotonic() - self._last_active),
            connected=self.connected,
            tensors=len(table),
            bytes=memory.count(table.held()).data,
            ops=self.machine.engine.ops_run,
            batches=self.batches,
            bytes_received=self.bytes_received,
            bytes_sent=self.bytes_sent,
            device=self.device,
        )
