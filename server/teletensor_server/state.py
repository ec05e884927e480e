"""State dicts as safetensors files, streamed: written from and bound to a session's tensors without a pickle anywhere.

The format: eight bytes little-endian header length, a JSON header of {name: {dtype, shape, data_offsets}}, the data.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.engine import Value
from teletensor_core.errors import CheckpointError, QuotaExceededError
from teletensor_core.spec import MAX_DIMS, Spec, spec
from teletensor_protos.frames import CHUNK_BYTES

from teletensor_server.machine import SessionMachine
from teletensor_server.table import Poison

NAMES = {
    dtypes.bool_: "BOOL", dtypes.uint8: "U8", dtypes.int8: "I8", dtypes.int16: "I16", dtypes.int32: "I32",
    dtypes.int64: "I64", dtypes.float16: "F16", dtypes.bfloat16: "BF16", dtypes.float32: "F32", dtypes.float64: "F64",
    dtypes.complex64: "C64", dtypes.complex128: "C128",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in NAMES.items()}
_MOST_HEADER = 32 << 20


def export(machine: SessionMachine, named: dict[str, int], metadata: dict[str, str]) -> Iterator[bytes | memoryview]:
    """The pieces of a safetensors file of these tensors. Raises the error of a tensor that has one."""
    arrays: list[np.ndarray[Any, Any]] = []
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, handle in named.items():
        value = machine.table.get(handle)
        if isinstance(value, Poison):
            machine.surfaced(value.error)
            raise value.error
        array = np.array(machine.engine.backend.to_host(value.array), order="C")
        header[name] = {
            "dtype": NAMES[value.spec.dtype],
            "shape": list(value.spec.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
        arrays.append(array)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return _pieces(struct.pack("<Q", len(text)) + text, arrays)


def _pieces(head: bytes, arrays: list[np.ndarray[Any, Any]]) -> Iterator[bytes | memoryview]:
    yield head
    for array in arrays:
        data = array.reshape(-1).view(np.uint8).data
        for start in range(0, data.nbytes, CHUNK_BYTES):
            yield data[start : start + CHUNK_BYTES]


def collect(first: bytes, rest: Iterable[bytes], most: int) -> bytearray:
    """The whole file. Raises QuotaExceededError when it is larger than a session may be."""
    data = bytearray(first)
    for chunk in rest:
        data += chunk
        if most and len(data) > most:
            raise QuotaExceededError(f"a state of more than {most} bytes does not fit into a session of this worker")
    return data


def import_(machine: SessionMachine, named: dict[str, int], data: bytearray) -> list[str]:
    """Bind the file's tensors to the handles given for their names; the names that were bound.

    Raises CheckpointError for anything that is not a whole, well-formed safetensors file.
    """
    entries, body = _parse(data)
    missing = [name for name in named if name not in entries]
    if missing:
        raise CheckpointError(f"the file has no tensors called {missing[:5]}")
    machine.table.check_room(tuple(entries[name][0] for name in named))
    for name, handle in named.items():
        wanted, start = entries[name]
        host = np.frombuffer(body, wanted.dtype.np, wanted.numel, start).reshape(wanted.shape)
        machine.table.put(handle, Value(machine.engine.backend.asarray(host.copy()), wanted), 0)
    return list(named)


def _parse(data: bytearray) -> tuple[dict[str, tuple[Spec, int]], memoryview]:
    if len(data) < 8:
        raise CheckpointError(f"a safetensors file has at least 8 bytes, this one {len(data)}")
    (size,) = struct.unpack_from("<Q", data)
    if size > min(_MOST_HEADER, len(data) - 8):
        raise CheckpointError(f"the header claims {size} bytes; the file has {len(data)}")
    try:
        header = json.loads(bytes(data[8 : 8 + size]))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"the header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise CheckpointError("the header is no JSON object")
    body = memoryview(data)[8 + size :]
    return {name: _entry(name, e, body.nbytes) for name, e in header.items() if name != "__metadata__"}, body


def _entry(name: str, entry: Any, available: int) -> tuple[Spec, int]:
    match entry:
        case {"dtype": str(code), "shape": [*sizes], "data_offsets": [int(start), int(end)]}:
            if code in _DTYPES and len(sizes) <= MAX_DIMS and all(type(n) is int and n >= 0 for n in sizes):
                wanted = spec(tuple(sizes), _DTYPES[code])
                if 0 <= start <= end <= available and end - start == wanted.nbytes:
                    return wanted, start
    raise CheckpointError(f"tensor {name!r} is damaged in the header: {str(entry)[:200]}")
