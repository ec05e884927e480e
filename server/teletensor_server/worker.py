"""The worker: its sessions, their engines, and what the admin interface may know and do."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from typing import Any

import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core.backends import create_backend
from teletensor_core.errors import DeviceError, QuotaExceededError, SessionNotFoundError, TeletensorError
from teletensor_protos.v1.worker_pb2 import Failure

from teletensor_server.info import SessionInfo, SessionLimits, TensorInfo, Totals
from teletensor_server.machine import SessionMachine
from teletensor_server.session import Session

log = logging.getLogger(__name__)

_NO_SESSION = "no such session on this worker: the worker was started anew, or the session ended long ago"
_MOST_REMEMBERED = 1024


class _Past:
    """What closed sessions have added up to."""

    def __init__(self) -> None:
        self.sessions_opened = self.ops = self.bytes_received = self.bytes_sent = self.errors = 0

    def add(self, session: Session) -> None:
        """Keep what an ended session has counted."""
        self.ops += session.machine.engine.ops_run
        self.bytes_received += session.bytes_received
        self.bytes_sent += session.bytes_sent


class Worker:
    """Holds the sessions. Thread-safe."""

    def __init__(
        self,
        limits: SessionLimits | None = None,
        device: str = "auto",
        max_sessions: int = 32,
        lease_seconds: float = 600,
        shared_bytes: int = 0,
        cuda_graphs: bool = False,
    ) -> None:
        self.limits = limits or SessionLimits()
        self.max_sessions = max_sessions
        self.lease_seconds = lease_seconds
        self.shared_bytes = shared_bytes
        self.started = time.time()
        self.draining = False
        self._kind, self._index = _parse_device(device)
        self.backend = create_backend(self._kind, self._index)
        if cuda_graphs:
            self.backend.use_graphs(lambda reason: log.info("not in a CUDA graph: %s", reason))
        self._sessions: dict[str, Session] = {}
        self._ended: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()
        self._past = _Past()
        self._was_busy = False

    @property
    def device(self) -> str:
        """What tensors live on: "cpu" or "cuda:0"."""
        return f"cuda:{self._index}" if self.backend.name == "cupy" else "cpu"

    @property
    def cuda_graphs(self) -> str:
        """How programs run as CUDA graphs: "no GPU", "off", or "on" with what was captured and what was not."""
        if self.device == "cpu":
            return "no GPU"
        return "off" if self.backend.graphs is None else self.backend.graphs.summary()

    def open(self, client: str, device: str = "") -> Session:
        """A new session. Raises QuotaExceededError when the worker is full or draining."""
        if device and device != self.device:
            raise DeviceError(f"this worker computes on {self.device}, not on {device[:100]!r}")
        with self._lock:
            self._reap()
            if self.draining:
                raise QuotaExceededError("this worker is shutting down and takes no new sessions")
            if len(self._sessions) >= self.max_sessions:
                raise QuotaExceededError(f"this worker has {len(self._sessions)} sessions, which is its --max-sessions")
            session = Session(SessionMachine(self.backend, self.limits), client[:200], self.device)
            self._sessions[session.id] = session
            self._past.sessions_opened += 1
        log.info("session opened: %s, for %s", session.id[:6], session.client)
        return session

    def session(self, session_id: str) -> Session:
        """A session by its id. Raises SessionNotFoundError, which says how it ended where that is known."""
        with self._lock:
            found = self._sessions.get(session_id)
            if found is None:
                raise SessionNotFoundError(self._ended.get(session_id, _NO_SESSION))
        return found

    # -- how sessions end --------------------------------------------------------------------------------------------

    def close(self, session_id: str) -> Failure | None:
        """End a session whose client asks for it; its first error that was never read, if any."""
        session = self.session(session_id)
        failure = session.first_failure()
        self._end(session, "the session was closed")
        return failure

    def evict(self, session_id: str) -> None:
        """End a session whose client did not ask for it: its next command fails. Raises SessionNotFoundError."""
        self._end(self.session(session_id), "the session was ended by the worker's administrator")

    def abandon(self, session: Session, error: TeletensorError) -> None:
        """End a session whose log cannot be continued."""
        session.forget_stream()
        self._end(session, f"the session ended with an error: {error}")

    def reap(self) -> None:
        """End sessions whose client has been away for longer than the lease. Called now and then."""
        with self._lock:
            self._reap()

    def has_become_idle(self) -> bool:
        """Whether there were sessions when this was last asked, and there are none any more."""
        with self._lock:
            before, self._was_busy = self._was_busy, bool(self._sessions)
            return before and not self._was_busy

    def _reap(self) -> None:
        for session in [s for s in self._sessions.values() if s.idle_seconds() > self.lease_seconds]:
            self._forget(session, f"the session expired: its client was away for {self.lease_seconds:g} s")

    def _end(self, session: Session, reason: str) -> None:
        with self._lock:
            self._forget(session, reason)

    def _forget(self, session: Session, reason: str) -> None:
        if self._sessions.pop(session.id, None) is None:
            return
        self._ended[session.id] = reason
        while len(self._ended) > _MOST_REMEMBERED:
            self._ended.popitem(last=False)
        self._past.add(session)
        session.end()
        log.info("session ended: %s, %s", session.id[:6], reason)

    # -- what the admin interface reads --------------------------------------------------------------------------------

    def session_infos(self) -> list[SessionInfo]:
        """Every open session, oldest first."""
        with self._lock:
            return [session.info() for session in self._sessions.values()]

    def tensor_infos(self, session_id: str) -> list[TensorInfo]:
        """What a session holds. Raises SessionNotFoundError."""
        return self.session(session_id).machine.infos()

    def device_infos(self) -> list[dict[str, Any]]:
        """The devices, with their memory in bytes."""
        return [{"device": self.device, "name": self.backend.device_name, **self.backend.memory_info()}]

    def totals(self) -> Totals:
        """Counts since the worker started, closed sessions included."""
        with self._lock:
            live = [session.info() for session in self._sessions.values()]
        return Totals(
            sessions_opened=self._past.sessions_opened,
            ops=self._past.ops + sum(s.ops for s in live),
            bytes_received=self._past.bytes_received + sum(s.bytes_received for s in live),
            bytes_sent=self._past.bytes_sent + sum(s.bytes_sent for s in live),
            errors=self._past.errors,
        )

    def count_error(self) -> None:
        """Note that a request was refused."""
        with self._lock:
            self._past.errors += 1

    def drain(self) -> None:
        """Take no new sessions."""
        self.draining = True

    def shutdown(self) -> None:
        """End every session."""
        with self._lock:
            for session in list(self._sessions.values()):
                self._forget(session, "the worker was shut down")


def _parse_device(device: str) -> tuple[str, int]:
    kind, _, index = device.partition(":")
    backend = {"auto": "auto", "cpu": "numpy", "cuda": "cupy"}.get(kind)
    if backend is None or (index and not index.isdecimal()):
        raise ValueError(f"--device takes auto, cpu or cuda:N, got {device!r}")
    return backend, int(index or 0)
