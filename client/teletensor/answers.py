"""What a request is waiting for: put together by the receiver, taken by whoever asked."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError, TeletensorError, from_code
from teletensor_protos.v1.worker_pb2 import ArrayData, Failure, HookCall, Reply

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass
class Answered:
    """The worker's answer, whole: `arrays` are filled, and where one has an error, that is in its place."""

    reply: Reply
    arrays: list[Array | TeletensorError] = field(default_factory=list)


Event: TypeAlias = "Answered | HookCall | TeletensorError"


class Answer:
    """The place for the answer to one request. Interrupting the wait for it is safe: what comes later is dropped."""

    def __init__(self, request: int) -> None:
        self.request = request
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def tell(self, event: Event) -> None:
        """Hand over an answer, a hook to run first, or what broke the stream."""
        self._events.put(event)

    def wait(self) -> Answered | HookCall:
        """The next event. Raises what broke the stream."""
        event = self._events.get()
        if isinstance(event, TeletensorError):
            raise again(event)
        return event


class Incoming:
    """An answer whose large arrays are still arriving in chunks."""

    def __init__(self, reply: Reply) -> None:
        self.request = reply.request
        self.answered = Answered(reply, [_array(entry) for entry in reply.arrays])
        self._targets = [
            array.reshape(-1).view(np.uint8).data
            for entry, array in zip(reply.arrays, self.answered.arrays, strict=True)
            if entry.streamed and isinstance(array, np.ndarray) and array.nbytes
        ]
        self._at = 0

    @property
    def is_whole(self) -> bool:
        """Whether every array is filled."""
        return not self._targets

    def add(self, chunk: memoryview) -> None:
        """Take the next bytes. Raises MalformedRequestError for more than were announced."""
        target = self._targets[0] if self._targets else memoryview(b"")
        end = self._at + chunk.nbytes
        if end > target.nbytes:
            raise MalformedRequestError("the worker sent a chunk that belongs to no array")
        target[self._at : end] = chunk
        self._at = end
        if end == target.nbytes:
            self._targets.pop(0)
            self._at = 0


def _array(entry: ArrayData) -> Array | TeletensorError:
    if entry.HasField("failure"):
        return error_of(entry.failure)
    dtype = dtypes.ALL[entry.dtype].np
    shape = tuple(entry.shape)
    return np.empty(shape, dtype) if entry.streamed else np.frombuffer(bytearray(entry.data), dtype).reshape(shape)


def error_of(failure: Failure) -> TeletensorError:
    """An error of the worker, as the class that the call would have raised here."""
    where = failure.location or None
    details = [f"in {failure.command}"] if failure.command else []
    details += [f"issued at {where}"] if where else []
    message = f"{failure.message} ({', '.join(details)})" if details else failure.message
    return from_code(failure.code, message, where)


def again(error: TeletensorError) -> TeletensorError:
    """A copy of an error, to be raised once more."""
    copy = type(error)(*error.args)
    copy.where = error.where
    return copy
