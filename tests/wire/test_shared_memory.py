"""Tensors that move through memory which client and worker share, and the ways in which they do without."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
import teletensor as tt
from teletensor.lane import Lane, Piece
from teletensor.remote import RemoteSession
from teletensor_core.errors import SessionNotFoundError
from teletensor_protos import shared
from teletensor_protos.frames import parse_client_frame

from tests.wire.inside import connect, gate_ops, in_thread, reached, serving
from tests.wire.test_round_trips import Counted
from tests.workers import WorkerProcess

# As much as all slots hold, so that no piece of it has to wait for one, and three times as much.
LARGE = np.random.default_rng(0).standard_normal(4 << 20, np.float32)
LARGER = np.tile(LARGE, 3)


@pytest.mark.parametrize(
    "array",
    [LARGE, LARGE.reshape(2048, -1).T, LARGE[::3], np.arange(1 << 20) % 7, LARGE[:100_000] + 1j, LARGE[:20_001] > 0],
    ids=["large", "turned", "strided", "integers", "complex", "bools"],
)
def test_tensors_arrive_as_they_were(session: RemoteSession, array: np.ndarray) -> None:
    with Counted(session) as up:
        x = tt.from_numpy(array).to(session.device)
        session.synchronize()
    with Counted(session) as down:
        back = x.cpu().numpy()
    np.testing.assert_array_equal(back, array)
    for cost in (up.cost, down.cost):
        if array.nbytes > 1 << 18:
            assert cost.bytes_shared == array.nbytes
        assert cost.bytes_sent + cost.bytes_received < 100_000


def test_more_than_all_slots_hold_at_a_time(session: RemoteSession) -> None:
    with Counted(session) as counted:
        np.testing.assert_array_equal(tt.from_numpy(LARGER).to(session.device).cpu().numpy(), LARGER)
    assert LARGER.nbytes < counted.cost.bytes_shared <= 2 * LARGER.nbytes


def test_views_of_what_is_on_the_worker_arrive_in_their_own_order(session: RemoteSession) -> None:
    x = tt.from_numpy(LARGE.reshape(4, 1 << 10, -1)).to(session.device)
    np.testing.assert_array_equal(x.transpose(0, 2).cpu().numpy(), LARGE.reshape(4, 1 << 10, -1).transpose(2, 1, 0))
    halves = x.to(tt.bfloat16)
    np.testing.assert_array_equal(halves.cpu().float().numpy(), halves.float().cpu().numpy())


def test_many_tensors_share_slots(session: RemoteSession) -> None:
    arrays = [np.full((i % 50, 1000), i, np.float32) for i in range(300)]
    tensors = [tt.from_numpy(array).to(session.device) for array in arrays]
    with Counted(session) as counted:
        copies = tt.to_host(tensors)
    assert counted.cost.round_trips == 1
    assert counted.cost.bytes_shared == sum(array.nbytes for array in arrays)
    for copy, array in zip(copies, arrays, strict=True):
        np.testing.assert_array_equal(copy.numpy(), array)


def test_an_array_may_change_once_it_was_uploaded(session: RemoteSession) -> None:
    array = LARGE.copy()
    for i in range(4):
        array[:] = i
        x = tt.from_numpy(array).to(session.device)
        array[:] = -1
        assert (x == i).all().item()


def test_an_answer_holds_what_was_there_when_it_was_asked_for(session: RemoteSession) -> None:
    """Later commands arrive while the answer waits for slots, and have to wait too."""
    x = tt.from_numpy(LARGER).to(session.device)
    copies = []
    for _ in range(3):
        copies.append(x.to_host(non_blocking=True))
        x += 1
        session._writer.flush()
    for i, copy in enumerate(copies):
        np.testing.assert_array_equal(copy.result().numpy(), LARGER + np.float32(i) if i < 2 else (LARGER + 1) + 1)


def test_a_busy_worker_does_not_hold_up_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    with serving() as process, connect(process) as session:
        one = tt.ones(1)
        session._writer.flush()
        reached(gate.reached)
        array = LARGER.copy()
        x = tt.from_numpy(array).to(session.device)
        array[:] = -1
        y = x + one
        gate.open()
        np.testing.assert_array_equal(x.cpu().numpy(), LARGER)
        np.testing.assert_array_equal(y.cpu().numpy(), LARGER + 1)
        assert session.stats().bytes_shared < 3 * LARGER.nbytes


def test_both_ways_at_once(session: RemoteSession) -> None:
    x = tt.from_numpy(LARGER).to(session.device)

    def down() -> list[np.ndarray]:
        return [x.cpu().numpy() for _ in range(5)]

    def up() -> list[tt.Tensor]:
        return [tt.from_numpy(LARGER).to(session.device) for _ in range(5)]

    waits = [in_thread(work) for work in (down, up, down, up)]
    for wait in waits:
        for each in wait():
            found = each if isinstance(each, np.ndarray) else each.cpu().numpy()
            np.testing.assert_array_equal(found, LARGER)


def test_a_session_that_closes_before_its_answer_has_come(worker: WorkerProcess) -> None:
    """The worker hears of no slot any more, and sends the rest through the stream."""
    with tt.connect(worker.grpc, token=worker.token) as session:
        x = tt.from_numpy(LARGER).to(session.device)
        copy = x.to_host(non_blocking=True)
    np.testing.assert_array_equal(copy.result().numpy(), LARGER)


def test_a_stream_that_breaks_lets_an_upload_go(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as process:
        gate = gate_ops(monkeypatch)
        session = connect(process, default_device="cpu")
        tt.ones(1, device=session.device)
        session._writer.flush()
        reached(gate.reached)
        begun, pack = threading.Event(), Lane.pack

        def noting(lane: Lane, piece: Piece, frame: int) -> object:
            begun.set()
            return pack(lane, piece, frame)

        monkeypatch.setattr(Lane, "pack", noting)
        upload = in_thread(lambda: tt.from_numpy(np.tile(LARGER, 3)).to(session.device))
        reached(begun)
        process.worker.evict(session.id)
        with pytest.raises(SessionNotFoundError):
            upload()
        gate.open()
        with pytest.raises(SessionNotFoundError):
            session.close()


# -- without -----------------------------------------------------------------------------------------------------------


def moves(session: RemoteSession) -> int:
    """Move a tensor both ways; the bytes of it that went through shared memory."""
    with Counted(session) as counted:
        np.testing.assert_array_equal(tt.from_numpy(LARGE).to(session.device).cpu().numpy(), LARGE)
    return counted.cost.bytes_shared


def test_it_is_on_between_neighbours(session: RemoteSession) -> None:
    assert moves(session) == 2 * LARGE.nbytes


def test_a_client_may_do_without(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    with tt.connect(worker.grpc, token=worker.token, shared_memory=False) as session:
        assert moves(session) == 0
    monkeypatch.setenv("TELETENSOR_SHARED_MEMORY", "0")
    with tt.connect(worker.grpc, token=worker.token) as session:
        assert moves(session) == 0
    with tt.connect(worker.grpc, token=worker.token, shared_memory=True) as session:
        assert moves(session) == 2 * LARGE.nbytes


def test_a_worker_may_do_without() -> None:
    with serving(shared_memory_bytes=0) as process, connect(process) as session:
        assert moves(session) == 0


def test_a_worker_whose_memory_cannot_be_opened(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another container, or on another machine at the end of a tunnel."""
    readlink = os.readlink

    def another_machines(path: object) -> str:
        if str(path).startswith("/proc/"):
            raise FileNotFoundError(path)
        return readlink(path)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(shared.os, "readlink", another_machines)
    with tt.connect(worker.grpc, token=worker.token) as session:
        assert moves(session) == 0


