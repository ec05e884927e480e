"""Commands that are answered: values, shapes, and whether all went well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core.engine import Value
from teletensor_core.errors import MalformedRequestError, QuotaExceededError, TensorNotFoundError
from teletensor_core.spec import Spec
from teletensor_protos import codec, compression
from teletensor_protos.frames import CHUNK_BYTES, Out, Piece, pack_chunk, pack_chunks
from teletensor_protos.v1.worker_pb2 import Failure, WorkerFrame

from teletensor_server.failures import failure_message
from teletensor_server.rows import Rows
from teletensor_server.table import Poison

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

# Elements up to so many bytes in all travel inside the reply; no reply is larger than the second.
_INLINE_BYTES = 1 << 18
_MOST_REPLY = 3 << 20


def read(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """READ: values, or the errors in their places; few bytes in the reply, many in chunks after it."""
    request, handles = rows.take_number(), rows.take_list()
    try:
        found = [_value_or_poison(machine, handle) for handle in handles]
        # What the device found wrong must be told before the first byte is sent.
        machine.engine.backend.synchronize()
        arrays, failures = _described(found)
        values = [each for each in found if isinstance(each, Value)]
        inline = sum([value.spec.nbytes for value in values]) <= _INLINE_BYTES
        elements = b"".join(_pieces(machine, values)) if inline else b""
    except Exception as error:
        yield refusal(machine, request, machine.poison(error, "read", 0), handles)
        return
    for handle, each in zip(handles, found, strict=True):
        if isinstance(each, Poison):
            _told(machine, handle, each)
    yield machine.reply(request=request, arrays=arrays, failures=failures, elements=elements)
    if not inline:
        yield from _streamed(machine, request, values)


def _streamed(machine: SessionMachine, request: int, values: list[Value]) -> Iterator[Out]:
    """The chunks after a reply, copied one tensor after another; an error in place of the rest."""
    pieces = _pieces(machine, values)
    try:
        if machine.exchange is not None:
            yield from machine.exchange.frames_of(pieces)
        elif compression.pays(machine.link_rate):
            for chunk in compression.compress_each(pieces, machine.link_rate):
                yield pack_chunk(*chunk) if isinstance(chunk, list) else WorkerFrame(compressed=chunk)
        else:
            yield from pack_chunks(pieces)
    except MalformedRequestError:
        raise
    except Exception as error:
        poison = machine.poison(error, "read", 0)
        yield machine.reply(request=request, failure=failure_message(poison.error))


def _value_or_poison(machine: SessionMachine, handle: int) -> Value | Poison:
    found = machine.table.values.get(handle)
    if found is not None:
        return found
    try:
        return machine.table.get(handle)
    except TensorNotFoundError as error:
        return machine.poison(error, "read", 0)


def _described(found: Iterable[Value | Poison]) -> tuple[bytes, list[Failure]]:
    """What was found, as a reply says it. Raises QuotaExceededError for more than a message holds."""
    failures: list[Failure] = []
    entries: list[Spec | int] = []
    for each in found:
        if isinstance(each, Value):
            entries.append(each.spec)
        else:
            entries.append(len(failures))
            failures.append(failure_message(each.error))
    arrays = codec.encode_arrays(entries)
    if len(arrays) + sum(32 + failure.ByteSize() for failure in failures) > _MOST_REPLY:
        raise QuotaExceededError(f"{len(entries)} tensors are too many to ask for at a time; ask for fewer")
    return arrays, failures


def _pieces(machine: SessionMachine, values: list[Value]) -> Iterator[Piece]:
    """The elements of values one after another, in row-major order."""
    for value in values:
        array = machine.engine.backend.to_host(value.array)
        if array.nbytes <= _INLINE_BYTES:
            yield array.tobytes()
        else:
            for part in dense_parts(array):
                yield part.reshape(-1).view(np.uint8).data


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
        found, _ = _described(machine.table.value(handle) for handle in handles)
    except Exception as error:
        yield refusal(machine, request, machine.poison(error, "shapes", 0), handles)
        return
    yield machine.reply(request=request, specs=found)


def sync(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """SYNC: an answer once everything before has run, with the oldest error that nobody has read."""
    request = rows.take_number()
    machine.settle()
    yield machine.reply(request=request, failure=machine.failures.first())


def refusal(machine: SessionMachine, request: int, poison: Poison, handles: list[int]) -> Out:
    """The answer that tells an error in place of all that was asked for."""
    machine.failures.forget(poison)
    for handle in handles:
        _told(machine, handle, poison)
    return machine.reply(request=request, failure=failure_message(poison.error))


def _told(machine: SessionMachine, handle: int, poison: Poison) -> None:
    """An error counts as read once it is told, and a tensor that a failed write left in doubt comes back."""
    machine.failures.forget(poison)
    machine.table.restore(handle)
