"""Chunks that travel compressed: where that pays, without loss, and with no more memory than their size says."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
import teletensor as tt
from backports import zstd
from teletensor.link import Link
from teletensor.remote import RemoteSession
from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, MalformedRequestError, ProtocolMismatchError
from teletensor_protos import compression, handshake
from teletensor_protos.compression import compress, decompress
from teletensor_protos.frames import CHUNK_BYTES, pack_chunk
from teletensor_protos.v1.worker_pb2 import CompressedChunk
from teletensor_server.serve import WorkerProcess

from benchmarks.delay import DelayProxy
from tests.wire.inside import TOKEN, connect, serving
from tests.wire.test_round_trips import Counted

DRAW = np.random.default_rng(0)
NOISE = DRAW.bytes(CHUNK_BYTES)
LABELS = DRAW.integers(0, 10, CHUNK_BYTES // 8)
SLOW = 10e6


# -- chunks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "ratio"),
    [
        (LABELS, 8),
        (DRAW.integers(0, 50_257, CHUNK_BYTES // 8), 3),
        (DRAW.normal(0, 0.02, CHUNK_BYTES // 4).astype(np.float32), 1.1),
        (DRAW.normal(0, 0.02, CHUNK_BYTES // 2).astype(dtypes.bfloat16.np), 1.3),
        (np.maximum(DRAW.normal(0, 1, CHUNK_BYTES // 8), 0), 1.5),
        (DRAW.random(CHUNK_BYTES) < 0.3, 3),
        (np.tile(DRAW.integers(0, 256, 5000, np.uint8), 200), 3),
    ],
    ids=["labels", "tokens", "weights", "bfloat16", "relu", "bools", "images"],
)
def test_what_shrinks_comes_back_as_it_was(array: np.ndarray, ratio: float) -> None:
    data = memoryview(array.tobytes())
    chunk = compress(data, SLOW)
    assert chunk is not None
    assert len(data) / len(chunk.data) > ratio
    assert decompress(chunk, len(data)) == data


@pytest.mark.parametrize("size", [1 << 15, (1 << 15) + 1, 100_003, CHUNK_BYTES - 7])
def test_bytes_that_are_no_whole_elements(size: int) -> None:
    for step in (1, 2, 4, 8):
        data = np.arange(size, dtype=np.uint64).astype(f"u{step}").tobytes()[:size]
        chunk = compress(data, SLOW)
        assert chunk is not None
        assert decompress(chunk, size) == data


def test_what_does_not_shrink_is_left_alone() -> None:
    assert compress(NOISE, 1.0) is None
    assert compress(bytes(1000), 1.0) is None


def test_what_a_fast_link_carries_is_left_alone() -> None:
    weights = DRAW.normal(0, 0.02, CHUNK_BYTES // 4).astype(np.float32).tobytes()
    assert compress(weights, 10e6) is not None
    assert compress(weights, 100e6) is None
    assert compress(bytes(CHUNK_BYTES), 100e6) is not None
    assert compress(bytes(CHUNK_BYTES), 1e9) is None


# -- chunks that nobody honest sends -----------------------------------------------------------------------------------


def packed(data: bytes, **options: int) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter[name]: value for name, value in options.items()})


def hostile() -> dict[str, CompressedChunk]:
    data = bytes(100_000)
    frame = packed(data)
    streamed = zstd.ZstdCompressor(options={zstd.CompressionParameter.content_size_flag: 0})
    sizeless = streamed.compress(data) + streamed.flush()
    lies = bytearray(packed(data, content_size_flag=1))
    assert lies[4] & 0xC0 == 0x80, "four bytes say the size"
    lies[5:9] = (0xFFFFFFF0).to_bytes(4, "little")
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"abcd"
    words = zstd.train_dict([b"some words %d that are much alike" % i * 9 for i in range(500)], 4096)
    with_dictionary = zstd.compress(data, zstd_dict=words)
    cases: dict[str, tuple[int, int, bytes]] = {
        "a bomb": (1000, 0, packed(bytes(1 << 30))),
        "a bomb that tells no size": (1000, 0, sizeless),
        "less than it says": (100_001, 0, frame),
        "more than it says": (99_999, 0, frame),
        "a size in the frame that is a lie": (100_000, 0, bytes(lies)),
        "a frame that ends early": (100_000, 0, frame[:-1]),
        "its beginning": (100_000, 0, frame[:3]),
        "something behind it": (100_000, 0, frame + b"x"),
        "a second frame": (200_000, 0, frame + frame),
        "an empty frame behind it": (100_000, 0, frame + packed(b"")),
        "a frame to be skipped": (4, 0, skippable),
        "one before it": (100_000, 0, skippable + frame),
        "a frame in a frame": (100_000, 0, packed(frame)),
        "a dictionary": (100_000, 0, with_dictionary),
        "a wide window": (1 << 20, 0, _wide(27)),
        "a window of 2 GiB": (1 << 20, 0, _wide(31)),
        "nothing": (100_000, 0, b""),
        "no frame": (100_000, 0, b"no frame at all"),
        "no bytes": (0, 0, packed(b"")),
        "an odd width": (100_000, 3, frame),
        "a great width": (100_000, 1 << 31, frame),
        "more than a chunk": (CHUNK_BYTES + 1, 0, packed(bytes(CHUNK_BYTES + 1))),
        "far more than a chunk": (0xFFFFFFFF, 0, frame),
    }
    return {name: CompressedChunk(size=size, width=width, data=data) for name, (size, width, data) in cases.items()}


def _wide(log: int) -> bytes:
    """A frame that wants a window of 2 ** `log` bytes, with one block of a million equal bytes."""
    header = b"\x28\xb5\x2f\xfd" + bytes([0, (log - 10) << 3])
    return header + (1 | 1 << 1 | (1 << 17) << 3).to_bytes(3, "little") + b"\0"


HOSTILE = hostile()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_other_chunk_is_taken(name: str) -> None:
    with pytest.raises(MalformedRequestError, match="compressed chunk"):
        decompress(HOSTILE[name], 1 << 40)


def test_no_more_is_taken_than_is_missing() -> None:
    chunk = compress(LABELS.tobytes(), SLOW)
    assert chunk is not None
    with pytest.raises(MalformedRequestError, match=f"{CHUNK_BYTES} bytes.* at most 1000 "):
        decompress(chunk, 1000)


def test_damage_is_noticed_or_harmless() -> None:
    """Any byte of a chunk changed: an error, or as many bytes as it says."""
    draw = np.random.default_rng(1)
    whole = compress(LABELS[:20_000].tobytes(), SLOW)
    assert whole is not None
    for _ in range(2000):
        data = bytearray(whole.data)
        data[draw.integers(len(data))] = draw.integers(256)
        chunk = CompressedChunk(size=whole.size, width=whole.width, data=bytes(data))
        try:
            assert len(decompress(chunk, whole.size)) == whole.size
        except MalformedRequestError:
            continue


# -- when --------------------------------------------------------------------------------------------------------------


def test_nothing_is_compressed_before_the_link_was_measured() -> None:
    frame = pack_chunk(LABELS.tobytes())
    for address in ("127.0.0.1:1", "far:1"):
        link = Link(address, "auto")
        assert link.frame(frame) is frame
        assert link.news() == 0
        link.up.carried(1000, link.up._last)
        assert link.up.seen == 0
        link.up.carried(4 << 20, link.up._last)
        assert link.up.seen > 0
        link.up._seen[-1] = 10e6
        assert len(link.frame(frame)) < len(frame) / 4
        assert link.news() == 10e6
        assert link.news() == 0
        link.up._seen[-1] = 1e9
        assert link.frame(frame) is frame
        # A worker that was told of a slow link is told that it no longer is.
        assert link.news() == (1e12 if address.startswith("127.") else 1e9)


def test_on_this_machine_only_tunnels_are_slow() -> None:
    """What both sides compute meanwhile makes loopback look slower than it is; compressed, it would stay so."""
    frame = pack_chunk(LABELS.tobytes())
    near, far = Link("127.0.0.1:1", "auto"), Link("far:1", "auto")
    for link in (near, far):
        link.up._seen.append(100e6)
    assert near.frame(frame) is frame
    assert near.news() == 0
    assert far.frame(frame) is not frame
    near.up._seen[-1] = 20e6
    assert near.frame(frame) is not frame


def test_what_was_compressed_makes_no_link_look_slow() -> None:
    link = Link("far:1", "auto")
    link.up._seen.append(1e9)
    link.up.carried(CHUNK_BYTES, 0.0, compressed=True)
    assert list(link.up._seen) == [1e9]
    assert Link("far:1", None)._rate(link.up) == math.inf


# -- over the wire -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    with serving() as process:
        yield process


@pytest.fixture
def session(process: WorkerProcess) -> Iterator[RemoteSession]:
    with connect(process, shared_memory=False, compression="zstd") as session:
        yield session


@pytest.mark.parametrize(
    "array",
    [
        np.tile(LABELS, 3)[:-5],
        LABELS.reshape(2, -1).T.astype(np.float32),
        LABELS[:9000].astype(np.int16),
        np.tile(LABELS > 4, 9),
    ],
    ids=["integers", "turned", "small", "bools"],
)
def test_tensors_arrive_as_they_were(session: RemoteSession, array: np.ndarray) -> None:
    with Counted(session) as up:
        x = tt.from_numpy(array).to(session.device)
        session.synchronize()
    with Counted(session) as down:
        back = x.cpu().numpy()
    np.testing.assert_array_equal(back, array)
    assert (up.cost.bytes_saved > array.nbytes / 2) == (array.nbytes > 1 << 16)
    assert (down.cost.bytes_saved > array.nbytes / 2) == (array.nbytes > 1 << 18)
    for cost, moved in ((up.cost, up.cost.bytes_sent), (down.cost, down.cost.bytes_received)):
        assert array.nbytes <= moved + cost.bytes_saved < array.nbytes + 2000


def test_what_a_worker_counts_is_what_was_sent(process: WorkerProcess, session: RemoteSession) -> None:
    x = tt.tensor(LABELS)
    x.cpu()
    info = process.worker.session(session.id).info()
    stats = session.stats()
    assert stats.bytes_saved > LABELS.nbytes
    assert abs(info.bytes_received - stats.bytes_sent) < 200
    assert abs(info.bytes_sent - stats.bytes_received) < 200


def test_many_tensors_in_one_answer(session: RemoteSession) -> None:
    arrays = [np.full((i % 70, 1001), i % 9 > 4) if i % 2 else np.arange(i * 90.0) for i in range(120)]
    tensors = [tt.from_numpy(array).to(session.device) for array in arrays]
    with Counted(session) as counted:
        found = tt.to_host(tensors)
    assert counted.cost.bytes_saved > 0
    for have, want in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(have.numpy(), want)


def test_noise_travels_as_it_is(session: RemoteSession) -> None:
    noise = np.frombuffer(NOISE, np.uint8)
    np.testing.assert_array_equal(tt.tensor(noise).cpu().numpy(), noise)
    assert session.stats().bytes_saved == 0


@pytest.mark.parametrize("asked", [None, "auto"])
def test_a_link_that_nobody_took_for_slow(process: WorkerProcess, asked: str | None) -> None:
    with connect(process, shared_memory=False, compression=asked) as session:
        np.testing.assert_array_equal(tt.tensor(LABELS).cpu().numpy(), LABELS)
        assert session._stream.link.up.seen == 0 or session._stream.link.up.seen > 30e6
        assert asked == "auto" or session.stats().bytes_saved == 0


def test_shared_memory_needs_none(process: WorkerProcess) -> None:
    with connect(process, compression="zstd") as session:
        np.testing.assert_array_equal(tt.tensor(LABELS).cpu().numpy(), LABELS)
        assert session.stats().bytes_saved == 0
        assert session.stats().bytes_shared == 2 * LABELS.nbytes


def test_a_slow_link_is_noticed(process: WorkerProcess) -> None:
    """Both ways, and once it was measured; what was sent before goes as it is."""
    array = np.tile(LABELS, 16)
    with (
        DelayProxy(process.grpc_address, 0.001, rate=40e6) as proxy,
        tt.connect(proxy.address, token=TOKEN, shared_memory=False) as session,
    ):
        x = tt.tensor(array)
        session.synchronize()
        assert 1e6 < session._stream.link.up.seen < 100e6
        with Counted(session) as up:
            x = tt.tensor(array[1:])
            session.synchronize()
        with Counted(session) as down:
            back = x.cpu().numpy()
        np.testing.assert_array_equal(back, array[1:])
        assert up.cost.bytes_sent < array.nbytes / 4
        assert down.cost.bytes_received < array.nbytes / 4


def test_a_worker_that_is_told_nothing_compresses_nothing(process: WorkerProcess, session: RemoteSession) -> None:
    x = tt.tensor(LABELS)
    session.synchronize()
    process.worker.session(session.id).machine.link_rate = math.inf
    with Counted(session) as down:
        x.cpu()
    assert down.cost.bytes_saved == 0


def test_a_stream_with_a_bomb_ends(process: WorkerProcess, session: RemoteSession) -> None:
    session._stream.link.frame = lambda _: b"\x2a" + _sized(HOSTILE["a bomb"])  # type: ignore[method-assign]
    with pytest.raises(MalformedRequestError, match="compressed chunk"):
        tt.tensor(LABELS).sum().item()
    session._stream.link.frame = lambda frame: frame  # type: ignore[method-assign]
    with connect(process, shared_memory=False) as other:
        assert tt.ones(3, device=other.device).sum().item() == 3
    with pytest.raises(MalformedRequestError):
        session.close()


def _sized(chunk: CompressedChunk) -> bytes:
    data, size = chunk.SerializeToString(), bytearray()
    left = len(data)
    while left > 0x7F:
        size.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*size, left]) + data


# -- with and without --------------------------------------------------------------------------------------------------


def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the package were not installed; in this process, where both sides are."""
    monkeypatch.setattr(compression, "AVAILABLE", False)
    kept = tuple(name for name in handshake.CAPABILITIES if name != compression.CAPABILITY)
    monkeypatch.setattr(handshake, "CAPABILITIES", kept)