def test_slots_that_a_message_can_replace() -> None:
    """A worker with small messages has small slots."""
    with serving(message_bytes=4 << 20) as process, connect(process) as session:
        assert session._stream.lane is not None
        assert session._stream.lane.slot_bytes == 2 << 20
        assert moves(session) >= LARGE.nbytes


# -- the client's side, by itself --------------------------------------------------------------------------------------


@pytest.fixture
def segment() -> shared.Segment:
    offer = shared.offer(8 * (1 << 16), 16 << 20)
    assert offer is not None
    segment = shared.attach(offer.describe())
    assert segment is not None
    offer.withdraw()
    return segment


def test_a_sender_that_is_ahead_of_its_slots_sends_the_elements_themselves(segment: shared.Segment) -> None:
    lane, data = Lane(segment), memoryview(bytes(range(200)))
    frames = [lane.pack(Piece(data), i + 1) for i in range(lane.slots + 1)]
    assert [isinstance(frame, bytes) for frame in frames] == [False] * lane.slots + [True]
    assert bytes(parse_client_frame(frames[-1])) == bytes(data)  # type: ignore[arg-type]
    lane.acknowledged(1)
    assert not isinstance(lane.pack(Piece(data), 99), bytes)
    lane.acknowledged(98)
    assert lane.bytes == (lane.slots + 1) * 200


def test_a_piece_tells_when_it_was_copied(segment: shared.Segment) -> None:
    lane, data = Lane(segment), bytearray(b"before")
    piece = Piece(memoryview(data))
    assert not piece.copied.is_set()
    frame = lane.pack(piece, 1)
    assert piece.copied.is_set()
    data[:] = b"after."
    assert bytes(segment.to_worker.view(frame.shared)) == b"before"  # type: ignore[union-attr]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """The memory has no name, and goes with the session."""
    before = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    with WorkerProcess(tmp_path) as process:
        held = lambda: [x for x in _open_files(process.pid) if "memfd:teletensor" in x]  # noqa: E731
        with tt.connect(process.grpc, token=process.token) as session:
            assert moves(session) == 2 * LARGE.nbytes
            assert len(held()) == 1
        assert held() == []
    assert (set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()) <= before


def _open_files(pid: int) -> list[str]:
    folder = f"/proc/{pid}/fd"
    found = []
    for name in os.listdir(folder):
        try:
            found.append(os.readlink(f"{folder}/{name}"))
        except FileNotFoundError:
            continue
    return found
