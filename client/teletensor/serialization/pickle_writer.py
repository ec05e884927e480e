"""Writes the pickle of a PyTorch file: opcodes of protocol 2, put together by hand.

Classes are named without being imported, so PyTorch need not be there.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Any

import numpy as np
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError

from teletensor.device import Device
from teletensor.nn.parameter import Parameter
from teletensor.size import Size
from teletensor.tensor import Tensor


class Writer:
    """Pickles one object. `storages` are the tensors whose data have to be stored, by the key the pickle names."""

    def __init__(self) -> None:
        self.storages: dict[str, Tensor] = {}
        self._keys: dict[int, str] = {}
        self._out = bytearray(b"\x80\x02")

    def dump(self, obj: Any) -> bytes:
        """The pickle."""
        self._write(obj)
        self._out += b"."
        return bytes(self._out)

    def _write(self, obj: Any) -> None:
        if isinstance(obj, Tensor):
            self._tensor(obj)
        elif obj is None or isinstance(obj, bool):
            self._out += b"N" if obj is None else b"\x88" if obj else b"\x89"
        elif isinstance(obj, np.generic):
            self._write(obj.item())
        elif isinstance(obj, int):
            self._int(int(obj))
        elif isinstance(obj, float):
            self._out += b"G" + struct.pack(">d", obj)
        elif isinstance(obj, str):
            self._text(obj)
        elif isinstance(obj, dict):
            self._dict(obj)
        elif isinstance(obj, list):
            self._out += b"]"
            self._marked(obj, b"e")
        elif isinstance(obj, Size):
            self._call("torch", "Size", tuple(obj))
        elif isinstance(obj, tuple):
            self._tuple(obj)
        else:
            self._rare(obj)

    def _rare(self, obj: Any) -> None:
        if isinstance(obj, (set, frozenset)):
            self._call("__builtin__", "set", list(obj))
        elif isinstance(obj, complex):
            self._call("__builtin__", "complex", obj.real, obj.imag)
        elif isinstance(obj, bytes):
            self._call("_codecs", "encode", obj.decode("latin1"), "latin1")
        elif isinstance(obj, DType):
            self._global("torch", obj.name)
        elif isinstance(obj, Device):
            # PyTorch knows no remote device.
            self._call("torch", "device", "cpu" if obj.type == "remote" else str(obj))
        else:
            raise ArgumentTypeError(f"save() cannot write {type(obj).__name__}")

    def _int(self, n: int) -> None:
        if 0 <= n < 1 << 8:
            self._out += b"K" + bytes([n])
        elif -(1 << 31) <= n < 1 << 31:
            self._out += b"J" + struct.pack("<i", n)
        else:
            data = n.to_bytes(n.bit_length() // 8 + 1, "little", signed=True)
            if len(data) > 255:
                raise ArgumentTypeError(f"save(): an integer of {len(data)} bytes is too long")
            self._out += b"\x8a" + bytes([len(data)]) + data

    def _text(self, text: str) -> None:
        data = text.encode("utf-8", "surrogatepass")
        self._out += b"X" + struct.pack("<I", len(data)) + data

    def _tuple(self, parts: tuple[Any, ...]) -> None:
        if not parts:
            self._out += b")"
        else:
            self._marked(parts, b"t")

    def _marked(self, parts: Iterable[Any], end: bytes) -> None:
        self._out += b"("
        for part in parts:
            self._write(part)
        self._out += end

    def _dict(self, obj: dict[Any, Any]) -> None:
        if isinstance(obj, Counter):
            self._call("collections", "Counter", dict(obj))
            return
        if isinstance(obj, OrderedDict):
            self._call("collections", "OrderedDict")
        else:
            self._out += b"}"
        self._marked((part for item in obj.items() for part in item), b"u")
        attributes = vars(obj) if isinstance(obj, OrderedDict) else {}
        if attributes:
            self._write(dict(attributes))
            self._out += b"b"

    def _global(self, module: str, name: str) -> None:
        self._out += f"c{module}\n{name}\n".encode()

    def _call(self, module: str, name: str, *args: Any) -> None:
        self._global(module, name)
        self._tuple(args)
        self._out += b"R"

    def _tensor(self, tensor: Tensor) -> None:
        is_parameter = isinstance(tensor, Parameter)
        if is_parameter:
            self._global("torch._utils", "_rebuild_parameter")
            self._out += b"("
        self._global("torch._utils", "_rebuild_tensor_v2")
        self._out += b"("
        self._storage(tensor)
        self._int(0)
        self._tuple(tuple(tensor.shape))
        self._tuple(_dense(tuple(tensor.shape)))
        self._write(tensor.requires_grad and tensor.is_leaf and not is_parameter)
        self._call("collections", "OrderedDict")
        self._out += b"tR"
        if is_parameter:
            self._write(tensor.requires_grad)
            self._call("collections", "OrderedDict")
            self._out += b"tR"

    def _storage(self, tensor: Tensor) -> None:
        """The storage, by the number that names its record. The same tensor in two places is stored once."""
        key = self._keys.setdefault(id(tensor), str(len(self._keys)))
        self.storages[key] = tensor
        self._out += b"("
        self._write("storage")
        self._global("torch", f"{tensor.dtype.title}Storage")
        self._write(key)
        self._write("cpu" if tensor.device.type == "remote" else str(tensor.device))
        self._write(tensor.numel())
        self._out += b"tQ"


def _dense(shape: tuple[int, ...]) -> tuple[int, ...]:
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step)
        step *= max(n, 1)
    return tuple(reversed(strides))
