"""Ctrl-C, at every point where a user meets it: the session stays in step, and goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import teletensor as tt
from teletensor.answers import Answer
from teletensor.remote import RemoteSession
from teletensor.stream import CommandStream
from teletensor.writer import Writer

from tests.wire.inside import connect, gate_ops, serving
from tests.workers import WorkerProcess


def interrupt() -> None:
    """What Ctrl-C does, at once in this thread."""
    assert threading.current_thread() is threading.main_thread()
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def _interrupts_reach_python() -> Iterator[None]:
    """A shell starts what runs in its background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def in_step(session: RemoteSession) -> None:
    for i in range(3):
        assert (tt.ones(2, device=session.device) + i).tolist() == [1 + i] * 2
    session.synchronize()


def once(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, *, after: bool) -> None:
    """Interrupt the next call of a method, before it has done anything, or after it has done all."""
    function = getattr(where, name)
    waiting = [True]

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if not after and waiting and waiting.pop():
            interrupt()
        result = function(*args, **kwargs)
        if after and waiting and waiting.pop():
            interrupt()
        return result

    monkeypatch.setattr(where, name, interrupted)


@pytest.fixture(params=[True, False], ids=["shared", "stream"])
def either(worker: WorkerProcess, request: pytest.FixtureRequest) -> Iterator[RemoteSession]:
    """A session that shares memory with its worker, and one that does not."""
    with tt.connect(worker.grpc, token=worker.token, shared_memory=request.param) as session:
        yield session


@pytest.fixture
def read() -> Callable[[RemoteSession], Any]:
    return lambda session: (tt.ones(1 << 20, device=session.device) + 1).cpu()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("where", "name"),
    [(Answer, "wait"), (CommandStream, "send"), (CommandStream, "wait_for_room"), (CommandStream, "expect"),
     (Writer, "flush"), (Writer, "send_all"), (Writer, "command")],
)  # fmt: skip
def test_interrupting_a_read(
    session: RemoteSession, monkeypatch: pytest.MonkeyPatch, read: Any, where: Any, name: str, after: bool
) -> None:
    x = tt.arange(3)
    session.synchronize()
    once(monkeypatch, where, name, after=after)
    with pytest.raises(KeyboardInterrupt):
        read(session)
    in_step(session)
    assert x.tolist() == [0, 1, 2]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), [(CommandStream, "send"), (CommandStream, "wait_for_room")])
def test_interrupting_an_upload_in_chunks(
    either: RemoteSession, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, after: bool
) -> None:
    session, data = either, np.zeros(4 << 20, np.uint8)
    session.synchronize()
    once(monkeypatch, where, name, after=after)
    with pytest.raises(KeyboardInterrupt):
        tt.from_numpy(data).to(session.device)
    in_step(session)


def test_interrupting_an_upload_between_two_chunks(either: RemoteSession, monkeypatch: pytest.MonkeyPatch) -> None:
    session, data, sent = either, np.arange(24 << 20, dtype=np.uint8), []
    wait = CommandStream.wait_for_room

    def third_time(stream: CommandStream) -> None:
        sent.append(1)
        if len(sent) == 4:
            interrupt()
        wait(stream)

    with monkeypatch.context() as patch:
        patch.setattr(CommandStream, "wait_for_room", third_time)
        with pytest.raises(KeyboardInterrupt):
            tt.from_numpy(data).to(session.device)
    in_step(session)
    np.testing.assert_array_equal(tt.from_numpy(data).to(session.device).cpu().numpy(), data)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_interrupting_ops(session: RemoteSession, monkeypatch: pytest.MonkeyPatch, after: bool) -> None:
    x = tt.zeros(3)
    once(monkeypatch, Writer, "op", after=after)
    with pytest.raises(KeyboardInterrupt):
        x + 1
    for _ in range(1000):
        x = x + 1
    assert x.tolist() == [1000] * 3
    in_step(session)


def test_interrupting_the_wait_for_a_backward_with_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as process, connect(process) as session:
        x = tt.ones(3, requires_grad=True)
        x.register_hook(lambda g: g)
        loss = (x * x).sum()
        session.synchronize()
        once(monkeypatch, Answer, "wait", after=False)
        with pytest.raises(KeyboardInterrupt):
            loss.backward()
        in_step(session)


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large, so that its chunks would be taken for another answer's."""
    with serving() as process, connect(process) as session:
        large = tt.zeros(1 << 20)
        session.synchronize()
        with monkeypatch.context() as patch:
            gate = gate_ops(patch)
            once(patch, Answer, "wait", after=False)
            y = large + 1
            with pytest.raises(KeyboardInterrupt):
                y.cpu()
            gate.open()
        in_step(session)
        assert y.sum().item() == 1 << 20
