"""Safetensors files. Containers round the tensors are JSON in the file's metadata, so that any reader sees the tensors.

The format: eight bytes little-endian header length, a JSON header of {name: {dtype, shape, data_offsets}}, the data.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections import OrderedDict
from typing import IO, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import CheckpointError
from teletensor_core.spec import MAX_DIMS

from teletensor.serialization.containers import Values
from teletensor.serialization.places import Placer
from teletensor.serialization.structure import describe, rebuild
from teletensor.tensor import Tensor

_STRUCTURE, _DEVICES, _PAIRS, _CRC = (f"teletensor.{name}" for name in ("structure", "devices", "pairs", "crc32"))
_MOST_HEADER = 100_000_000
_NAMES = {
    dtypes.bool_: "BOOL", dtypes.uint8: "U8", dtypes.int8: "I8", dtypes.int16: "I16", dtypes.int32: "I32",
    dtypes.int64: "I64", dtypes.float16: "F16", dtypes.bfloat16: "BF16", dtypes.float32: "F32", dtypes.float64: "F64",
    dtypes.complex64: "C64",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}


def write(obj: Any, file: IO[bytes]) -> None:
    """Write an object's tensors and, as metadata, how they are nested."""
    values = Values(obj)
    tensors: dict[str, Tensor] = {}
    structure = describe(obj, tensors)
    arrays = {name: _storable(values.of(tensor)) for name, tensor in tensors.items()}
    crc = 0
    for array in arrays.values():
        crc = zlib.crc32(_raw(array), crc)
    header = _header(tensors, arrays)
    header["__metadata__"] = {
        _STRUCTURE: json.dumps(structure),
        _DEVICES: json.dumps({name: str(t.device) for name, t in tensors.items() if t.device.type != "cpu"}),
        # The format has no complex128: it is stored as pairs of float64.
        _PAIRS: json.dumps([name for name, t in tensors.items() if t.dtype is dtypes.complex128]),
        _CRC: str(crc),
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write(struct.pack("<Q", len(text)) + text)
    for array in arrays.values():
        file.write(_raw(array))


def _header(tensors: dict[str, Tensor], arrays: dict[str, np.ndarray[Any, Any]]) -> dict[str, Any]:
    header: dict[str, Any] = {}
    at = 0
    for name, array in arrays.items():
        dtype = dtypes.float64 if tensors[name].dtype is dtypes.complex128 else tensors[name].dtype
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(array.shape),
            "data_offsets": [at, at + array.nbytes],
        }
        at += array.nbytes
    return header


def _storable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype != np.complex128:
        return array
    return array.reshape(-1).view(np.float64).reshape(*array.shape, 2)


def _raw(array: np.ndarray[Any, Any]) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


# -- reading
# ------------------------------------------------------------------------------------------------------------


