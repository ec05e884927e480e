"""Commands that are answered: values, shapes, and whether all went well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core.engine import Value
from teletensor_core.errors import QuotaExceededError, TensorNotFoundError
from teletensor_protos.frames import CHUNK_BYTES, Out, pack_chunk
from teletensor_protos.v1.worker_pb2 import ArrayData

from teletensor_server.failures import failure_message
from teletensor_server.rows import Rows
from teletensor_server.table import Poison

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

# What travels inside the reply: arrays up to the first, until they add up to the second.
_INLINE_BYTES = 1 << 16
_MOST_INLINE = 1 << 20
_MOST_REPLY = 3 << 20


def read(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """READ: values, or the errors in their places; small values in the reply, large ones in chunks after it."""
    request, handles = rows.take_number(), rows.take_list()
    try:
        found = [_value_or_poison(machine, handle) for handle in handles]
        # What the device found wrong must be told before the first byte is sent.
        machine.engine.backend.synchronize()
        arrays, large = _array_data(machine, found)
    except Exception as error:
        yield refusal(machine, request, machine.poison(error, "read", 0), handles)
        return
    for handle, value in zip(handles, found, strict=True):
        if isinstance(value, Poison):
            _told(machine, handle, value)
    yield machine.reply(request=request, arrays=arrays)
    for value in large:
        yield from chunks_of(machine.engine.backend.to_host(value.array))


def _value_or_poison(machine: SessionMachine, handle: int) -> Value | Poison:
    try:
        return machine.table.get(handle)
    except TensorNotFoundError as error:
        return machine.poison(error, "read", 0)


def _array_data(machine: SessionMachine, found: list[Value | Poison]) -> tuple[list[ArrayData], list[Value]]:
    """The reply's entries, and the values that follow in chunks."""
    entries: list[ArrayData] = []
    large: list[Value] = []
    left = _MOST_INLINE
    for value in found:
        if isinstance(value, Poison):
            entries.append(ArrayData(failure=failure_message(value)))
            continue
        size = value.spec.nbytes
        entry = _entry(value)
        if size <= min(_INLINE_BYTES, left):
            left -= size
            entry.data = machine.engine.backend.to_host(value.array).tobytes()
        else:
            entry.streamed = True
            large.append(value)
        entries.append(entry)
    return _bounded(entries), large


def _entry(value: Value) -> ArrayData:
    return ArrayData(dtype=value.spec.dtype.code, shape=value.spec.shape)


def _bounded(entries: list[ArrayData]) -> list[ArrayData]:
    """The entries, if a message can hold them. Raises QuotaExceededError."""
    if sum(32 + entry.ByteSize() for entry in entries) > _MOST_REPLY:
        raise QuotaExceededError(f"{len(entries)} tensors are too many to ask for at a time; ask for fewer")
    return entries


def chunks_of(array: np.ndarray[Any, Any]) -> Iterator[bytes]:
    """The elements of an array in row-major order, as packed chunk frames."""
    for part in dense_parts(array):
        data = part.reshape(-1).view(np.uint8).data
        for start in range(0, data.nbytes, CHUNK_BYTES):
            yield pack_chunk(data[start : start + CHUNK_BYTES])


def dense_parts(array: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
    """Dense arrays that make up an array: itself, or copies of slabs of it that are no larger than a chunk."""
    if array.flags.c_contiguous or array.nbytes <= CHUNK_BYTES:
        yield np.ascontiguousarray(array)
        return
    thickness = max(1, CHUNK_BYTES * len(array) // array.nbytes)
    for start in range(0, len(array), thickness):
        slab = array[start : start + thickness]
        yield from dense_parts(slab[0] if thickness == 1 else slab)


def specs(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """SPECS: shapes and dtypes."""
    request, handles = rows.take_number(), rows.take_list()
    try:
        entries = _bounded([_entry(machine.table.value(handle)) for handle in handles])
    except Exception as error:
        yield refusal(machine, request, machine.poison(error, "shapes", 0), handles)
        return
    yield machine.reply(request=request, specs=entries)


def sync(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """SYNC: an answer once everything before has run, with the oldest error that nobody has read."""
    request = rows.take_number()
    try:
        machine.engine.backend.synchronize()
    except Exception as error:
        machine.fail(error, "synchronize", 0)
    yield machine.reply(request=request, failure=machine.failures.first())


def refusal(machine: SessionMachine, request: int, poison: Poison, handles: list[int]) -> Out:
    """The answer that tells an error in place of all that was asked for."""
    machine.failures.forget(poison)
    for handle in handles:
        _told(machine, handle, poison)
    return machine.reply(request=request, failure=failure_message(poison))


def _told(machine: SessionMachine, handle: int, poison: Poison) -> None:
    """An error counts as read once it is told, and a tensor that a failed write left in doubt comes back."""
    machine.failures.forget(poison)
    machine.table.restore(handle)
