"""What a request is waiting for: put together by the receiver, taken by whoever asked."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from teletensor_core.errors import MalformedRequestError, TeletensorError, from_code
from teletensor_core.spec import MAX_DIMS, Spec
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Failure, HookCall, Reply

Array: TypeAlias = np.ndarray[Any, Any]
# In the place of an array that is still to come.
_NOTHING: Array = np.empty(0)


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
        # Specs of the arrays whose elements have not all come, the next one last, and the places of these arrays.
        self._due: list[tuple[Spec, int]] = []
        # The array that has begun to arrive, and the bytes of it that are here.
        self._begun: Array | None = None
        self._at = 0
        self._announce(codec.decode_arrays(reply.arrays), reply.failures)
        self.add(memoryview(reply.elements))

    @property
    def is_whole(self) -> bool:
        """Whether every array is filled."""
        return not self._due

    def _announce(self, entries: Sequence[Spec | int], failures: Sequence[Failure]) -> None:
        """Note what will come, with what has no elements: errors, and empty arrays."""
        arrays = self.answered.arrays
        for place, entry in enumerate(entries):
            if isinstance(entry, int):
                arrays.append(error_of(failures[entry]))
                continue
            arrays.append(_NOTHING)
            if entry.nbytes:
                self._due.append((entry, place))
            else:
                arrays[place] = np.empty(entry.shape, entry.dtype.np)
        self._due.reverse()

    def add(self, chunk: memoryview) -> None:
        """Take the next bytes. Raises MalformedRequestError for more than were announced."""
        due, at, end = self._due, 0, chunk.nbytes
        while at < end:
            if not due:
                raise MalformedRequestError("the worker sent a chunk that belongs to no array")
            entry, place = due[-1]
            if self._begun is None and entry.nbytes <= end - at:
                at += self._add_whole(entry, chunk, at)
            else:
                at += self._add_part(entry, place, chunk[at:])

    def _add_whole(self, entry: Spec, chunk: memoryview, at: int) -> int:
        """Take arrays that are alike, which come whole, one after another; how many bytes."""
        due, count = self._due, 1
        most = min(len(due), (chunk.nbytes - at) // entry.nbytes) if 0 < entry.ndim < MAX_DIMS else 1
        while count < most and due[-1 - count][0] is entry:
            count += 1
        shape = (count, *entry.shape) if count > 1 else entry.shape
        found: Array = np.ndarray(shape, entry.dtype.np, chunk, at)
        # Going through rows makes a view in half of the time that its own constructor takes.
        for row in found if count > 1 else (found,):
            self.answered.arrays[due.pop()[1]] = row.copy()
        return count * entry.nbytes

    def _add_part(self, entry: Spec, place: int, chunk: memoryview) -> int:
        """Take bytes of an array that does not come in one piece; how many."""
        if self._begun is None:
            self._begun, self._at = np.empty(entry.shape, entry.dtype.np), 0
        size = min(chunk.nbytes, entry.nbytes - self._at)
        self._begun.reshape(-1).view(np.uint8)[self._at : self._at + size] = chunk[:size]
        self._at += size
        if self._at == entry.nbytes:
            self.answered.arrays[place], self._begun = self._begun, None
            self._due.pop()
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
