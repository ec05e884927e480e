"""Hostile calls over gRPC: whatever a client with a token sends, it gets a status, and others notice nothing."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any

import grpc
import numpy as np
import pytest
import teletensor as tt
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_protos import codec, handshake
from teletensor_protos.frames import pack_chunk
from teletensor_protos.v1 import worker_pb2 as pb
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub
from teletensor_server.serve import WorkerProcess

from tests.wire.inside import TOKEN, WITHIN, connect, serving

Status = grpc.StatusCode
AUTHORIZATION = ("authorization", f"Bearer {TOKEN}")
READ_NOTHING = codec.encode_rows([codec.SPECS, 1, 0])


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    with serving(max_sessions=200) as running:
        yield running


@pytest.fixture(scope="module")
def channel(process: WorkerProcess) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(process.grpc_address, [("grpc.max_send_message_length", 1 << 30)]) as opened:
        yield opened


@pytest.fixture(autouse=True)
def others_notice_nothing(process: WorkerProcess) -> Iterator[None]:
    """A neighbour's session computes before and after."""
    with connect(process) as neighbour:
        x = tt.arange(5)
        neighbour.synchronize()
        yield
        assert (x + 1).tolist() == [1, 2, 3, 4, 5]


def opened(channel: grpc.Channel) -> str:
    reply = WorkerStub(channel).Open(handshake.request("a test"), metadata=[AUTHORIZATION], timeout=WITHIN)
    return str(reply.session)


def stream(channel: grpc.Channel, session: str, frames: Iterable[bytes]) -> tuple[Status, str, list[pb.WorkerFrame]]:
    """How a stream of these frames ends: status, error's name, and what came before."""
    call = channel.stream_stream(codec.STREAM_METHOD, response_deserializer=pb.WorkerFrame.FromString)
    replies = call(iter(frames), metadata=[AUTHORIZATION, (codec.SESSION_KEY, session)], timeout=WITHIN)
    received = []
    try:
        for frame in replies:
            received.append(frame)
    except grpc.RpcError as error:
        trailing = dict(error.trailing_metadata() or ())
        return error.code(), str(trailing.get(codec.ERROR_KEY, "")), received
    return Status.OK, "", received


def batch(sequence: int, words: Iterable[int] = (), **fields: Any) -> bytes:
    made = pb.Batch(sequence=sequence, rows=codec.encode_rows(list(words)), **fields)
    return pb.ClientFrame(batch=made).SerializeToString()


UPLOAD = (codec.UPLOAD, 1, dtypes.float32.code, 0, 0, 1, 4)
ELEMENTS = np.ones(4, np.float32).tobytes()

