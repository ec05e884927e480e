"""When batches go out, and how much may be under way."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
import teletensor as tt
from teletensor.flow import Window
from teletensor.remote import RemoteSession

from tests.wire.inside import WITHIN, connect, gate_ops, in_thread, reached, serving

# -- the window itself -------------------------------------------------------------------------------------------------


def test_a_window_closes_when_bytes_or_commands_fill_it() -> None:
    window = Window(100, 10)
    assert window.is_open()
    window.sent(100)
    assert not window.is_open()
    window.acknowledge(1)
    window.sent(1, commands=10)
    assert not window.is_open()
    window.acknowledge(2)
    assert window.is_open()


def test_acknowledgements_come_in_any_grouping() -> None:
    window = Window(100, 10)
    for _ in range(5):
        window.sent(30, 1)
    window.acknowledge(1)
    assert not window.is_open()
    window.acknowledge(3)
    assert window.is_open()
    window.acknowledge(2)
    assert window.is_open()


def test_an_acknowledgement_that_overtakes_the_counting() -> None:
    window = Window(10, 10)
    window.acknowledge(1)
    window.sent(10)
    assert window.is_open()


def test_slots_are_waited_for_by_those_who_want_one() -> None:
    window = Window(100, 10, most_slots=1)
    window.sent(1, slots=1)
    assert window.is_open()
    assert not window.wait_for_slot(window.frames, 0)
    window.acknowledge(1)
    assert window.wait_for_slot(window.frames, 0)
    window.sent(1, slots=1)
    wait = in_thread(lambda: window.wait_for_slot(window.frames, WITHIN))
    window.break_()
    assert wait()


def test_a_worker_that_is_there_is_waited_for() -> None:
    window = Window(100, 10, most_slots=1)
    window.sent(1)
    before = window.frames
    window.sent(1, slots=1)
    window.acknowledge(2)
    window.sent(1, slots=1)
    wait = in_thread(lambda: window.wait_for_slot(before, 0))
    window.acknowledge(3)
    assert wait()


def test_whoever_waits_goes_on_when_there_is_room() -> None:
    window = Window(10, 10)
    window.sent(10)
    wait = in_thread(window.wait)
    window.acknowledge(1)
    wait()


def test_whoever_waits_goes_on_when_the_stream_breaks() -> None:
    window = Window(10, 10)
    window.sent(10)
    wait = in_thread(window.wait)
    window.break_()
    wait()


# -- over the wire -----------------------------------------------------------------------------------------------------


def test_a_pipe_that_is_idle_is_filled(session: RemoteSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """One op, and nobody who waits for it: it goes out all the same."""
    session.synchronize()
    sent, send = threading.Event(), session._stream.send

    def noting(outbox: object, commands: int) -> None:
        send(outbox, commands)  # type: ignore[arg-type]
        sent.set()

    monkeypatch.setattr(session._stream, "send", noting)
    before = session.stats().batches
    tt.ones(3)
    reached(sent)
    assert session.stats().batches == before + 1
    assert session.stats().round_trips == 1


def test_batches_leave_while_a_program_never_pauses(session: RemoteSession) -> None:
    """The sender gets its turn from batch to batch, and not when the interpreter takes it from the program."""
    x = tt.ones(3)
    session.synchronize()
    before, interval = session.stats().bytes_sent, sys.getswitchinterval()
    sys.setswitchinterval(60)
    try:
        for _ in range(5000):
            x = x * x
        sent = session.stats().bytes_sent - before
    finally:
        sys.setswitchinterval(interval)
    assert sent > 8 * 4 * 500, "some of its batches are on their way"
    assert x.tolist() == [1, 1, 1]


def test_dead_tensors_are_released_when_the_pipe_is_idle(
    session: RemoteSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = tt.ones(3)
    session.synchronize()
    sent, send = threading.Event(), session._stream.send
    monkeypatch.setattr(session._stream, "send", lambda *args: (send(*args), sent.set()))
    ref = x._ref
    del x
    reached(sent)
    with pytest.raises(LookupError):
        session.read([ref])


def test_a_client_blocks_when_too_many_commands_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    full, wait = threading.Event(), Window.wait

    def noting(window: Window) -> None:
        if not window.is_open():
            full.set()
        wait(window)

    monkeypatch.setattr(Window, "wait", noting)
    with serving(window_commands=16_384) as process, connect(process) as session:
        many = in_thread(lambda: [tt.ones(1, device=session.device) for _ in range(30_000)])
        reached(gate.reached)
        reached(full)
        assert session.stats().commands < 16_384 + 2_000, "two batches over"
        gate.open()
        assert len(many()) == 30_000
        session.synchronize()


def test_a_client_blocks_when_too_many_bytes_are_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    full, wait = threading.Event(), Window.wait

    def noting(window: Window) -> None:
        if not window.is_open():
            full.set()
        wait(window)

    monkeypatch.setattr(Window, "wait", noting)
    data = np.arange(5 << 20, dtype=np.float32)
    with serving(window_bytes=4 << 20) as process, connect(process) as session:
        tt.ones(1)
        upload = in_thread(lambda: tt.from_numpy(data).to(session.device))
        reached(gate.reached)
        reached(full)
        assert session._stream._queue.qsize() <= 6, "frames that wait in this process are bounded too"
        gate.open()
        x = upload()
        np.testing.assert_array_equal(x.cpu().numpy(), data)


def test_health_and_admin_do_not_wait_behind_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    import grpc
    import httpx
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    gate = gate_ops(monkeypatch)
    with serving() as process, connect(process) as session:
        tt.ones(3)
        session._writer.flush()
        reached(gate.reached)
        with grpc.insecure_channel(process.grpc_address) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=WITHIN)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        assert httpx.get(process.admin_url + "/readyz", timeout=WITHIN).status_code == 200
        gate.open()
        session.synchronize()


def test_two_threads_share_a_session(session: RemoteSession) -> None:
    """One waits for a value; the other goes on with its own commands meanwhile."""

    def work(i: int) -> list[float]:
        return [(tt.full((3,), i, device=session.device) + j).sum().item() for j in range(50)]

    waits = [in_thread(lambda i=i: work(i)) for i in range(4)]
    for i, wait in enumerate(waits):
        assert wait() == [3 * (i + j) for j in range(50)]


def test_more_kinds_of_calls_than_the_worker_keeps() -> None:
    """Numbers of signatures are used again, and every row means what it meant when it was written."""
    with serving(max_signatures=16) as process, connect(process):
        x = tt.arange(40.0)
        results = [x[i : i + 2] * 2 for i in range(38)]
        assert [r.tolist() for r in results] == [[2.0 * i, 2.0 * i + 2] for i in range(38)]


def test_a_call_on_more_tensors_than_a_message_holds() -> None:
    with serving(message_bytes=4 << 20) as process, connect(process) as session:
        x = tt.ones(1)
        with pytest.raises(RuntimeError, match="lists of at most 65536"):
            tt.cat([x] * 70_000)
        assert tt.cat([x] * 60_000).sum().item() == 60_000
        session._writer._most_words = 100
        with pytest.raises(RuntimeError, match="--message-bytes"):
            tt.cat([x] * 101)
        assert tt.cat([x] * 100).sum().item() == 100


def test_very_many_tensors_that_die_at_once(session: RemoteSession) -> None:
    x = tt.ones(3)
    for ref in range(1 << 20, (1 << 20) + 300_000):
        session.release(ref)
    assert x.tolist() == [1, 1, 1]
