"""One client's session: its command machine, and what is counted about it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator

from teletensor_core.errors import MalformedRequestError, SessionNotFoundError
from teletensor_protos.frames import Out

from teletensor_server.info import SessionInfo
from teletensor_server.machine import Frame, SessionMachine

_EVICTED = "the session was ended by the worker's administrator"


class Session:
    """One client's session: its machine, and what is counted about it."""

    def __init__(self, machine: SessionMachine, client: str, device: str) -> None:
        self.id = secrets.token_urlsafe(18)
        self.machine = machine
        self.client = client
        self.device = device
        self.created = time.time()
        self.last_active = self.created
        self.connected = False
        self.closed = False
        self.batches = 0
        self.bytes_received = 0
        self.bytes_sent = 0
        # Held while a command runs: the stream and the state RPCs take turns.
        self.lock = threading.Lock()

    def run(self, frames: Iterator[Frame]) -> Iterator[Out]:
        """Serve the session's stream until the client ends it."""
        with self.lock:
            if self.connected:
                raise MalformedRequestError("this session has a command stream already")
            self.connected = True
        try:
            yield from self.machine.run(self._counted(frames))
        finally:
            self.connected = False

    def _counted(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if self.closed:
                raise SessionNotFoundError(_EVICTED)
            self.last_active = time.time()
            if isinstance(frame, memoryview):
                self.bytes_received += frame.nbytes
            else:
                self.batches += 1
                self.bytes_received += frame.ByteSize()
            yield frame

    def info(self) -> SessionInfo:
        """What the admin interface shows."""
        table = self.machine.table
        return SessionInfo(
            id=self.id,
            client=self.client,
            created=self.created,
            last_active=self.last_active,
            connected=self.connected,
            tensors=len(table),
            bytes=table.bytes,
            ops=self.machine.engine.ops_run,
            batches=self.batches,
            bytes_received=self.bytes_received,
            bytes_sent=self.bytes_sent,
            device=self.device,
        )
