"""Watching calls and sessions: their methods are wrapped while a profiler records, and are themselves otherwise."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from teletensor_core.errors import ArgumentError

from teletensor import dispatch, sessions
from teletensor.local import LocalSession
from teletensor.missing import place as user_line
from teletensor.profiler.events import CLIENT, ENGINE, REGION, Event
from teletensor.session import Session
from teletensor.shadowing import shadow

if TYPE_CHECKING:
    from teletensor.profiler.worker_side import WorkerSide

_CALLS = ("apply", "apply_inplace", "apply_many", "apply_mutation", "apply_pair")
_COMMANDS = ("backward", "define_program", "read", "read_later", "run_program", "specs", "synchronize", "upload")
_active: list[Recording] = []
_clock = time.perf_counter_ns


class Recording:
    """Notes what happens from `start` to `stop`, in `events`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.dropped = 0
        self._undo: list[Callable[[], None]] = []
        self._workers: list[WorkerSide] = []
        self._inside = threading.local()

    def start(self) -> None:
        """Watch this process and every session that is open. Raises ArgumentError while another profiler does."""
        if _active:
            raise ArgumentError("a profiler is recording already: there can be one at a time")
        for session in (sessions.local(), *sessions.connected()):
            self._watch(session)
        for module, name in _names_of_calls():
            self._replace(module, name, self._call)
        _active.append(self)

    def stop(self) -> None:
        """Stop watching, and ask the workers for what they noted: one round trip for every 4,096 commands."""
        _active.remove(self)
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        for worker in self._workers:
            self.events += worker.finish()
            self.dropped += worker.dropped
        self._workers.clear()

    def region(self, name: str, start: int, where: str) -> None:
        """Note a region of the program that ends now."""
        self.events.append(Event(name, REGION, start, _clock(), where, threading.get_ident()))

    # -- wrapping ----------------------------------------------------------------------------------------------------

    def _replace(self, owner: Any, name: str, wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
        """Wrap a function of a module, or shadow a method of one object, until `stop`."""
        self._undo.append(shadow(owner, name, wrap(getattr(owner, name))))

    def _watch(self, session: Session) -> None:
        if isinstance(session, LocalSession):
            self._replace(session, "submit", self._engine)
            for name in ("backward", "run_program"):
                self._replace(session, name, lambda original, name=name: self._command(session, name, original, ENGINE))  # type: ignore[misc]
            return
        # Loaded by whoever opened the session: a profile of this process alone has no use for gRPC.
        from teletensor.profiler.worker_side import WorkerSide
        from teletensor.remote import RemoteSession

        for name in _COMMANDS:
            self._replace(session, name, lambda original, name=name: self._command(session, name, original))  # type: ignore[misc]
        if isinstance(session, RemoteSession):
            self._replace(session._readings, "wait", lambda original: self._command(session, "wait", original))
            worker = WorkerSide(session)
            self._replace(session._stream, "send", worker.sending)
            self._workers.append(worker)

    def _call(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """A call of an op, all that it costs this process."""

        def call(op: Any, *args: Any, **kwargs: Any) -> Any:
            if getattr(self._inside, "call", False):
                return original(op, *args, **kwargs)
            self._inside.call = True
            start = _clock()
            try:
                return original(op, *args, **kwargs)
            finally:
                end = _clock()
                self._inside.call = False
                self.events.append(Event(op.name, CLIENT, start, end, user_line(), threading.get_ident()))

        return call

    def _engine(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """An op run by the engine of this process."""

        def submit(plan: Any, operands: Any) -> Any:
            start = _clock()
            try:
                return original(plan, operands)
            finally:
                end, thread = _clock(), threading.get_ident()
                self.events.append(Event(plan.op.name, ENGINE, start, end, user_line(), thread, "cpu"))

        return submit

    def _command(
        self, session: Session, name: str, original: Callable[..., Any], side: str = CLIENT
    ) -> Callable[..., Any]:
        """Another command, with what it costs on the wire."""

        def command(*args: Any, **kwargs: Any) -> Any:
            before, start, result = session.stats().round_trips, _clock(), None
            try:
                result = original(*args, **kwargs)
                return result
            finally:
                event = Event(name, side, start, _clock(), user_line(), threading.get_ident(), str(session.device))
                event.round_trips = session.stats().round_trips - before
                event.bytes = _bytes(name, args, result)
                self.events.append(event)

        return command


def _bytes(name: str, args: tuple[Any, ...], result: Any) -> int:
    """How many bytes of tensors a command has moved."""
    if name == "upload":
        return int(args[1].nbytes)
    return sum(array.nbytes for array in result) if name == "read" and result is not None else 0


def _names_of_calls() -> list[tuple[Any, str]]:
    """Where this package's modules have the functions that every call of an op goes through, and under which names."""
    calls = {getattr(dispatch, name) for name in _CALLS}
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("teletensor.")]
    return [
        (module, name)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, FunctionType) and value in calls
    ]


class record_function(contextlib.ContextDecorator):
    """Names a region of code for a profiler. A context manager, and a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        self._start, self._where = _clock(), user_line() if _active else ""
        return self

    def __exit__(self, *exc: object) -> None:
        for recording in _active:
            recording.region(self.name, self._start, self._where)

    def _recreate_cm(self) -> record_function:
        """One for each call of a decorated function: calls may overlap."""
        return type(self)(self.name)
