"""State dicts as safetensors files, streamed both ways, in order with the session's commands."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import teletensor as tt
from teletensor.remote import RemoteSession
from teletensor_core.errors import CheckpointError, QuotaExceededError, TensorNotFoundError

from tests.wire.inside import connect, serving


def exported(session: RemoteSession, **tensors: tt.Tensor) -> bytes:
    return b"".join(session.export_state({name: t._ref for name, t in tensors.items()}, {"made": "here"}))


def values(session: RemoteSession, refs: dict[str, Any]) -> dict[str, np.ndarray]:
    return dict(zip(refs, session.read(list(refs.values())), strict=True))


def file(tensors: dict[str, Any], data: bytes) -> bytes:
    header = json.dumps(tensors).encode()
    return struct.pack("<Q", len(header)) + header + data


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


# -- out ---------------------------------------------------------------------------------------------------------------


def test_an_export_is_a_safetensors_file(session: RemoteSession) -> None:
    data = exported(session, a=tt.arange(6.0).reshape(2, 3), b=tt.tensor([True, False]), c=tt.tensor(7))
    found = safetensors.numpy.load(data)
    np.testing.assert_array_equal(found["a"], np.arange(6, dtype=np.float32).reshape(2, 3))
    np.testing.assert_array_equal(found["b"], [True, False])
    assert found["c"].shape == ()
    (size,) = struct.unpack("<Q", data[:8])
    assert size % 8 == 0
    assert json.loads(data[8 : 8 + size])["__metadata__"] == {"made": "here"}


def test_an_export_sees_every_command_before_it(session: RemoteSession) -> None:
    x = tt.zeros(3)
    for _ in range(1_000):
        x += 1
    np.testing.assert_array_equal(safetensors.numpy.load(exported(session, x=x))["x"], [1000] * 3)


def test_views_and_large_tensors(session: RemoteSession) -> None:
    large = tt.arange(1 << 20).reshape(1024, 1024)
    found = safetensors.numpy.load(exported(session, turned=large.T, empty=tt.zeros(0, 3)))
    np.testing.assert_array_equal(found["turned"], np.arange(1 << 20).reshape(1024, 1024).T)
    assert found["empty"].shape == (0, 3)


def test_exporting_an_error_raises_it_and_it_is_read(session: RemoteSession) -> None:
    bad = tt.gather(tt.ones(3), 0, tt.tensor([9]))
    with pytest.raises(IndexError, match="out of bounds"):
        exported(session, bad=bad)
    session.synchronize()


def test_exporting_what_is_not_there(session: RemoteSession) -> None:
    with pytest.raises(TensorNotFoundError):
        list(session.export_state({"x": 1 << 40}))


# -- in ----------------------------------------------------------------------------------------------------------------


def test_there_and_back(session: RemoteSession) -> None:
    tensors = {
        str(dtype): (tt.arange(12).reshape(3, 4) % 2).to(dtype)
        for dtype in (tt.bool, tt.uint8, tt.int64, tt.float16, tt.bfloat16, tt.float32, tt.float64, tt.complex64)
    }
    data = b"".join(session.export_state({name: t._ref for name, t in tensors.items()}))
    refs = session.import_state(tensors, [data])
    for name, array in values(session, refs).items():
        np.testing.assert_array_equal(array, session.read([tensors[name]._ref])[0])


def test_commands_after_an_import_use_it(session: RemoteSession) -> None:
    data = safetensors.numpy.save({"w": np.arange(4, dtype=np.float32)})
    refs = session.import_state(["w"], [data])
    from teletensor.tensor_base import new
    from teletensor_core import dtypes
    from teletensor_core.spec import spec

    w = new(refs["w"], spec((4,), dtypes.float32), session)
    assert (w * 2).tolist() == [0, 2, 4, 6]


@pytest.mark.parametrize("size", [1, 7, 100, 1 << 22])
def test_pieces_of_any_size(session: RemoteSession, size: int) -> None:
    wanted = {"a": np.arange(100, dtype=np.int32), "b": np.ones((3, 5)), "skipped": np.zeros(50), "c": np.float32([1])}
    data = safetensors.numpy.save(wanted)
    refs = session.import_state(["c", "a", "b"], [data[i : i + size] for i in range(0, len(data), size)])
    for name, array in values(session, refs).items():
        np.testing.assert_array_equal(array, wanted[name])


WRONG = {
    "nothing": b"",
    "less than a length": b"\1\2",
    "a header that ends early": struct.pack("<Q", 100) + b"{}",
    "a header without end": struct.pack("<Q", 1 << 60) + b"{}",
    "no JSON": struct.pack("<Q", 4) + b"abcd",
    "JSON that is no object": struct.pack("<Q", 2) + b"[]",
    "deep JSON": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "no such name": file({"b": entry("F32", [1], 0, 4)}, bytes(4)),
    "an unknown dtype": file({"a": entry("F8", [1], 0, 4)}, bytes(4)),
    "a negative size": file({"a": entry("F32", [-1], 0, 4)}, bytes(4)),
    "a size that is no number": file({"a": entry("F32", [True], 0, 4)}, bytes(4)),
    "too many dimensions": file({"a": entry("F32", [1] * 64, 0, 4)}, bytes(4)),
    "offsets that lie": file({"a": entry("F32", [2], 0, 4)}, bytes(4)),
    "negative offsets": file({"a": entry("F32", [1], -4, 0)}, bytes(4)),
    "a hole": file({"a": entry("F32", [1], 4, 8)}, bytes(8)),
    "an overlap": file({"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 0, 4)}, bytes(4)),
    "data that ends early": file({"a": entry("F32", [2], 0, 8)}, bytes(7)),
    "data behind the end": file({"a": entry("F32", [2], 0, 8)}, bytes(9)),
    "a header of lists": file({"a": [1, 2]}, b""),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("what", sorted(WRONG))
@pytest.mark.parametrize("size", [3, 1 << 20])
def test_damaged_files_are_refused_and_nothing_is_bound(session: RemoteSession, what: str, size: int) -> None:
    data = WRONG[what]
    before = session._writer._handle
    with pytest.raises(CheckpointError):
        session.import_state(["a"], [data[i : i + size] for i in range(0, min(len(data), 3000 * size), size)])
    with pytest.raises(TensorNotFoundError):
        session.read([before + 1])


def test_a_file_that_does_not_fit_is_refused_by_its_header() -> None:
    with serving(session_bytes=1 << 20) as process, connect(process) as session:
        header = file({"a": entry("F32", [1 << 40], 0, 4 << 40)}, b"")
        with pytest.raises(QuotaExceededError):
            session.import_state(["a"], [header])
        assert tt.ones(2).tolist() == [1, 1]


def test_an_error_of_the_pieces_is_raised_as_it_is(session: RemoteSession) -> None:
    def pieces() -> Iterator[bytes]:
        yield struct.pack("<Q", 100)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        session.import_state(["a"], pieces())
    assert tt.ones(2).tolist() == [1, 1]


def test_an_export_that_is_dropped_half_way(session: RemoteSession) -> None:
    x = tt.zeros(1 << 22)
    pieces = session.export_state({"x": x._ref})
    next(pieces)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert (x[:3] + 1).tolist() == [1, 1, 1]
    assert len(exported(session, x=x[:2])) < 1000