def read(file: IO[bytes], name: str, placer: Placer) -> Any:
    """The object in a file, or a flat dict of the tensors of another writer's. Raises CheckpointError when damaged."""
    try:
        header, body = _parse(file)
        metadata = header.pop("__metadata__", {})
        entries = _entries(header, body.nbytes)
        if _CRC in metadata and metadata[_CRC] != str(zlib.crc32(body)):
            raise CheckpointError("its data are not what was written: the checksum differs")
        devices, pairs = (_json(metadata.get(key, empty)) for key, empty in ((_DEVICES, "{}"), (_PAIRS, "[]")))
        if not isinstance(devices, dict) or not isinstance(pairs, list):
            raise CheckpointError("its metadata are damaged")
        tensors = {
            key: placer(
                _array(dtype, shape, body[start:end], key in pairs), _dtype(dtype, key in pairs), _place(devices, key)
            )
            for key, (dtype, shape, start, end) in entries.items()
        }
        if _STRUCTURE not in metadata:
            return OrderedDict(tensors)
        return rebuild(_json(metadata[_STRUCTURE]), tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{name} cannot be loaded: {error}") from None


def _parse(file: IO[bytes]) -> tuple[dict[str, Any], memoryview]:
    start = file.read(8)
    if len(start) < 8:
        raise CheckpointError(f"a safetensors file has at least 8 bytes, this one {len(start)}: it is truncated")
    (size,) = struct.unpack("<Q", start)
    if size > _MOST_HEADER:
        raise CheckpointError(f"its header claims {size} bytes: this is no safetensors file, or a damaged one")
    text = file.read(size)
    if len(text) < size:
        raise CheckpointError(f"its header claims {size} bytes, only {len(text)} follow: it is damaged or truncated")
    header = _json(text)
    if not isinstance(header, dict):
        raise CheckpointError("its header is no JSON object")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise CheckpointError("its metadata are damaged: they must be text")
    return header, memoryview(file.read())


def _json(text: bytes | str) -> Any:
    """JSON in which no key stands twice."""
    try:
        return json.loads(text.decode("utf-8") if isinstance(text, bytes) else text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its header is no JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))
        raise CheckpointError(f"its header has {twice[:100]!r} twice")
    return found


Entry = tuple[DType, tuple[int, ...], int, int]


def _entries(header: dict[str, Any], available: int) -> dict[str, Entry]:
    """Every tensor's dtype, shape and place: whole, and together covering the data without gap or overlap."""
    entries = {name: _entry(name, entry) for name, entry in header.items()}
    at = 0
    for name, (_, _, start, end) in sorted(entries.items(), key=lambda item: item[1][2:]):
        if start != at:
            what = "overlaps the one before" if start < at else "leaves a gap before it"
            raise CheckpointError(f"tensor {name[:100]!r} {what}: it starts at {start}, expected {at}")
        at = end
    if at != available:
        raise CheckpointError(
            f"its header describes {at} bytes of data, {available} follow: it is damaged or truncated"
        )
    return entries


def _entry(name: str, entry: Any) -> Entry:
    match entry:
        case {"dtype": str(code), "shape": [*sizes], "data_offsets": [start, end]} if len(entry) == 3:
            if code not in _DTYPES:
                raise CheckpointError(f"tensor {name[:100]!r} has dtype {code[:20]!r}; known are {', '.join(_DTYPES)}")
            numbers = [*sizes, start, end]
            if all(type(n) is int and 0 <= n < 1 << 62 for n in numbers) and len(sizes) <= MAX_DIMS:
                dtype = _DTYPES[code]
                # Without the zeros too: no dimension of an empty tensor may be beyond what an array can have.
                fits = math.prod(n for n in sizes if n) < 1 << 62
                if fits and math.prod(sizes) * dtype.itemsize == end - start:
                    return dtype, tuple(sizes), start, end
    raise CheckpointError(f"tensor {name[:100]!r} is damaged in the header: {str(entry)[:100]}")


def _array(dtype: DType, shape: tuple[int, ...], data: memoryview, pair: bool) -> np.ndarray[Any, Any]:
    array = np.frombuffer(data, dtype.np).reshape(shape)
    if dtype is dtypes.bool_ and array.size and array.reshape(-1).view(np.uint8).max() > 1:
        raise CheckpointError("a bool tensor holds something else than 0 and 1")
    if not pair:
        return array
    if dtype is not dtypes.float64 or not shape or shape[-1] != 2:
        raise CheckpointError(f"a complex tensor is stored as {dtype.name}{list(shape)}, expected pairs of float64")
    return array.reshape(-1).view(np.complex128).reshape(shape[:-1])


def _dtype(dtype: DType, pair: bool) -> DType:
    return dtypes.complex128 if pair else dtype


def _place(devices: dict[str, Any], name: str) -> str:
    place = devices.get(name, "cpu")
    if not isinstance(place, str):
        raise CheckpointError("its metadata are damaged: devices must be text")
    return place
