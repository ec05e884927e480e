"""PyTorch's own files: a zip file of a pickle and the raw data of each storage. Written and read without PyTorch.

Records: `data.pkl`, `data/0`, `data/1`, ..., `byteorder`, `version`, and one of ours, `.data/teletensor_devices`, which
PyTorch does not look at.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import CheckpointError

from teletensor.serialization.containers import Values
from teletensor.serialization.pickle_reader import Reader
from teletensor.serialization.pickle_writer import Writer
from teletensor.serialization.places import Placer

_DEVICES = ".data/teletensor_devices"
_MOST_PICKLE = 256 << 20
# Tensors may share storages, here each gets memory of its own: at most so many times the file's size together.
_MOST_VIEWS = 64
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(obj: Any, file: IO[bytes]) -> None:
    """Write an object so that `torch.load` reads it, with `weights_only=True` too."""
    values = Values(obj)
    writer = Writer()
    pickled = writer.dump(obj)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        _put(archive, "data.pkl", pickled)
        _put(archive, ".format_version", b"1")
        _put(archive, ".storage_alignment", b"1")
        _put(archive, "byteorder", b"little")
        for key, tensor in writer.storages.items():
            _put(archive, f"data/{key}", values.of(tensor).reshape(-1).view(np.uint8))
        devices = {key: str(t.device) for key, t in writer.storages.items() if t.device.type != "cpu"}
        if devices:
            _put(archive, _DEVICES, json.dumps(devices).encode())
        _put(archive, "version", b"3\n")


def _put(archive: zipfile.ZipFile, name: str, data: Any) -> None:
    entry = zipfile.ZipInfo(f"archive/{name}", _EPOCH)
    entry.file_size = len(data)
    with archive.open(entry, "w", force_zip64=len(data) >= 1 << 31) as record:
        record.write(data)


def read(file: IO[bytes], name: str, placer: Placer) -> Any:
    """The object in a file. Raises CheckpointError when it is damaged, or holds more than tensors and containers."""
    try:
        with _whole():
            archive = zipfile.ZipFile(file)
        with archive:
            return _Archive(archive, placer).load()
    except CheckpointError as error:
        raise CheckpointError(f"{name} cannot be loaded: {error}") from None


@contextlib.contextmanager
def _whole() -> Iterator[None]:
    """Raise what zipfile raises for damaged files as CheckpointError."""
    try:
        yield
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
    ) as error:
        raise CheckpointError(f"it is damaged or truncated ({error})") from None


def _size(archive: zipfile.ZipFile) -> int:
    file: Any = archive.fp
    with _whole():
        return int(file.seek(0, os.SEEK_END))


class _Archive:
    """An opened file: finds records, and makes tensors of storages."""

    def __init__(self, archive: zipfile.ZipFile, placer: Placer) -> None:
        self.archive = archive
        self.placer = placer
        self.records: dict[str, zipfile.ZipInfo] = {}
        for entry in archive.infolist():
            _, _, inner = entry.filename.partition("/")
            if inner in self.records:
                raise CheckpointError(f"the record {inner[:100]!r} is there twice")
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise CheckpointError(f"the record {inner[:100]!r} is compressed or encrypted; PyTorch writes neither")
            self.records[inner] = entry
        size = _size(archive)
        if sum(entry.file_size for entry in self.records.values()) > size:
            raise CheckpointError("its records overlap: together they are larger than the file")
        self.allowance = _MOST_VIEWS * size + _MOST_PICKLE
        self.devices: Any = {}
        self.storages: dict[str, np.ndarray[Any, Any]] = {}

    def load(self) -> Any:
        """The unpickled object."""
        if "data.pkl" not in self.records:
            raise CheckpointError("it is a zip file, but none of PyTorch's: there is no data.pkl in it")
        if "constants.pkl" in self.records:
            raise CheckpointError(
                "it is a TorchScript archive, which holds code; save the model's state_dict() instead"
            )
        if "byteorder" in self.records and self._record("byteorder") != b"little":
            raise CheckpointError("its data are big-endian, which is not supported")
        if self.records["data.pkl"].file_size > _MOST_PICKLE:
            raise CheckpointError(f"its pickle has more than {_MOST_PICKLE} bytes")
        if _DEVICES in self.records:
            with _whole():
                self.devices = json.loads(self._record(_DEVICES))
            if not isinstance(self.devices, dict):
                raise CheckpointError("its record of devices is damaged")
        return Reader(self._record("data.pkl"), self._tensor).load()

    def _record(self, name: str) -> bytes:
        if name not in self.records:
            raise CheckpointError(f"the record {name[:100]!r} is missing")
        with _whole():
            return self.archive.read(self.records[name])

    def _tensor(
        self,
        key: str,
        dtype: DType,
        location: str,
        count: int,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
    ) -> Any:
        """A tensor that shows part of a storage. What is asked for has been checked against `count` only."""
        storage = self.storages.get(key)
        if storage is None:
            storage = self.storages[key] = np.frombuffer(self._record(f"data/{key}"), np.uint8)
        if storage.nbytes != count * dtype.itemsize:
            raise CheckpointError(
                f"storage {key[:20]!r} has {storage.nbytes} bytes, expected {count} elements of {dtype.name}"
            )
        if dtype is dtypes.bool_ and storage.size and storage.max() > 1:
            raise CheckpointError("a bool tensor holds something else than 0 and 1")
        self.allowance -= dtype.itemsize * math.prod(size)
        if self.allowance < 0:
            raise CheckpointError("its tensors show the same data so often that they do not fit into memory")
        elements = storage.view(dtype.np)[offset:]
        strides = tuple(n * dtype.itemsize for n in stride)
        array = np.lib.stride_tricks.as_strided(elements, size, strides, writeable=False)
        place = self.devices.get(key, location)
        return self.placer(array, dtype, place if isinstance(place, str) else location)
