"""Tensors on their way in: inside a batch, or in chunks after it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.engine import Value
from teletensor_core.errors import MalformedRequestError
from teletensor_core.spec import MAX_DIMS, Spec, spec
from teletensor_protos.frames import Out

from teletensor_server.memory import Cost, cost_of_specs
from teletensor_server.rows import Rows
from teletensor_server.table import Poison

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

_MOST_SIZE = 1 << 62
# Kinds of tensors whose meaning is kept.
_MOST_KINDS = 1 << 12


class Upload:
    """Bytes on their way into an array. One without an array is refused already: its bytes are thrown away."""

    def __init__(self, handle: int, wanted: Spec, location: int, array: np.ndarray[Any, Any] | None) -> None:
        self.handle, self.spec, self.location = handle, wanted, location
        self.array = array
        self._bytes = None if array is None else array.reshape(-1).view(np.uint8).data
        self._at = 0

    @property
    def missing(self) -> int:
        """How many bytes are still to come."""
        return int(self.spec.nbytes - self._at)

    def add(self, chunk: memoryview) -> None:
        """Take the next bytes. Raises MalformedRequestError for more than are missing."""
        if chunk.nbytes > self.missing:
            raise MalformedRequestError(f"a chunk of {chunk.nbytes} bytes came, {self.missing} were missing")
        if self._bytes is not None:
            self._bytes[self._at : self._at + chunk.nbytes] = chunk
        self._at += chunk.nbytes


def start(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """UPLOAD: bind a handle to elements that are in the batch, or in the chunks after it."""
    handle, code, location, offset = rows.take_many(4)
    wanted, cost = _announced(code, tuple(rows.take_list()))
    if offset >= 0:
        if offset + wanted.nbytes > len(rows.elements):
            raise MalformedRequestError(f"upload of {wanted!r}: the batch has not its bytes at {offset}")
        machine.table.put(handle, _value(machine, wanted, cost, location, rows.elements, offset), location)
    elif rows.left:
        raise MalformedRequestError("an upload in chunks must be the last row of its batch")
    else:
        machine.upload = Upload(handle, wanted, location, _room(machine, handle, wanted, cost, location))
        _finish(machine)
    return iter(())


@functools.lru_cache(_MOST_KINDS)
def _announced(code: int, sizes: tuple[int, ...]) -> tuple[Spec, Cost]:
    """What is uploaded, and what it adds to a session. Raises MalformedRequestError."""
    small = len(sizes) <= MAX_DIMS and min(sizes, default=0) >= 0 and max(sizes, default=0) < _MOST_SIZE
    if not small or not 0 <= code < len(dtypes.ALL):
        raise MalformedRequestError(f"upload of dtype {code} with sizes {list(sizes[:MAX_DIMS])}")
    wanted = spec(sizes, dtypes.ALL[code])
    return wanted, cost_of_specs((wanted,))


def _value(
    machine: SessionMachine, wanted: Spec, cost: Cost, location: int, elements: memoryview, offset: int
) -> Value | Poison:
    """A value with a copy of these elements, or the error in its place."""
    try:
        machine.table.reserve(cost)
        host = np.ndarray(wanted.shape, wanted.dtype.np, elements, offset).copy()
        return Value(machine.engine.backend.asarray(host), wanted)
    except Exception as error:
        return machine.fail(error, f"upload of {wanted!r}", location)


def _room(machine: SessionMachine, handle: int, wanted: Spec, cost: Cost, location: int) -> np.ndarray[Any, Any] | None:
    """Host memory to collect the elements in; None when there is no room, and the handle stands for that error."""
    try:
        machine.table.reserve(cost)
        return machine.engine.backend.host_buffer(wanted.shape, wanted.dtype.np)
    except Exception as error:
        machine.table.put_error(handle, machine.fail(error, f"upload of {wanted!r}", location), location)
        return None


def take_chunk(machine: SessionMachine, chunk: memoryview) -> None:
    """The next bytes of the upload that was announced last."""
    if machine.upload is None:
        raise MalformedRequestError("a chunk came, and no upload was announced")
    machine.upload.add(chunk)
    _finish(machine)


def _finish(machine: SessionMachine) -> None:
    """Put the elements on the device once they are all here."""
    upload = machine.upload
    if upload is None or upload.missing:
        return
    machine.upload = None
    if upload.array is None:
        return
    try:
        value: Value | Poison = Value(machine.engine.backend.asarray(upload.array), upload.spec)
    except Exception as error:
        value = machine.fail(error, f"upload of {upload.spec!r}", upload.location)
    machine.table.put(upload.handle, value, upload.location)


def give_up(machine: SessionMachine) -> None:
    """The client went on before it had sent everything: it was interrupted, and has no use for the tensor."""
    upload, machine.upload = machine.upload, None
    if upload is not None and upload.array is not None:
        error = MalformedRequestError(f"the upload of {upload.spec!r} ended {upload.missing} bytes early")
        machine.table.put(upload.handle, Poison(error), upload.location)
