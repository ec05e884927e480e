"""Commands that are answered: values, shapes, and whether all went well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core.errors import TeletensorError
from teletensor_core.spec import Spec
from teletensor_protos.frames import CHUNK_BYTES, Out, pack_chunk
from teletensor_protos.v1.worker_pb2 import ArrayData, Reply, WorkerFrame

from teletensor_server.failures import failure_message
from teletensor_server.rows import Rows
from teletensor_server.table import Poisoned

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

_INLINE_BYTES = 1 << 16


def read(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """READ: the values, small ones in the reply, large ones in chunks after it."""
    request, handles = rows.take(), rows.take_list()
    try:
        values = [machine.table.value(handle) for handle in handles]
        arrays = [machine.engine.backend.to_host(value.array) for value in values]
    except Poisoned as poisoned:
        yield refusal(machine, request, poisoned.poison.error, handles)
        return
    except Exception as error:
        yield refusal(machine, request, machine.fail(error, "read", 0).error, handles)
        return
    reply = Reply(request=request, acknowledged=machine.sequence - 1)
    streamed = [_add_array(reply, value.spec, array) for value, array in zip(values, arrays, strict=True)]
    yield WorkerFrame(reply=reply)
    for array in streamed:
        if array is not None:
            yield from _chunks_of(array)


def _add_array(reply: Reply, wanted: Spec, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    inline = array.nbytes <= _INLINE_BYTES
    data = array.tobytes() if inline else b""
    reply.arrays.append(ArrayData(dtype=wanted.dtype.code, shape=wanted.shape, data=data, streamed=not inline))
    return None if inline else array


def _chunks_of(array: np.ndarray[Any, Any]) -> Iterator[bytes]:
    """The elements of an array as packed chunk frames."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    for start in range(0, data.nbytes, CHUNK_BYTES):
        yield pack_chunk(data[start : start + CHUNK_BYTES])


def specs(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """SPECS: shapes and dtypes."""
    request, handles = rows.take(), rows.take_list()
    try:
        values = [machine.table.value(handle) for handle in handles]
    except Poisoned as poisoned:
        yield refusal(machine, request, poisoned.poison.error, handles)
        return
    except TeletensorError as error:
        yield refusal(machine, request, error, handles)
        return
    arrays = [ArrayData(dtype=value.spec.dtype.code, shape=value.spec.shape) for value in values]
    yield WorkerFrame(reply=Reply(request=request, arrays=arrays))


def sync(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """SYNC: an answer once everything before has run, with the oldest error that nobody has read."""
    request = rows.take()
    machine.engine.backend.synchronize()
    yield WorkerFrame(reply=Reply(request=request, failure=machine.first_failure()))


def refusal(machine: SessionMachine, request: int, error: TeletensorError, handles: list[int]) -> WorkerFrame:
    """The answer that tells an error; it counts as read, and tensors that a failed write left in doubt come back."""
    machine.surfaced(error)
    for handle in handles:
        machine.table.restore(handle)
    return WorkerFrame(reply=Reply(request=request, failure=failure_message(error)))
