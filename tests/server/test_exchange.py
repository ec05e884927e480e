"""Shared memory in hostile hands: whose it is, what may be in it, and what becomes of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError
from teletensor_protos import codec, handshake, shared
from teletensor_protos.v1 import worker_pb2 as pb
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub
from teletensor_server.exchange import Exchange
from teletensor_server.info import SessionLimits
from teletensor_server.serve import WorkerProcess

from tests.server.machines import Driver
from tests.wire.inside import TOKEN, WITHIN, serving

SLOT = 1 << 16
AUTHORIZATION = ("authorization", f"Bearer {TOKEN}")


@pytest.fixture
def offer() -> Iterator[shared.Offer]:
    made = shared.offer(2 * shared.SLOTS * SLOT, 16 << 20)
    assert made is not None
    yield made
    made.withdraw()


def both(offer: shared.Offer) -> tuple[shared.Segment, shared.Segment]:
    """The segment as the client has it, and as the worker does."""
    theirs = shared.attach(offer.describe())
    assert theirs is not None
    return theirs, offer.accept(theirs.secret.tobytes().hex())


# -- who gets it -------------------------------------------------------------------------------------------------------


def test_a_client_that_can_open_it_shares_it(offer: shared.Offer) -> None:
    theirs, ours = both(offer)
    chunk = theirs.to_worker.fill(b"up", memoryview(b"ward"))
    assert bytes(ours.to_worker.view(chunk)) == b"upward"
    assert bytes(theirs.to_client.view(ours.to_client.fill(b"down"))) == b"down"


def test_it_is_the_owners_only_and_cannot_shrink(offer: shared.Offer) -> None:
    told = offer.describe()
    path = f"/proc/{told.process}/fd/{told.descriptor}"
    assert os.stat(path).st_mode & 0o777 == 0o600
    descriptor = os.open(path, os.O_RDWR)
    try:
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def test_it_is_not_where_it_was_once_it_is_shared(offer: shared.Offer) -> None:
    told = offer.describe()
    both(offer)
    assert shared.attach(told) is None
    with pytest.raises(MalformedRequestError, match="secret"):
        offer.accept("")


@pytest.mark.parametrize("secret", ["", "00" * 32, "ä", "x" * 10_000])
def test_a_wrong_secret_gets_nothing_and_ends_the_offer(offer: shared.Offer, secret: str) -> None:
    told = offer.describe()
    with pytest.raises(MalformedRequestError, match="secret"):
        offer.accept(secret)
    assert shared.attach(told) is None


@pytest.mark.parametrize(
    "wrong",
    [{"process": 1 << 40}, {"descriptor": 1 << 40}, {"slots": 0}, {"slots": 3}, {"slots": 1 << 31}, {"slot_bytes": 0},
     {"slot_bytes": 1 << 60}, {"slot_bytes": SLOT * 2}, {"secret_sha256": b""}, {"secret_sha256": bytes(32)}],
    ids=str,
)  # fmt: skip
def test_a_client_uses_only_what_it_was_told_of(offer: shared.Offer, wrong: dict[str, Any]) -> None:
    told = offer.describe()
    for name, value in wrong.items():
        setattr(told, name, value)
    assert shared.attach(told) is None


def test_a_client_opens_no_other_file(tmp_path: Path) -> None:
    """Whatever a worker elsewhere tells: no file, no pipe, and no memory that could shrink."""
    size = 4096 + 2 * shared.SLOTS * SLOT
    file = tmp_path / "memfd:teletensor"
    file.write_bytes(bytes(size))
    plain, (pipe, other) = os.open(file, os.O_RDWR), os.pipe()
    unsealed = os.memfd_create("teletensor", os.MFD_CLOEXEC)
    os.ftruncate(unsealed, size)
    try:
        digest = shared.hashlib.sha256(bytes(32)).digest()
        for descriptor in (plain, pipe, unsealed):
            told = pb.SharedMemory(
                process=os.getpid(), descriptor=descriptor, slots=shared.SLOTS, slot_bytes=SLOT, secret_sha256=digest
            )
            assert shared.attach(told) is None
    finally:
        for descriptor in (plain, pipe, other, unsealed):
            os.close(descriptor)


@pytest.mark.parametrize("total", [0, 1, 2 * shared.SLOTS * SLOT - 1])
def test_too_little_memory_is_none(total: int) -> None:
    assert shared.offer(total, 16 << 20) is None


# -- what may be in it -------------------------------------------------------------------------------------------------


def sharing() -> tuple[Driver, shared.Segment]:
    """A machine that shares memory, and the memory as its client has it."""
    offer = shared.offer(2 * shared.SLOTS * SLOT, 16 << 20)
    assert offer is not None
    theirs, ours = both(offer)
    driver = Driver(SessionLimits(session_bytes=1 << 30, tensors=1000, window_bytes=1 << 20, message_bytes=4 << 20))
    driver.machine.exchange = Exchange(ours, driver.machine.limits)
    return driver, theirs


def upload(driver: Driver, size: int) -> None:
    driver.feed((codec.UPLOAD, 1, dtypes.uint8.code, 0, -1, 1, size))


def test_an_upload_through_slots_and_chunks() -> None:
    driver, theirs = sharing()
    data = bytes(range(256)) * 3
    upload(driver, len(data))
    list(driver.machine.feed(theirs.to_worker.fill(data[:100])))
    list(driver.machine.feed(memoryview(data[100:300])))
    list(driver.machine.feed(theirs.to_worker.fill(data[300:])))
    assert bytes(driver.value(1)) == data


def test_what_is_in_a_slot_is_copied(offer: shared.Offer) -> None:
    driver, theirs = sharing()
    upload(driver, 4)
    list(driver.machine.feed(theirs.to_worker.fill(b"mine")))
    for _ in range(shared.SLOTS):
        theirs.to_worker.emptied(theirs.to_worker._filled)
        theirs.to_worker.fill(b"late")
    assert bytes(driver.value(1)) == b"mine"


@pytest.mark.parametrize(
    "chunk", [{"slot": shared.SLOTS}, {"slot": 1 << 31}, {"size": SLOT + 1}, {"size": 1 << 62}], ids=str
)
def test_slots_that_are_none(chunk: dict[str, int]) -> None:
    driver, _ = sharing()
    upload(driver, 4 << 20)
    with pytest.raises(MalformedRequestError, match="no slot"):
        list(driver.machine.feed(pb.SharedChunk(**chunk)))


def test_a_slot_that_belongs_to_no_upload() -> None:
    driver, _ = sharing()
    with pytest.raises(MalformedRequestError, match="no upload"):
        list(driver.machine.feed(pb.SharedChunk(size=4)))


def test_a_slot_with_more_than_was_announced() -> None:
    driver, _ = sharing()
    upload(driver, 4)
    with pytest.raises(MalformedRequestError, match="were missing"):
        list(driver.machine.feed(pb.SharedChunk(size=5)))


# -- answers -----------------------------------------------------------------------------------------------------------

LARGE = np.arange(2 * shared.SLOTS * SLOT // 8 + 3)


def asked(driver: Driver) -> list[Any]:
    """The frames of a client that asks for more than all slots hold."""
    return [driver.batch((codec.READ, 1, 1, driver.upload(LARGE)))]


def test_an_answer_goes_on_as_slots_are_emptied() -> None:
    driver, theirs = sharing()
    frames = [*asked(driver), *range(1, 100)]
    found, taken = b"", 0

    def client() -> Iterator[Any]:
        yield frames[0]
        while True:
            yield taken

    for out in driver.machine.run(client()):
        if out.HasField("shared"):
            found += bytes(theirs.to_client.view(out.shared))
            taken += 1
            if len(found) == LARGE.nbytes:
                break
    assert found == LARGE.tobytes()
    assert taken > shared.SLOTS


def test_a_client_that_is_silent_gets_the_rest_through_the_stream() -> None:
    driver, theirs = sharing()
    found, kinds = b"", list[str]()
    for out in driver.machine.run(iter(asked(driver))):
        if isinstance(out, bytes):
            kinds.append("chunk")
            found += bytes(_chunk(out))
        elif out.HasField("shared"):
            kinds.append("slot")
            found += bytes(theirs.to_client.view(out.shared))
    assert found == LARGE.tobytes()
    assert kinds.count("slot") == shared.SLOTS
    assert kinds[-1] == "chunk"


def _chunk(frame: bytes) -> memoryview:
    from teletensor_protos.frames import parse_worker_frame

    parsed = parse_worker_frame(frame)
    assert isinstance(parsed, memoryview)
    return parsed


def test_other_commands_wait_for_the_end_of_an_answer() -> None:
    driver, _ = sharing()
    frames = asked(driver)
    later = driver.batch((codec.RELEASE, 1, 1, codec.SYNC, 7))
    order: list[str] = []
    for out in driver.machine.run(iter([*frames, later, driver.batch((codec.READ, 8, 1, 1)), 1, 2, 3, 4, 5, 6, 7, 8])):
        if isinstance(out, bytes) or out.HasField("shared"):
            order.append("elements")
        elif out.reply.request:
            order.append(str(out.reply.request))
            if out.reply.request == 8:
                assert out.reply.failures[0].code == "tensor_not_found"
    assert order[0] == "1"
    assert order[-2:] == ["7", "8"]
    assert set(order[1:-2]) == {"elements"}


@pytest.mark.parametrize("taken", [[1 << 60], [2, 1], [shared.SLOTS + 1]], ids=str)
def test_slots_that_were_never_filled_cannot_be_emptied(taken: list[int]) -> None:
    driver, _ = sharing()
    with pytest.raises(MalformedRequestError, match="cannot have been emptied"):
        list(driver.machine.run(iter([*asked(driver), *taken])))


def test_a_client_that_empties_no_slot_and_goes_on_sending() -> None:
    driver, _ = sharing()
    driver.upload(np.ones(3))
    more = (memoryview(bytes(1 << 20)) for _ in range(10_000))
    with pytest.raises(MalformedRequestError, match="more than its window"):
        list(driver.machine.run(_chained(asked(driver), more)))


def _chained(*parts: Any) -> Iterator[Any]:
    for part in parts:
        yield from part


# -- over the wire -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    with serving() as running:
        yield running


def opened(process: WorkerProcess, *, share_memory: bool) -> pb.OpenReply:
    with grpc.insecure_channel(process.grpc_address) as channel:
        reply: pb.OpenReply = WorkerStub(channel).Open(
            handshake.request("a test", share_memory=share_memory), metadata=[AUTHORIZATION], timeout=WITHIN
        )
    return reply


def streamed(process: WorkerProcess, session: str, *more: tuple[str, str]) -> grpc.StatusCode:
    """How a stream with this metadata, and one question, ends."""
    frame = pb.ClientFrame(batch=pb.Batch(sequence=1, rows=codec.encode_rows([codec.SYNC, 1])))
    with grpc.insecure_channel(process.grpc_address) as channel:
        call = channel.stream_stream(codec.STREAM_METHOD)
        metadata = [AUTHORIZATION, (codec.SESSION_KEY, session), *more]
        replies = call(iter([frame.SerializeToString()]), metadata=metadata, timeout=WITHIN)
        try:
            list(replies)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK


def test_it_is_offered_to_those_who_ask(process: WorkerProcess) -> None:
    assert not opened(process, share_memory=False).HasField("shared_memory")
    assert opened(process, share_memory=True).HasField("shared_memory")


def test_a_client_that_shows_no_secret_goes_without(process: WorkerProcess) -> None:
    reply = opened(process, share_memory=True)
    assert streamed(process, reply.session) is grpc.StatusCode.OK
    assert shared.attach(reply.shared_memory) is None
    assert process.worker.session(reply.session).machine.exchange is None


def test_a_client_that_shows_another_secret_is_refused(process: WorkerProcess) -> None:
    reply, others = opened(process, share_memory=True), opened(process, share_memory=True)
    theirs = shared.attach(others.shared_memory)
    assert theirs is not None
    wrong = (shared.SECRET_KEY, theirs.secret.tobytes().hex())
    assert streamed(process, reply.session, wrong) is grpc.StatusCode.INVALID_ARGUMENT
    assert streamed(process, reply.session) is grpc.StatusCode.NOT_FOUND
    assert streamed(process, others.session, wrong) is grpc.StatusCode.OK


def test_a_session_that_ends_gives_it_back(process: WorkerProcess) -> None:
    reply = opened(process, share_memory=True)
    assert shared.attach(reply.shared_memory) is not None
    process.worker.evict(reply.session)
    assert shared.attach(reply.shared_memory) is None


def test_peers_from_elsewhere_get_no_offer() -> None:
    from teletensor_server.service import _is_near

    assert all(_is_near(peer) for peer in ("ipv4:127.0.0.1:5", "ipv6:%5B::1%5D:5", "unix:/x"))
    assert not any(_is_near(peer) for peer in ("ipv4:10.0.0.7:5", "ipv4:1.127.0.1:5", "ipv6:%5Bfe80::1%5D:5", ""))
