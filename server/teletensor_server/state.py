"""State dicts as safetensors files, streamed out of a session's tensors and into them without a pickle anywhere.

The format: eight bytes little-endian header length, a JSON header of {name: {dtype, shape, data_offsets}}, the data.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from teletensor_core import dtypes
from teletensor_core.engine import Value
from teletensor_core.errors import CheckpointError, MalformedRequestError
from teletensor_core.spec import MAX_DIMS, Spec, spec
from teletensor_protos.frames import CHUNK_BYTES

from teletensor_server.machine import SessionMachine
from teletensor_server.memory import cost_of_specs
from teletensor_server.reads import dense_parts
from teletensor_server.table import Poisoned

NAMES = {
    dtypes.bool_: "BOOL", dtypes.uint8: "U8", dtypes.int8: "I8", dtypes.int16: "I16", dtypes.int32: "I32",
    dtypes.int64: "I64", dtypes.float16: "F16", dtypes.bfloat16: "BF16", dtypes.float32: "F32", dtypes.float64: "F64",
    dtypes.complex64: "C64", dtypes.complex128: "C128",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in NAMES.items()}
_MOST_HEADER = 16 << 20
_LENGTH = struct.Struct("<Q")


# -- out ---------------------------------------------------------------------------------------------------------------


def export(machine: SessionMachine, named: dict[str, int], metadata: dict[str, str]) -> Iterator[bytes]:
    """The pieces of a safetensors file of these tensors. Raises the error of a tensor that has one."""
    values = {name: _exported(machine, handle) for name, handle in named.items()}
    # What the device found wrong must be told before the first byte is sent.
    machine.engine.backend.synchronize()
    yield _header({name: value.spec for name, value in values.items()}, metadata)
    for value in values.values():
        for part in dense_parts(machine.engine.backend.to_host(value.array)):
            data = part.reshape(-1).view(np.uint8).data
            for start in range(0, data.nbytes, CHUNK_BYTES):
                yield bytes(data[start : start + CHUNK_BYTES])


def _exported(machine: SessionMachine, handle: int) -> Value:
    try:
        return machine.table.value(handle)
    except Poisoned as poisoned:
        machine.failures.forget(poisoned.poison)
        raise poisoned.poison.error from None


def _header(specs: dict[str, Spec], metadata: dict[str, str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    at = 0
    for name, wanted in specs.items():
        offsets = [at, at + wanted.nbytes]
        header[name] = {"dtype": NAMES[wanted.dtype], "shape": list(wanted.shape), "data_offsets": offsets}
        at += wanted.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return _LENGTH.pack(len(text)) + text


# -- in ----------------------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """A tensor of a file: where its bytes are."""

    start: int
    end: int
    name: str
    spec: Spec


class Import:
    """A file on its way in: `named` tensors are collected as their bytes arrive, and bound when all are here."""

    def __init__(self, machine: SessionMachine, named: dict[str, int], lock: threading.Lock) -> None:
        self._machine, self._named, self._lock = machine, named, lock
        self._head = bytearray()
        self._body = False
        self._at = 0
        self._waiting: list[Entry] = []
        self._size = 0
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}

    def add(self, piece: bytes) -> None:
        """Take the next bytes. Raises CheckpointError for what is no safetensors file, and QuotaExceededError."""
        data = memoryview(piece)
        if not self._body:
            self._head += data
            length = self._header_length()
            if length is None or len(self._head) < length:
                return
            head, data = bytes(self._head[:length]), memoryview(bytes(self._head[length:]))
            self._head.clear()
            self._begin(parse_header(head[_LENGTH.size :]))
        self._take(data)

    def _header_length(self) -> int | None:
        if len(self._head) < _LENGTH.size:
            return None
        size: int = _LENGTH.unpack_from(self._head)[0]
        if size > _MOST_HEADER:
            raise CheckpointError(f"the file's header claims {size} bytes; at most {_MOST_HEADER} are accepted")
        return _LENGTH.size + size

    def _begin(self, entries: list[Entry]) -> None:
        self._body = True
        self._size = entries[-1].end if entries else 0
        self._waiting = [entry for entry in entries if entry.name in self._named]
        missing = set(self._named) - {entry.name for entry in self._waiting}
        if missing:
            raise CheckpointError(f"the file has no tensors called {sorted(missing)[:5]}")
        with self._lock:
            self._machine.table.reserve(cost_of_specs([entry.spec for entry in self._waiting]))
        backend = self._machine.engine.backend
        for entry in self._waiting:
            self._arrays[entry.name] = backend.host_buffer(entry.spec.shape, entry.spec.dtype.np)
        self._waiting.reverse()

    def _take(self, data: memoryview) -> None:
        """Copy the bytes of the body to where they belong; those of tensors that nobody wants are passed over."""
        begin, self._at = self._at, self._at + data.nbytes
        if self._at > self._size:
            raise CheckpointError(f"the file has {self._at - self._size} bytes or more behind its last tensor")
        while self._waiting and self._waiting[-1].start < self._at:
            entry = self._waiting[-1]
            first, last = max(entry.start, begin), min(entry.end, self._at)
            if first < last:
                target = self._arrays[entry.name].reshape(-1).view(np.uint8).data
                target[first - entry.start : last - entry.start] = data[first - begin : last - begin]
            if entry.end > self._at:
                break
            self._waiting.pop()

    def finish(self) -> list[str]:
        """Bind the tensors; their names. Raises CheckpointError for a file that ended early."""
        if not self._body:
            raise CheckpointError(f"the file ends in its header, after {len(self._head)} bytes")
        if self._at < self._size:
            raise CheckpointError(f"the file ends after {self._at} of {self._size} bytes of data")
        with self._lock:
            if self._machine.ended:
                raise MalformedRequestError("the session ended during the import")
            for name, array in self._arrays.items():
                wanted = spec(tuple(array.shape), dtypes.BY_NP[array.dtype])
                value = Value(self._machine.engine.backend.asarray(array), wanted)
                self._machine.table.put(self._named[name], value, 0)
        return list(self._arrays)


def parse_header(text: bytes) -> list[Entry]:
    """The tensors of a safetensors header, in the order of their bytes. Raises CheckpointError."""
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"the file's header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise CheckpointError("the file's header is no JSON object")
    entries = sorted(_entry(name, entry) for name, entry in header.items() if name != "__metadata__")
    at = 0
    for entry in entries:
        if entry.start != at:
            raise CheckpointError(f"tensor {entry.name[:100]!r} starts at byte {entry.start}, where {at} was expected")
        at = entry.end
    return entries


def _entry(name: str, entry: Any) -> Entry:
    match entry:
        case {"dtype": str(code), "shape": [*sizes], "data_offsets": [int(start), int(end)]}:
            if code in _DTYPES and len(sizes) <= MAX_DIMS and all(type(n) is int and 0 <= n < 1 << 62 for n in sizes):
                wanted = spec(tuple(sizes), _DTYPES[code])
                if start >= 0 and end - start == wanted.nbytes:
                    return Entry(start, end, name, wanted)
    raise CheckpointError(f"tensor {name[:100]!r} is damaged in the file's header: {str(entry)[:200]}")
