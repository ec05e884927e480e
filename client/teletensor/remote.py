"""The gRPC session: commands are packed into batches and sent without waiting; only reads wait.

Everything runs on the caller's thread except gRPC's own sender, which takes frames from a queue. A batch goes out when
it has `_FLUSH_ROWS` rows or when someone is about to wait. Dead handles ride in front of the next command, so that the
worker frees memory as early as the program does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import ConnectionLostError, MalformedRequestError, from_code
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec, spec
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import ArrayData, Failure, Reply

from teletensor.device import Device
from teletensor.locations import Locations
from teletensor.outbox import Outbox
from teletensor.session import BackwardRequest, Ref, Session, Stats
from teletensor.stream import CommandStream

_FLUSH_ROWS = 256
_FLUSH_BLOB_BYTES = 1 << 20
_INLINE_BYTES = 1 << 16
_RELEASES_AT_ONCE = 8


class RemoteSession(Session):
    """A session on a worker, over one bidirectional stream. Thread-safe; commands run in the order they were given."""

    def __init__(self, stream: CommandStream, device: Device, session_id: str, *, blocking: bool = False) -> None:
        self.device = device
        self.id = session_id
        self._stream = stream
        self._blocking = blocking
        self._lock = threading.RLock()
        self._outbox = Outbox()
        self._locations = Locations()
        self._dead: list[int] = []
        self._handle = 0
        self._request = 0
        self._commands = 0
        self._round_trips = 0

    # -- writing commands --------------------------------------------------------------------------------------------

    def submit(self, plan: Plan, operands: Sequence[Any]) -> tuple[Ref, ...]:
        """Append a row. Never waits, unless too much is under way already."""
        location = self._locations.here()
        with self._lock:
            if len(self._dead) >= _RELEASES_AT_ONCE:
                self._release_dead()
            first = self._handle + 1
            self._handle += plan.results
            outs = tuple(range(first, first + plan.results))
            self._outbox.op(plan, location, outs, operands)
            self._appended()
        return outs

    def _command(self, *words: int) -> None:
        self._outbox.words.extend(words)
        self._outbox.rows += 1
        self._appended()

    def _appended(self) -> None:
        self._commands += 1
        if self._blocking:
            self.synchronize()
        elif self._outbox.rows >= _FLUSH_ROWS or self._outbox.blob_bytes >= _FLUSH_BLOB_BYTES:
            self.flush()

    def _release_dead(self) -> None:
        dead, self._dead = self._dead, []
        self._outbox.words.extend((codec.RELEASE, len(dead), *dead))
        self._outbox.rows += 1

    def flush(self) -> None:
        """Send what is waiting to be sent."""
        with self._lock:
            if self.closed:
                raise ConnectionLostError("this session is closed; connect again with teletensor.connect(...)")
            if self._dead:
                self._release_dead()
            if self._outbox.words:
                self._stream.send(self._outbox.batch(self._locations))

    def release(self, ref: Ref) -> None:
        """Note a dead handle: it is told with the next command."""
        self._dead.append(ref)

    def require_grad(self, ref: Ref, required: bool) -> None:
        """Mark a leaf."""
        with self._lock:
            self._command(codec.REQUIRE_GRAD, ref, int(required))

    def detach_(self, ref: Ref) -> None:
        """Cut a tensor off from the graph."""
        with self._lock:
            self._command(codec.DETACH, ref)

    def set_hook(self, ref: Ref, hook: int, add: bool) -> None:
        """Add or remove a hook."""
        with self._lock:
            self._command(codec.HOOK, ref, hook, int(add))

    def upload(self, array: np.ndarray[Any, Any], wanted: Spec) -> Ref:
        """Send an array: small ones inside the next batch, large ones in chunks after it. Does not wait."""
        location = self._locations.here()
        with self._lock:
            self._handle += 1
            handle = self._handle
            dense = np.ascontiguousarray(array, dtype=wanted.dtype.np)
            row = (codec.UPLOAD, handle, wanted.dtype.code, location)
            sizes = (wanted.ndim, *wanted.shape)
            if dense.nbytes <= _INLINE_BYTES:
                self._command(*row, self._outbox.blob(dense.tobytes()), *sizes)
            else:
                self.flush()
                self._outbox.words.extend((*row, -1, *sizes))
                self._commands += 1
                self._stream.send(self._outbox.batch(self._locations))
                self._stream.send_chunks(dense.reshape(-1).view(np.uint8).data)
        return handle

    # -- waiting -----------------------------------------------------------------------------------------------------

    def read(self, refs: Sequence[Ref]) -> list[np.ndarray[Any, Any]]:
        """Fetch values: one round trip however many there are."""
        with self._lock:
            reply = self._ask(codec.READ, len(refs), *refs)
            return [self._array(entry) for entry in reply.arrays]

    def _array(self, entry: ArrayData) -> np.ndarray[Any, Any]:
        dtype = dtypes.ALL[entry.dtype]
        if not entry.streamed:
            return np.frombuffer(bytearray(entry.data), dtype.np).reshape(tuple(entry.shape))
        array = np.empty(tuple(entry.shape), dtype.np)
        self._stream.receive_into(array.reshape(-1).view(np.uint8).data)
        return array

    def specs(self, refs: Sequence[Ref]) -> list[Spec]:
        """Ask for shapes that depend on data: one round trip."""
        with self._lock:
            reply = self._ask(codec.SPECS, len(refs), *refs)
        return [spec(tuple(entry.shape), dtypes.ALL[entry.dtype]) for entry in reply.arrays]

    def synchronize(self) -> None:
        """Wait until everything has run; raises the oldest error that nobody has read."""
        with self._lock:
            self._ask(codec.SYNC)

    def _ask(self, command: int, *words: int) -> Reply:
        """Send a command that is answered, and wait for its answer."""
        self._request += 1
        self._outbox.words.extend((command, self._request, *words))
        self._outbox.rows += 1
        return self._answer(self._request)

    def _answer(self, request: int, run_hook: Any = None) -> Reply:
        self._commands += 1
        self._round_trips += 1
        self.flush()
        while True:
            reply = self._stream.reply()
            if reply.HasField("hook_call"):
                self._run_hook(reply, run_hook)
            elif reply.request == request:
                if reply.HasField("failure"):
                    raise _error(reply.failure)
                return reply
            elif reply.request:
                raise MalformedRequestError(f"the worker answered request {reply.request}, not {request}")

    # -- backward ----------------------------------------------------------------------------------------------------

    def backward(self, request: BackwardRequest) -> tuple[Ref, ...]:
        """One command. Waits for its end only when hooks may have to run."""
        location = self._locations.here()
        waits = request.run_hook is not None
        flags = (
            codec.CREATE_GRAPH * request.create_graph
            | codec.RETAIN_GRAPH * request.retain_graph
            | codec.ONLY_TARGETS * request.only_targets
            | codec.REPLY_WHEN_DONE * waits
        )
        with self._lock:
            first = self._handle + 1
            self._handle += len(request.targets)
            results = tuple(range(first, self._handle + 1))
            self._request += 1
            number = self._request
            self._outbox.words.extend((codec.BACKWARD, number, flags, location))
            for handles in (request.roots, [g or 0 for g in request.grads], request.targets):
                self._outbox.words.extend((len(handles), *handles))
            self._outbox.words.extend(results)
            self._outbox.rows += 1
            if waits:
                self._answer(number, request.run_hook)
            else:
                self._appended()
        return results

    def _run_hook(self, reply: Reply, run_hook: Any) -> None:
        """Run the user's hook here, on commands that go ahead of its answer."""
        call = reply.hook_call
        wanted = spec(tuple(call.shape), dtypes.ALL[call.dtype])
        answer = 0
        try:
            answer = run_hook(call.hook, call.handle, wanted) or 0
        finally:
            self._round_trips += 1
            self._command(codec.HOOK_DONE, answer)
            self.flush()

    # -- the session itself ------------------------------------------------------------------------------------------

    def stats(self) -> Stats:
        """What this session has cost so far."""
        with self._lock:
            return Stats(
                commands=self._commands,
                batches=self._stream.batches,
                round_trips=self._round_trips,
                bytes_sent=self._stream.bytes_sent,
                bytes_received=self._stream.bytes_received,
            )

    def close(self) -> None:
        """End the session; raises the oldest error that nobody has read."""
        from teletensor import sessions

        with self._lock:
            if self.closed:
                return
            try:
                self.flush()
            finally:
                self.closed = True
                sessions.remove(self)
                failure = self._stream.close(self.id)
        if failure is not None:
            raise _error(failure)

    def __enter__(self) -> RemoteSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        try:
            self.close()
        except Exception:
            if kind is None:
                raise

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"<{state} session on {self._stream.address}, device {self.device}>"


def _error(failure: Failure) -> Exception:
    where = failure.location or None
    message = f"{failure.message} (issued at {where})" if where else failure.message
    return from_code(failure.code, message, where)
