"""A worker inside the test's process, so that a test can hold it up at a point that it names."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import teletensor as tt
from teletensor.remote import RemoteSession
from teletensor_core.engine import Engine
from teletensor_server import settings as settings_module
from teletensor_server.auth import Tokens
from teletensor_server.serve import WorkerProcess

TOKEN = "a-token-of-the-tests"
WITHIN = 20.0


@contextlib.contextmanager
def serving(**options: Any) -> Iterator[WorkerProcess]:
    """A worker that listens on free ports of this machine, with these settings."""
    given = {"port": 0, "admin_port": 0, "device": "cpu", "token": TOKEN, "drain_seconds": 5.0, **options}
    process = WorkerProcess(settings_module.load(**given), Tokens(TOKEN))
    try:
        yield process
    finally:
        process.drain()


def connect(process: WorkerProcess, **options: Any) -> RemoteSession:
    """A session on it."""
    return tt.connect(process.grpc_address, token=TOKEN, **options)


class Gate:
    """Holds up everything that calls a function: `reached` tells that somebody waits there, `open()` lets all go."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._opened = threading.Event()
        self.reached = threading.Event()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.reached.set()
        if not self._opened.wait(WITHIN):
            self._opened.set()
            raise AssertionError("nobody has opened the gate")
        return self._function(*args, **kwargs)

    def open(self) -> None:
        self._opened.set()


def gate_ops(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """A gate before every op that a worker of this process runs."""
    gate = Gate(lambda run, *args: run(*args))
    for name in ("run", "run_plain"):
        monkeypatch.setattr(Engine, name, functools.partialmethod(_through, gate, getattr(Engine, name)))
    return gate


def _through(engine: Engine, gate: Gate, run: Callable[..., Any], *args: Any) -> Any:
    return gate(run, engine, *args)


def reached(event: threading.Event) -> None:
    """Wait until a named point is reached."""
    assert event.wait(WITHIN), "the point was not reached"


def in_thread(function: Callable[[], Any]) -> Callable[[], Any]:
    """Start a function in a thread; calling what comes back waits for its result, or raises its error."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait() -> Any:
        thread.join(WITHIN)
        assert outcome, "it has not ended"
        result, error = outcome[0]
        if error is not None:
            raise error
        return result

    return wait
