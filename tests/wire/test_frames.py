"""Frames that are written by hand are the messages that the protocol says they are."""

from __future__ import annotations

import numpy as np
import pytest
from teletensor.answers import Incoming
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError
from teletensor_core.spec import spec
from teletensor_protos import codec
from teletensor_protos.frames import grouped, pack_batch, pack_chunk, parse_client_frame
from teletensor_protos.v1.worker_pb2 import Batch, ClientFrame, Reply


@pytest.mark.parametrize("pieces", [[], [b""], [b"abc"], [b"a" * 200, memoryview(b"bc"), b"d" * 70_000]])
def test_a_packed_batch_is_a_message(pieces: list[bytes | memoryview]) -> None:
    batch = Batch(sequence=300, rows=codec.encode_rows([codec.SYNC, 1]), numbers=codec.encode([2.5]))
    frame = parse_client_frame(pack_batch(batch, pieces))
    assert isinstance(frame, ClientFrame)
    assert frame.batch.elements == b"".join(pieces)
    frame.batch.ClearField("elements")
    assert frame.batch == batch


def test_a_packed_chunk_is_a_message() -> None:
    assert ClientFrame.FromString(pack_chunk(b"abc", memoryview(b"de"))).chunk == b"abcde"


def answer_of(*entries: object, chunks: list[bytes]) -> list[object]:
    """What an answer with these entries holds once these chunks have come."""
    incoming = Incoming(Reply(request=1, arrays=codec.encode_arrays(entries)))  # type: ignore[arg-type]
    for chunk in chunks:
        assert not incoming.is_whole
        incoming.add(memoryview(chunk))
    assert incoming.is_whole
    return list(incoming.answered.arrays)


@pytest.mark.parametrize("size", [1, 3, 8, 17, 1000])
def test_arrays_of_an_answer_may_be_cut_anywhere(size: int) -> None:
    arrays = [np.arange(5.0), np.empty((2, 0), np.int64), np.float32(3).reshape(()), np.arange(12).reshape(3, 4)]
    entries = [spec(a.shape, dtypes.BY_NP[a.dtype]) for a in arrays]
    whole = b"".join(a.tobytes() for a in arrays)
    found = answer_of(*entries, chunks=[bytes(piece) for [piece] in grouped([memoryview(whole)], size)])
    for have, want in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(have, want, strict=True)


def test_bytes_that_belong_to_no_array_are_refused() -> None:
    incoming = Incoming(Reply(request=1, arrays=codec.encode_arrays([spec((2,), dtypes.uint8)])))
    with pytest.raises(MalformedRequestError, match="belongs to no array"):
        incoming.add(memoryview(b"abc"))
    with pytest.raises(MalformedRequestError, match="belongs to no array"):
        Incoming(Reply(request=1, elements=b"a"))


@pytest.mark.parametrize("words", [[8], [8, -1], [8, 2, 1], [8, 40, *[1] * 40], [8, 1, -1], [200, 1, 1]])
def test_damaged_descriptions_of_arrays_are_refused(words: list[int]) -> None:
    with pytest.raises(MalformedRequestError):
        codec.decode_arrays(codec.encode_rows(words))


def test_arrays_that_are_alike_are_arrays_of_their_own() -> None:
    arrays = [np.full((2, 3), i, np.int16) for i in range(9)] + [np.float64(i).reshape(()) for i in range(4)]
    entries = [spec(a.shape, dtypes.BY_NP[a.dtype]) for a in arrays]
    data = bytearray(b"".join(a.tobytes() for a in arrays))
    incoming = Incoming(Reply(request=1, arrays=codec.encode_arrays(entries)))
    incoming.add(memoryview(data)[:40])
    incoming.add(memoryview(data)[40:])
    data[:] = bytes(len(data))
    for have, want in zip(incoming.answered.arrays, arrays, strict=True):
        assert isinstance(have, np.ndarray)
        assert have.base is None
        np.testing.assert_array_equal(have, want, strict=True)