def test_a_side_without_it_changes_nothing(process: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch)
    with connect(process, shared_memory=False) as session:
        session._stream.link.up._seen.append(1e6)
        np.testing.assert_array_equal(tt.tensor(LABELS).cpu().numpy(), LABELS)
        assert session.stats().bytes_saved == 0
    with pytest.raises(ArgumentError, match=r"pip install 'teletensor\[zstd\]'"):
        connect(process, compression="zstd")
    with pytest.raises(MalformedRequestError, match="not said"):
        decompress(HOSTILE["a bomb"], 1000)


def test_a_worker_without_it(process: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tuple(name for name in handshake.CAPABILITIES if name != compression.CAPABILITY)
    monkeypatch.setattr(handshake, "CAPABILITIES", kept)
    before = len(process.worker.session_infos())
    with pytest.raises(ProtocolMismatchError, match=r"cannot decompress.*pip install"):
        connect(process, compression="zstd")
    assert len(process.worker.session_infos()) == before
    with connect(process, shared_memory=False) as session:
        assert session._stream.link._compression is None


def test_names(process: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ArgumentError, match="'auto', 'zstd' or None"):
        connect(process, compression="gzip")
    monkeypatch.setenv("TELETENSOR_COMPRESSION", "lz4")
    with pytest.raises(ArgumentError, match="auto, zstd or none"):
        connect(process)
    monkeypatch.setenv("TELETENSOR_COMPRESSION", "none")
    with connect(process, shared_memory=False) as session:
        assert session._stream.link._compression is None
