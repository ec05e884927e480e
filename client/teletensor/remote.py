"""The gRPC session: commands are packed into batches and sent without waiting; only reads wait.

The caller's thread writes rows into an outbox. It goes out when it is full, when someone is about to wait, or when the
pipe has had nothing to send for a moment. Dead handles ride in front of the next command, so that the worker frees
memory as early as the program does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import ConnectionLostError
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec, spec
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import HookCall, Limits

from teletensor.answers import Answer, Answered, error_of
from teletensor.channel import Endpoint
from teletensor.device import Device
from teletensor.locations import Locations
from teletensor.outbox import Outbox, Signatures
from teletensor.session import BackwardRequest, Ref, Session, Stats
from teletensor.stream import CommandStream

_FLUSH_COMMANDS = 256
_FLUSH_WORDS = 1 << 16
_FLUSH_BLOB_BYTES = 1 << 20
_INLINE_BYTES = 1 << 16
_RELEASES_AT_ONCE = 8
_MOST_SIGNATURES = 1 << 15
_MOST_MESSAGE = 4 << 20


class RemoteSession(Session):
    """A session on a worker, over one bidirectional stream. Thread-safe; commands run in the order they were given."""

    def __init__(
        self, endpoint: Endpoint, session_id: str, device: Device, limits: Limits, *, blocking: bool = False
    ) -> None:
        self.device = device
        self.id = session_id
        self.limits = limits
        self._blocking = blocking
        # Held while a row is written, and never while somebody waits for the worker.
        self._lock = threading.RLock()
        self._locations = Locations()
        self._signatures = Signatures(min(limits.signatures or _MOST_SIGNATURES, _MOST_SIGNATURES))
        self._outbox = Outbox(1)
        self._most_words = (limits.message_bytes or _MOST_MESSAGE) // 16
        self._sealed: Outbox | None = None
        self._nudged = False
        self._dead: list[int] = []
        self._handle = self._request = 0
        self._commands = self._round_trips = 0
        self._stream = CommandStream(endpoint, session_id, limits, self._locations, self._flush_if_idle)

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
            number = self._signatures.of_plan.get(plan) or self._define(plan)
            self._outbox.op(number, plan, location, outs, operands, self._most_words)
            self._written(outs)
        return outs

    def _define(self, plan: Plan) -> int:
        if self._signatures.is_full:
            self.flush()
            self._signatures.clear()
        return self._signatures.define(plan, self._outbox.fresh)

    def _command(self, *words: int) -> None:
        self._outbox.command(*words)
        self._written()

    def _written(self, outs: Sequence[int] = ()) -> None:
        """A row was written: see that it is sent in time."""
        self._commands += 1
        if self._blocking:
            self._run_now(outs)
            return
        outbox = self._outbox
        if outbox.commands >= _FLUSH_COMMANDS or len(outbox.words) >= _FLUSH_WORDS:
            self.flush()
        elif not self._nudged:
            self._nudged = True
            self._stream.nudge()

    def _run_now(self, outs: Sequence[int]) -> None:
        try:
            self.synchronize()
        except BaseException:
            # No tensor will be made of the results.
            self._dead.extend(outs)
            raise

    def _release_dead(self) -> None:
        # One list for ever: finalisers on any thread append to it, also now.
        dead = self._dead[:]
        del self._dead[: len(dead)]
        for start in range(0, len(dead), _FLUSH_WORDS):
            part = dead[start : start + _FLUSH_WORDS]
            self._outbox.command(codec.RELEASE, len(part), *part)
            if len(self._outbox.words) >= _FLUSH_WORDS:
                self._send_outbox()

    def flush(self) -> None:
        """Send what is waiting to be sent. Waits while too much is under way. Raises what broke the stream."""
        with self._lock:
            self._check_open()
            self._stream.wait_for_room()
            self._send_all()

    def _check_open(self) -> None:
        if self.closed:
            raise ConnectionLostError("this session is closed; connect again with teletensor.connect(...)")

    def _flush_if_idle(self) -> bool:
        """Send what is waiting, if there is room. False when another thread is writing: look again in a moment."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if not self.closed and self._stream.window.is_open():
                self._send_all()
            return True
        finally:
            self._lock.release()

    def _send_all(self) -> None:
        """Hand everything that was written to the stream, dead handles included."""
        self._nudged = False
        if self._dead:
            self._release_dead()
        self._send_outbox()

    def _send_outbox(self) -> None:
        """Hand the outbox to the stream. What an interrupt leaves undone here, the next call does."""
        while self._sealed is not None or self._outbox.words:
            if self._sealed is None:
                self._sealed = self._outbox
            if self._sealed is self._outbox:
                self._outbox = Outbox(self._sealed.sequence + 1)
            self._stream.send(self._sealed)
            self._sealed = None

    def release(self, ref: Ref) -> None:
        """Note a dead handle: it is told with the next command, or when the pipe is idle."""
        self._dead.append(ref)
        if not self._nudged:
            self._nudged = True
            self._stream.nudge()

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
        """Send an array: small ones inside the next batch, large ones in chunks after it. Waits for no answer."""
        location = self._locations.here()
        dense = np.ascontiguousarray(array, dtype=wanted.dtype.np)
        with self._lock:
            self._handle += 1
            handle = self._handle
            row = (codec.UPLOAD, handle, wanted.dtype.code, location)
            sizes = (wanted.ndim, *wanted.shape)
            if dense.nbytes <= _INLINE_BYTES:
                self._outbox.command(*row, self._outbox.blob(dense.tobytes()), *sizes)
                if self._outbox.blob_bytes >= _FLUSH_BLOB_BYTES:
                    self.flush()
            else:
                self.flush()
                self._outbox.command(*row, -1, *sizes)
                self.flush()
                self._stream.send_chunks(dense.reshape(-1).view(np.uint8).data)
            self._written((handle,))
        return handle

    # -- waiting -----------------------------------------------------------------------------------------------------

    def read(self, refs: Sequence[Ref]) -> list[np.ndarray[Any, Any]]:
        """Fetch values: one round trip however many there are."""
        return self._ask(codec.READ, len(refs), *refs).arrays

    def specs(self, refs: Sequence[Ref]) -> list[Spec]:
        """Ask for shapes that depend on data: one round trip."""
        reply = self._ask(codec.SPECS, len(refs), *refs).reply
        return [spec(tuple(entry.shape), dtypes.ALL[entry.dtype]) for entry in reply.specs]

    def synchronize(self) -> None:
        """Wait until everything has run; raises the oldest error that nobody has read."""
        self._ask(codec.SYNC)

    def _ask(self, command: int, *words: int) -> Answered:
        """Send a command that is answered, and wait for its answer."""
        with self._lock:
            self._check_open()
            self._request += 1
            answer = self._stream.expect(self._request)
            self._outbox.command(command, self._request, *words)
            self._commands += 1
            self._round_trips += 1
            self.flush()
        answered = answer.wait()
        assert isinstance(answered, Answered), "only a backward calls hooks"
        return _checked(answered)

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
            answer = self._stream.expect(self._request) if waits else None
            lists: list[int] = []
            for handles in (request.roots, [g or 0 for g in request.grads], request.targets):
                lists.extend((len(handles), *handles))
            self._outbox.command(codec.BACKWARD, self._request, flags, location, *lists, *results)
            if answer is None:
                self._written(results)
            else:
                self._commands += 1
                self.flush()
        if answer is not None:
            self._run_hooks(answer, request)
        return results

    def _run_hooks(self, answer: Answer, request: BackwardRequest) -> None:
        """Run the user's hooks here as the worker asks for them, until the backward is done."""
        assert request.run_hook is not None
        self._round_trips += 1
        try:
            while isinstance(event := answer.wait(), HookCall):
                wanted = spec(tuple(event.shape), dtypes.ALL[event.dtype])
                replacement = request.run_hook(event.hook, event.handle, wanted)
                with self._lock:
                    self._commands += 1
                    self._round_trips += 1
                    self._outbox.command(codec.HOOK_DONE, answer.request, replacement or 0)
                    self.flush()
        except BaseException:
            # A hook raised, or the wait was interrupted: the worker must not go on waiting for an answer.
            self._stream.forget(answer)
            with self._lock:
                self._outbox.command(codec.CANCEL, answer.request)
                self._stream.nudge()
            raise
        _checked(event)

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
            self._send_all()
            self.closed = True
            sessions.remove(self)
        self._stream.close()

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


def _checked(answered: Answered) -> Answered:
    if answered.reply.HasField("failure"):
        raise error_of(answered.reply.failure)
    return answered
