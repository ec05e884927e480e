"""What a request is waiting for: put together by the receiver, taken by whoever asked."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from teletensor_core.errors import MalformedRequestError, TeletensorError, from_code
from teletensor_core.spec import Spec
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Failure, HookCall, Reply

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
    """An answer whose elements are still arriving."""

    def __init__(self, reply: Reply) -> None:
        self.request = reply.request
        self.answered = Answered(reply)
        self._specs = codec.decode_arrays(reply.arrays) if reply.arrays else []
        self._failures = reply.failures
        # The array that has begun to arrive, and the bytes of it that are here.
        self._begun: Array | None = None
        self._at = 0
        self.add(memoryview(reply.elements))

    @property
    def is_whole(self) -> bool:
        """Whether every array is filled."""
        return len(self.answered.arrays) == len(self._specs)

    def _skip_whole(self) -> None:
        """Take entries that have no elements: errors, and empty arrays."""
        arrays, specs = self.answered.arrays, self._specs
        while len(arrays) < len(specs):
            entry = specs[len(arrays)]
            if isinstance(entry, int):
                arrays.append(error_of(self._failures[entry]))
            elif entry.nbytes == 0:
                arrays.append(np.empty(entry.shape, entry.dtype.np))
            else:
                return

    def add(self, chunk: memoryview) -> None:
        """Take the next bytes. Raises MalformedRequestError for more than were announced."""
        at = 0
        while at < chunk.nbytes:
            self._skip_whole()
            if self.is_whole:
                raise MalformedRequestError("the worker sent a chunk that belongs to no array")
            entry = self._specs[len(self.answered.arrays)]
            assert isinstance(entry, Spec)
            if self._begun is None and entry.nbytes <= chunk.nbytes - at:
                whole = np.ndarray(entry.shape, entry.dtype.np, chunk, at)
                self.answered.arrays.append(whole.copy())
                at += entry.nbytes
            else:
                at += self._add_part(entry, chunk[at:])
        self._skip_whole()

    def _add_part(self, entry: Spec, chunk: memoryview) -> int:
        """Take bytes of an array that does not come in one piece; how many."""
        if self._begun is None:
            self._begun, self._at = np.empty(entry.shape, entry.dtype.np), 0
        size = min(chunk.nbytes, entry.nbytes - self._at)
        self._begun.reshape(-1).view(np.uint8)[self._at : self._at + size] = chunk[:size]
        self._at += size
        if self._at == entry.nbytes:
            self.answered.arrays.append(self._begun)
            self._begun = None
        return size


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