BROKEN = {
    "no message": [b"\xff\xff\xff"],
    "an empty frame": [b""],
    "a frame of an unknown kind": [b"\x7a\x00"],
    "a slot, without shared memory": [pb.ClientFrame(shared=pb.SharedChunk(size=4)).SerializeToString()],
    "slots emptied, without shared memory": [pb.ClientFrame(taken=1).SerializeToString()],
    "a batch out of order": [batch(2)],
    "a batch twice": [batch(1), batch(1)],
    "half a word": [pb.ClientFrame(batch=pb.Batch(sequence=1, rows=b"abc")).SerializeToString()],
    "an unknown row": [batch(1, [999])],
    "a chunk of nothing": [pack_chunk(memoryview(b"abc"))],
    "a chunk that is too long": [
        batch(1, (codec.UPLOAD, 1, dtypes.float32.code, 0, -1, 1, 4)), pack_chunk(memoryview(bytes(17)))
    ],
    "a huge count": [batch(1, [codec.RELEASE, 1 << 62])],
    "a negative handle": [batch(1, [16, 0, -5, 1], signatures=codec.encode([(16, "exp", (), ("t",), 0, 1)]))],
    "no MessagePack": [batch(1, [], numbers=b"\xc1")],
    "a bomb": [batch(1, [], numbers=b"\xdd\x00\xf0\x00\x00" + b"\x90" * (15 << 20))],
    "an unknown op": [batch(1, [], signatures=codec.encode([(16, "frobnicate", (), (), 0, 1)]))],
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_what_breaks_the_protocol_ends_the_session(process: WorkerProcess, channel: grpc.Channel, what: str) -> None:
    session = opened(channel)
    status, name, _ = stream(channel, session, BROKEN[what])
    assert (status, name) in ((Status.INVALID_ARGUMENT, "malformed_request"), (Status.INTERNAL, "unknown_op"))
    status, name, _ = stream(channel, session, [batch(1)])
    assert (status, name) == (Status.NOT_FOUND, "session_not_found")
    assert session not in {info.id for info in process.worker.session_infos()}


def test_random_bytes_over_the_wire(channel: grpc.Channel) -> None:
    draw = random.Random(7)
    for _ in range(60):
        frames = [draw.randbytes(draw.randrange(1, 200)) for _ in range(draw.randrange(1, 4))]
        status, name, _ = stream(channel, opened(channel), frames)
        assert (status, name) == (Status.INVALID_ARGUMENT, "malformed_request")


def test_a_message_that_is_too_large(channel: grpc.Channel) -> None:
    status, _, _ = stream(channel, opened(channel), [batch(1, [], elements=bytes(17 << 20))])
    assert status is Status.RESOURCE_EXHAUSTED


def test_a_second_stream_is_refused_and_the_first_goes_on(channel: grpc.Channel) -> None:
    session = opened(channel)
    outcome: list[Any] = []

    def frames() -> Iterator[bytes]:
        yield batch(1, UPLOAD, elements=ELEMENTS)
        outcome.append(stream(channel, session, [batch(2)]))
        yield batch(2, [codec.READ, 1, 1, 1])

    status, _, received = stream(channel, session, frames())
    assert status is Status.OK
    assert outcome[0][:2] == (Status.INVALID_ARGUMENT, "malformed_request")
    assert received[-1].reply.elements == ELEMENTS


def test_a_log_goes_on_where_it_stopped(channel: grpc.Channel) -> None:
    """A session outlives its stream, and its log has one order."""
    session = opened(channel)
    assert stream(channel, session, [batch(1, UPLOAD, elements=ELEMENTS)])[0] is Status.OK
    status, _, received = stream(channel, session, [batch(2, [codec.READ, 1, 1, 1])])
    assert status is Status.OK
    assert received[-1].reply.elements == ELEMENTS


def test_handles_of_other_sessions_name_nothing(channel: grpc.Channel) -> None:
    mine, theirs = opened(channel), opened(channel)
    stream(channel, theirs, [batch(1, UPLOAD, elements=ELEMENTS)])
    _, _, received = stream(channel, mine, [batch(1, [codec.READ, 1, 1, 1])])
    assert received[-1].reply.failures[0].code == "tensor_not_found"
    request = pb.ExportRequest(tensors=[pb.NamedTensor(name="x", handle=1)])
    with pytest.raises(grpc.RpcError) as caught:
        list(WorkerStub(channel).ExportState(request, metadata=[AUTHORIZATION, (codec.SESSION_KEY, mine)]))
    assert caught.value.code() is Status.NOT_FOUND


@pytest.mark.parametrize("session", ["", "x", "A" * 24, "../../etc/passwd", "A" * 5000])
def test_sessions_that_do_not_exist(channel: grpc.Channel, session: str) -> None:
    assert stream(channel, session, [batch(1)])[:2] == (Status.NOT_FOUND, "session_not_found")
    for method in ("ExportState", "ImportState"):
        call = channel.stream_stream(f"/teletensor.v1.Worker/{method}")
        with pytest.raises(grpc.RpcError) as caught:
            list(call(iter([b""]), metadata=[AUTHORIZATION, (codec.SESSION_KEY, session)], timeout=WITHIN))
        assert caught.value.code() is Status.NOT_FOUND
    with pytest.raises(grpc.RpcError) as caught:
        WorkerStub(channel).Close(pb.CloseRequest(session=session), metadata=[AUTHORIZATION], timeout=WITHIN)
    assert caught.value.code() is Status.NOT_FOUND


def test_calls_after_close(channel: grpc.Channel) -> None:
    session = opened(channel)
    close = pb.CloseRequest(session=session)
    assert not WorkerStub(channel).Close(close, metadata=[AUTHORIZATION], timeout=WITHIN).HasField("failure")
    with pytest.raises(grpc.RpcError, match="the session was closed"):
        WorkerStub(channel).Close(close, metadata=[AUTHORIZATION], timeout=WITHIN)
    assert stream(channel, session, [batch(1)])[0] is Status.NOT_FOUND


@pytest.mark.parametrize("method", ["Open", "Close", "ExportState", "ImportState", "Memory"])
def test_requests_that_are_no_messages(channel: grpc.Channel, method: str) -> None:
    session = opened(channel)
    call = channel.stream_stream(f"/teletensor.v1.Worker/{method}")
    metadata = [AUTHORIZATION, (codec.SESSION_KEY, session)]
    with pytest.raises(grpc.RpcError) as caught:
        list(call(iter([b"\xff\xff\xff"]), metadata=metadata, timeout=WITHIN))
    assert caught.value.code() is Status.INVALID_ARGUMENT
    assert dict(caught.value.trailing_metadata())[codec.ERROR_KEY] == "malformed_request"


def test_an_import_of_nothing(channel: grpc.Channel) -> None:
    session = opened(channel)
    call = channel.stream_unary("/teletensor.v1.Worker/ImportState")
    with pytest.raises(grpc.RpcError) as caught:
        call(iter([]), metadata=[AUTHORIZATION, (codec.SESSION_KEY, session)], timeout=WITHIN)
    assert caught.value.code() is Status.INVALID_ARGUMENT


def test_more_metadata_than_there_may_be(channel: grpc.Channel) -> None:
    metadata = [AUTHORIZATION, ("x", "y" * 100_000)]
    with pytest.raises(grpc.RpcError):
        WorkerStub(channel).Open(handshake.request("a"), metadata=metadata, timeout=WITHIN)


def test_a_client_name_of_any_length_and_kind(process: WorkerProcess, channel: grpc.Channel) -> None:
    request = handshake.request("\x00\n\u202e" + "x" * 100_000)
    reply = WorkerStub(channel).Open(request, metadata=[AUTHORIZATION], timeout=WITHIN)
    assert len(process.worker.session(reply.session).client) == 200


def test_a_client_that_does_not_read_its_answers(channel: grpc.Channel, process: WorkerProcess) -> None:
    """The worker holds no more for it than the pipe does; hanging up frees all."""
    session = opened(channel)
    large = (codec.UPLOAD, 1, dtypes.uint8.code, 0, -1, 1, 8 << 20)
    frames = [batch(1, large), *[pack_chunk(memoryview(bytes(1 << 20)))] * 8]
    frames += [batch(2 + i, [codec.READ, 1 + i, 1, 1]) for i in range(50)]
    call = channel.stream_stream(codec.STREAM_METHOD)
    replies = call(iter(frames), metadata=[AUTHORIZATION, (codec.SESSION_KEY, session)])
    next(replies)
    taken = process.worker.session(session).machine._taken
    replies.cancel()
    assert taken < len(frames), "it read everything, and keeps 400 MiB of answers"


def test_internal_errors_tell_nothing(
    channel: grpc.Channel, process: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("a path: /secret/place")

    monkeypatch.setattr(process.worker, "open", fail)
    with pytest.raises(grpc.RpcError) as caught:
        opened(channel)
    assert caught.value.code() is Status.INTERNAL
    assert "secret" not in str(caught.value)
    assert dict(caught.value.trailing_metadata())[codec.ERROR_KEY] == "internal"
    monkeypatch.undo()
