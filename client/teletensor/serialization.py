"""`save` and `load`: tensors and plain containers in safetensors files. Nothing is ever unpickled.

Tensors stand in the file under their path ("model.layer.weight"); the containers round them are JSON in the file's metadata,
so that any safetensors reader sees the tensors, and files of other writers load as flat dicts.
"""

from __future__ import annotations

import json
import os
import struct
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, CheckpointError
from teletensor_core.spec import MAX_DIMS, spec

from teletensor import sessions
from teletensor.device import Device
from teletensor.tensor import Tensor
from teletensor.tensor_base import new

_STRUCTURE = "teletensor.structure"
_MOST_HEADER = 100 << 20
_NAMES = {
    dtypes.bool_: "BOOL", dtypes.uint8: "U8", dtypes.int8: "I8", dtypes.int16: "I16", dtypes.int32: "I32",
    dtypes.int64: "I64", dtypes.float16: "F16", dtypes.bfloat16: "BF16", dtypes.float32: "F32", dtypes.float64: "F64",
    dtypes.complex64: "C64", dtypes.complex128: "C128",
}  # fmt: skip
_DTYPES = {name: dtype for dtype, name in _NAMES.items()}


def save(obj: Any, f: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write tensors in nested dicts, lists and tuples of plain values. A file is replaced whole or not at all.

    All tensors of one place are fetched in one round trip. Raises ArgumentTypeError for anything but tensors, plain
    containers, numbers, strings and None.
    """
    tensors: dict[str, Tensor] = {}
    structure = _describe(obj, "", tensors)
    data = _file_bytes(tensors, json.dumps(structure))
    if hasattr(f, "write"):
        for part in data:
            f.write(part)
    else:
        _replace(Path(f), data)


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: Any = None,
    *,
    weights_only: bool = True,
    mmap: bool | None = None,
) -> Any:
    """What `save` wrote. Tensors go to `map_location`, or back to where they were if that is connected, else to cpu.

    Raises CheckpointError for a damaged file, and for a pickle, which is never read.
    """
    data = f.read() if hasattr(f, "read") else Path(f).read_bytes()
    header, body = _parse(data)
    metadata = header.pop("__metadata__", {})
    places = json.loads(metadata.get("teletensor.devices", "{}"))
    tensors = {name: _tensor(name, entry, body, map_location, places.get(name)) for name, entry in header.items()}
    if _STRUCTURE not in metadata:
        return OrderedDict(tensors)
    return _rebuild(json.loads(metadata[_STRUCTURE]), tensors)


# -- containers ---------------------------------------------------------------------------------------------------------


def _describe(obj: Any, path: str, tensors: dict[str, Tensor]) -> Any:
    """Plain values as JSON; tensors are collected under their path."""
    if isinstance(obj, Tensor):
        name = path or "tensor"
        tensors[name] = obj
        return {"t": name, "g": obj.requires_grad and obj.is_leaf and type(obj) is Tensor}
    if obj is None or isinstance(obj, (bool, int, float, str)):
        return {"v": obj}
    if isinstance(obj, DType):
        return {"d": obj.name}
    if isinstance(obj, dict):
        items = [[_describe(k, "", {}), _describe(v, _join(path, k), tensors)] for k, v in obj.items()]
        return {"o": items} if isinstance(obj, OrderedDict) else {"m": items}
    if isinstance(obj, (list, tuple)):
        items = [_describe(v, _join(path, i), tensors) for i, v in enumerate(obj)]
        return {"l": items} if isinstance(obj, list) else {"u": items}
    raise ArgumentTypeError(
        f"save() takes tensors in dicts, lists and tuples of plain values, found {type(obj).__name__}"
        f"{f' at {path}' if path else ''}; save a module's state_dict(), not the module"
    )


def _join(path: str, key: Any) -> str:
    if not isinstance(key, (str, int, float, bool)):
        raise ArgumentTypeError(f"save(): dict keys must be strings or numbers, got {type(key).__name__}")
    return f"{path}.{key}" if path else str(key)


def _rebuild(node: Any, tensors: dict[str, Tensor]) -> Any:
    match node:
        case {"t": str(name), "g": bool(required)}:
            if name not in tensors:
                raise CheckpointError(f"the file's structure names a tensor {name!r} that is not in it")
            return tensors[name].requires_grad_(True) if required else tensors[name]
        case {"v": value}:
            return value
        case {"d": str(name)} if name in dtypes.BY_NAME:
            return dtypes.BY_NAME[name]
        case {"o": list(items)} | {"m": list(items)}:
            pairs = [(_rebuild(k, tensors), _rebuild(v, tensors)) for k, v in items]
            return OrderedDict(pairs) if "o" in node else dict(pairs)
        case {"l": list(items)}:
            return [_rebuild(v, tensors) for v in items]
        case {"u": list(items)}:
            return tuple(_rebuild(v, tensors) for v in items)
    raise CheckpointError(f"the file's structure is damaged: {str(node)[:100]}")


# -- bytes --------------------------------------------------------------------------------------------------------------


def _file_bytes(tensors: dict[str, Tensor], structure: str) -> list[bytes | memoryview]:
    arrays = _fetch_all(tensors)
    devices = {name: str(t.device) for name, t in tensors.items() if t.device.type != "cpu"}
    header: dict[str, Any] = {"__metadata__": {_STRUCTURE: structure, "teletensor.devices": json.dumps(devices)}}
    at = 0
    for name, tensor in tensors.items():
        size = arrays[name].nbytes
        header[name] = {"dtype": _NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    parts: list[bytes | memoryview] = [struct.pack("<Q", len(text)), text]
    return parts + [a.reshape(-1).view(np.uint8).data for a in arrays.values()]


def _fetch_all(tensors: dict[str, Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """The values of all tensors: one read for each session."""
    by_session: dict[Any, list[str]] = {}
    for name, tensor in tensors.items():
        by_session.setdefault(tensor._session, []).append(name)
    found: dict[str, np.ndarray[Any, Any]] = {}
    for session, names in by_session.items():
        found.update(zip(names, session.read([tensors[name]._ref for name in names]), strict=True))
    return {name: np.array(found[name], order="C") for name in tensors}


def _replace(path: Path, parts: list[bytes | memoryview]) -> None:
    """Write beside the file, make it durable, and put it in the file's place."""
    handle, name = tempfile.mkstemp(dir=path.parent or Path("."), prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    folder = os.open(path.parent or Path("."), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _parse(data: bytes) -> tuple[dict[str, Any], memoryview]:
    if data[:2] == b"PK" or data[:1] == b"\x80":
        raise CheckpointError(
            "this is a pickle (a PyTorch .pt file), which can run code when it is read and is refused; "
            "write it as safetensors where it was made: safetensors.torch.save_file(state_dict, path)"
        )
    if len(data) < 8:
        raise CheckpointError(f"a safetensors file has at least 8 bytes, this one {len(data)}: it is truncated")
    (size,) = struct.unpack_from("<Q", data)
    if size > min(_MOST_HEADER, len(data) - 8):
        raise CheckpointError(f"the header claims {size} bytes, the file has {len(data)}: it is damaged or truncated")
    try:
        header = json.loads(data[8 : 8 + size])
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"the file's header is no JSON: {error}") from None
    if not isinstance(header, dict):
        raise CheckpointError("the file's header is no JSON object")
    body = memoryview(data)[8 + size :]
    _check_layout(header, body.nbytes)
    return header, body


def _check_layout(header: dict[str, Any], available: int) -> None:
    """Every entry whole, in its place, and none over another."""
    spans = []
    for name, entry in header.items():
        if name == "__metadata__":
            if not isinstance(entry, dict) or not all(isinstance(v, str) for v in entry.values()):
                raise CheckpointError("the file's metadata is damaged")
            continue
        match entry:
            case {"dtype": str(code), "shape": [*sizes], "data_offsets": [int(start), int(end)]}:
                known = code in _DTYPES and len(sizes) <= MAX_DIMS and all(type(n) is int and n >= 0 for n in sizes)
                if known and 0 <= start <= end <= available and spec(tuple(sizes), _DTYPES[code]).nbytes == end - start:
                    spans.append((start, end, name))
                    continue
        raise CheckpointError(f"tensor {name!r} is damaged in the file's header: {str(entry)[:100]}")
    spans.sort()
    for (_, end, name), (start, _, other) in zip(spans, spans[1:], strict=False):
        if start < end:
            raise CheckpointError(f"tensors {name!r} and {other!r} overlap in the file")


def _tensor(name: str, entry: dict[str, Any], body: memoryview, map_location: Any, saved_place: str | None) -> Tensor:
    wanted = spec(tuple(entry["shape"]), _DTYPES[entry["dtype"]])
    start, end = entry["data_offsets"]
    array = np.frombuffer(body[start:end], wanted.dtype.np).reshape(wanted.shape)
    session = sessions.resolve(_place(map_location, saved_place))
    made: Tensor = new(session.upload(array, wanted), wanted, session)
    return made


def _place(map_location: Any, saved: str | None) -> Device:
    if isinstance(map_location, dict):
        return Device(map_location.get(saved or "cpu", saved or "cpu"))
    if map_location is not None:
        return Device(map_location)
    if saved is not None:
        wanted = Device(saved)
        if any(s.device == wanted or wanted.type == "remote" for s in sessions.connected()):
            return wanted
    return Device("cpu")
