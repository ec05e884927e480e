"""Sessions of a worker: how they begin, take turns, and end. No sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from teletensor_core import dtypes
from teletensor_core.errors import DeviceError, MalformedRequestError, QuotaExceededError, SessionNotFoundError
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Batch
from teletensor_server import session as session_module
from teletensor_server.worker import Worker

WITHIN = 20.0


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(session_module.time, "monotonic", lambda: self.now)


@pytest.fixture
def worker() -> Worker:
    return Worker(device="cpu", max_sessions=2, lease_seconds=60)


def batch(sequence: int, *words: int, **fields: Any) -> Batch:
    return Batch(sequence=sequence, rows=codec.encode_rows(list(words)), **fields)


def upload(sequence: int, handle: int) -> Batch:
    row = (codec.UPLOAD, handle, dtypes.float32.code, 0, 0, 1, 4)
    return batch(sequence, *row, elements=np.ones(4, np.float32).tobytes())


# -- beginnings --------------------------------------------------------------------------------------------------------


def test_sessions_have_ids_that_nobody_guesses(worker: Worker) -> None:
    ids = {worker.open("a").id, worker.open("b").id}
    assert len(ids) == 2
    assert all(len(one) >= 24 for one in ids)


def test_a_full_worker_refuses_and_takes_again_when_one_has_ended(worker: Worker) -> None:
    first = worker.open("a")
    worker.open("b")
    with pytest.raises(QuotaExceededError, match="--max-sessions"):
        worker.open("c")
    worker.close(first.id)
    worker.open("c")


def test_a_worker_that_shuts_down_takes_no_sessions(worker: Worker) -> None:
    worker.drain()
    with pytest.raises(QuotaExceededError, match="shutting down"):
        worker.open("a")


def test_a_device_that_the_worker_does_not_have(worker: Worker) -> None:
    with pytest.raises(DeviceError, match="computes on cpu, not on 'cuda:3'"):
        worker.open("a", "cuda:3")


# -- one stream --------------------------------------------------------------------------------------------------------


def test_a_second_stream_is_refused_and_the_first_goes_on(worker: Worker) -> None:
    session = worker.open("a")
    with session.streaming(lambda: None):
        with pytest.raises(MalformedRequestError, match="stream already"), session.streaming(lambda: None):
            pass
        assert session.connected
        list(session.run(iter([upload(1, 5)])))
        assert len(session.machine.table) == 1
    assert not session.connected


def test_commands_run_under_the_lock_and_waiting_does_not(worker: Worker) -> None:
    session = worker.open("a")
    held: list[bool] = []

    def frames() -> Iterator[Batch]:
        held.append(session.lock.locked())
        yield upload(1, 5)
        held.append(session.lock.locked())
        yield batch(2, codec.READ, 1, 1, 5)

    for _ in session.run(frames()):
        held.append(session.lock.locked())
    # The first batch is acknowledged, and the second answered.
    assert held == [False, True, False, True]
    assert not session.lock.locked()


def test_a_stream_that_is_dropped_lets_go_of_the_lock(worker: Worker) -> None:
    session = worker.open("a")
    replies = session.run(iter([batch(1, codec.SYNC, 1), batch(2, codec.SYNC, 2)]))
    next(replies)
    assert session.lock.locked()
    replies.close()
    assert not session.lock.locked()


def test_a_transfer_waits_for_the_command_that_runs(worker: Worker) -> None:
    session = worker.open("a")
    replies = session.run(iter([batch(1, codec.SYNC, 1)]))
    next(replies)
    entered = threading.Event()

    def transfer() -> None:
        with session.transfer(), session.lock:
            entered.set()

    thread = threading.Thread(target=transfer)
    thread.start()
    assert not entered.is_set()
    list(replies)
    thread.join(WITHIN)
    assert entered.is_set()


def test_one_transfer_at_a_time(worker: Worker) -> None:
    session = worker.open("a")
    with session.transfer(), pytest.raises(QuotaExceededError, match="transferring"), session.transfer():
        pass
    with session.transfer():
        pass


# -- ends --------------------------------------------------------------------------------------------------------------


def test_closing_frees_and_tells_the_error_that_nobody_read(worker: Worker) -> None:
    session = worker.open("a")
    list(session.run(iter([upload(1, 5), batch(2, codec.DETACH, 99)])))
    failure = worker.close(session.id)
    assert failure is not None
    assert failure.code == "tensor_not_found"
    assert len(session.machine.table) == 0
    with pytest.raises(SessionNotFoundError, match="was closed"):
        worker.session(session.id)


def test_eviction_frees_hangs_up_and_is_remembered(worker: Worker) -> None:
    session = worker.open("a")
    list(session.run(iter([upload(1, 5)])))
    hung_up = threading.Event()
    with session.streaming(hung_up.set):
        worker.evict(session.id)
    assert hung_up.is_set()
    assert len(session.machine.table) == 0
    with pytest.raises(SessionNotFoundError, match="administrator"):
        worker.session(session.id)
    with pytest.raises(SessionNotFoundError):
        worker.evict(session.id)


def test_an_evicted_session_stops_in_the_middle_of_a_batch(worker: Worker) -> None:
    session = worker.open("a")
    replies = session.run(iter([batch(1, codec.SYNC, 1, codec.SYNC, 2), batch(2, codec.SYNC, 3)]))
    next(replies)
    worker.evict(session.id)
    assert [r for r in replies if r.reply.request] == []  # type: ignore[union-attr]


def test_a_session_nobody_has_heard_of(worker: Worker) -> None:
    with pytest.raises(SessionNotFoundError, match="started anew"):
        worker.session("x" * 24)


def test_a_session_outlives_its_connection_for_the_lease_and_no_longer(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    session = worker.open("a")
    with session.streaming(lambda: None):
        list(session.run(iter([upload(1, 5)])))
        clock.now += 10_000
        worker.reap()
        assert worker.session(session.id) is session, "it is connected, however quiet"
    clock.now += 59
    worker.reap()
    assert worker.session(session.id) is session
    clock.now += 2
    worker.reap()
    with pytest.raises(SessionNotFoundError, match="expired: its client was away for 60 s"):
        worker.session(session.id)
    assert len(session.machine.table) == 0


def test_a_session_that_was_never_used_expires(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    worker.open("a")
    worker.open("b")
    clock.now += 61
    worker.open("c")
    assert len(worker.session_infos()) == 1


def test_a_transfer_keeps_a_session_alive(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    session = worker.open("a")
    with session.transfer():
        clock.now += 1000
        worker.reap()
        assert worker.session(session.id) is session


def test_what_ended_sessions_have_counted_stays(worker: Worker) -> None:
    session = worker.open("a")
    list(session.run(iter([upload(1, 5)])))
    before = worker.totals()
    assert before.bytes_received > 0
    worker.close(session.id)
    assert worker.totals() == before


def test_the_worker_remembers_how_the_last_thousand_sessions_ended(worker: Worker) -> None:
    ids = []
    for _ in range(1100):
        ids.append(worker.open("a").id)
        worker.close(ids[-1])
    with pytest.raises(SessionNotFoundError, match="was closed"):
        worker.session(ids[-1])
    with pytest.raises(SessionNotFoundError, match="ended long ago"):
        worker.session(ids[0])


def test_what_the_admin_interface_is_told(worker: Worker) -> None:
    session = worker.open("me")
    list(session.run(iter([Batch(sequence=1, locations=codec.encode([(3, "a.py:7")]))])))
    row = (codec.UPLOAD, 5, dtypes.float32.code, 3, 0, 1, 4)
    list(session.run(iter([batch(2, *row, elements=bytes(16))])))
    info, (tensor,) = session.info(), worker.tensor_infos(session.id)
    assert (info.client, info.tensors, info.bytes, info.batches) == ("me", 1, 16, 2)
    assert (tensor.handle, tensor.shape, tensor.dtype, tensor.bytes, tensor.location) == (
        5,
        (4,),
        "float32",
        16,
        "a.py:7",
    )
    assert 0 <= tensor.age_seconds < 60


def test_a_worker_becomes_idle_once_its_last_session_has_ended(worker: Worker) -> None:
    assert not worker.has_become_idle()
    first, second = worker.open("a client"), worker.open("another")
    assert not worker.has_become_idle()
    worker.close(first.id)
    assert not worker.has_become_idle()
    worker.close(second.id)
    assert worker.has_become_idle()
    assert not worker.has_become_idle()
