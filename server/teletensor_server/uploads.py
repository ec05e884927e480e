"""Tensors on their way in: inside a batch, or in chunks after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.engine import Value
from teletensor_core.errors import MalformedRequestError
from teletensor_core.spec import MAX_DIMS, Spec, spec
from teletensor_protos.frames import Out

from teletensor_server.rows import Rows
from teletensor_server.table import Poison

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine


class Upload:
    """Bytes on their way into an array."""

    def __init__(self, handle: int, wanted: Spec, location: int) -> None:
        self.handle, self.spec, self.location = handle, wanted, location
        self.array = np.empty(wanted.shape, wanted.dtype.np)
        self.bytes = self.array.reshape(-1).view(np.uint8).data
        self.at = 0

    @property
    def missing(self) -> int:
        """How many bytes are still to come."""
        return int(self.spec.nbytes - self.at)

    def add(self, chunk: memoryview) -> bool:
        """Take a chunk; whether the array is whole now."""
        if chunk.nbytes > self.missing:
            raise MalformedRequestError(f"a chunk of {chunk.nbytes} bytes came, {self.missing} were missing")
        self.bytes[self.at : self.at + chunk.nbytes] = chunk
        self.at += chunk.nbytes
        return self.missing == 0


def start(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """UPLOAD: bind a handle to elements that come in a blob, or in the chunks after this batch."""
    handle, code, location, blob = rows.take(), rows.take(), rows.take(), rows.take()
    sizes = rows.take_list()
    if not 0 <= code < len(dtypes.ALL) or len(sizes) > MAX_DIMS or any(n < 0 for n in sizes):
        raise MalformedRequestError(f"upload of dtype {code} with sizes {sizes[:MAX_DIMS]}")
    wanted = spec(tuple(sizes), dtypes.ALL[code])
    machine.table.check_room((wanted,))
    if blob < 0:
        _expect(machine, rows, Upload(handle, wanted, location))
    elif blob >= len(rows.blobs) or len(rows.blobs[blob]) != wanted.nbytes:
        raise MalformedRequestError(f"upload of {wanted!r}: blob {blob} is missing or has another size")
    else:
        host = np.frombuffer(bytearray(rows.blobs[blob]), wanted.dtype.np).reshape(wanted.shape)
        _bind(machine, handle, host, wanted, location)
    return iter(())


def _expect(machine: SessionMachine, rows: Rows, upload: Upload) -> None:
    """The next chunks are the elements of this tensor."""
    if rows.left:
        raise MalformedRequestError("an upload in chunks must be the last row of its batch")
    if upload.missing == 0:
        _bind(machine, upload.handle, upload.array, upload.spec, upload.location)
    else:
        machine.upload = upload


def take_chunk(machine: SessionMachine, chunk: memoryview) -> None:
    """The next bytes of the upload that was announced last."""
    if machine.upload is None:
        raise MalformedRequestError("a chunk came, and no upload was announced")
    if machine.upload.add(chunk):
        done, machine.upload = machine.upload, None
        _bind(machine, done.handle, done.array, done.spec, done.location)


def _bind(machine: SessionMachine, handle: int, host: np.ndarray[Any, Any], wanted: Spec, location: int) -> None:
    """Put uploaded elements on the device."""
    try:
        value: Value | Poison = Value(machine.engine.backend.asarray(host), wanted)
    except Exception as error:
        value = machine.fail(error, f"upload of {wanted!r}", location)
    machine.table.put(handle, value, location)
