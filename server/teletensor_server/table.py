"""A session's tensors by handle: values, or the errors that took their place, within the session's limits."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from teletensor_core.engine import Value
from teletensor_core.errors import MalformedRequestError, QuotaExceededError, TeletensorError, TensorNotFoundError

from teletensor_server import memory
from teletensor_server.memory import Cost

_ERRORS_BESIDES = 1 << 16


@dataclass(eq=False)
class Poison:
    """An error in the place of a tensor. It spreads to everything computed from it and is raised when it is read.

    `previous` is what the handle held before a failed write in place; it comes back once the error was read. `origin`
    is as a value's.
    """

    error: TeletensorError
    previous: Value | None = None
    origin: tuple[float, int] = (0.0, 0)


class Poisoned(Exception):
    """A tensor that a command needs is an error."""

    def __init__(self, poison: Poison) -> None:
        self.poison = poison


class Table:
    """Handles to values.

    Memory is counted as garbage collectors do: `room` is what may still be allocated before the session's values, and
    what the graph keeps for backward, are counted anew.
    """

    def __init__(self, max_bytes: int, max_tensors: int) -> None:
        self.values: dict[int, Value | Poison] = {}
        self._now = time.monotonic()
        # What is noted of values made now, by the place in the program that makes them.
        self.origins: dict[int, tuple[float, int]] = {}
        self.max_bytes = max_bytes
        self.max_tensors = max_tensors or sys.maxsize
        self.room = max_bytes or sys.maxsize
        # Bytes that are held besides: by programs.
        self.aside = 0

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[int]:
        return iter(self.values)

    # -- handles -----------------------------------------------------------------------------------------------------

    def get(self, handle: int) -> Value | Poison:
        """What a handle stands for. Raises TensorNotFoundError."""
        found = self.values.get(handle)
        if found is None:
            raise TensorNotFoundError(f"handle {handle} names no tensor of this session: never made, or released")
        return found

    def value(self, handle: int) -> Value:
        """The value of a handle. Raises TensorNotFoundError, or Poisoned when an error took its place."""
        found = self.get(handle)
        if isinstance(found, Poison):
            raise Poisoned(found)
        return found

    def put(self, handle: int, value: Value | Poison, location: int) -> None:
        """Bind a handle; one that is bound already is bound anew. Raises MalformedRequestError for no handle."""
        if handle < 1:
            raise MalformedRequestError(f"a tensor's handle is a positive number, not {handle}")
        self.values[handle] = value
        value.origin = self.origin(location)

    def origin(self, location: int) -> tuple[float, int]:
        """When, and at which place in the program, a value comes to be."""
        found = self.origins.get(location)
        if found is None:
            found = self.origins[location] = (self._now, location)
        return found

    def tick(self) -> None:
        """Look at the clock, for what comes to be from here on."""
        self._now = time.monotonic()
        self.origins.clear()

    def put_error(self, handle: int, poison: Poison, location: int) -> None:
        """Bind a handle to an error. Raises QuotaExceededError for more errors than anybody has use for."""
        if len(self.values) > _ERRORS_BESIDES + 2 * self.max_tensors:
            raise QuotaExceededError(f"this session holds {len(self.values)} tensors and errors, far more than it may")
        self.put(handle, poison, location)

    def drop(self, handles: Iterable[int]) -> None:
        """Forget handles. One that is not there is ignored: releases may come twice."""
        forget = self.values.pop
        for handle in handles:
            forget(handle, None)

    def clear(self) -> None:
        """Forget everything."""
        self.values.clear()

    # -- errors ------------------------------------------------------------------------------------------------------

    def poison(self, handle: int, poison: Poison) -> None:
        """Put an error where a failed write in place has left a tensor in doubt."""
        value = self.values.get(handle)
        if type(value) is Value:
            self.values[handle] = Poison(poison.error, value)

    def restore(self, handle: int) -> None:
        """Give a tensor back after its error was read."""
        value = self.values.get(handle)
        if type(value) is Poison and value.previous is not None:
            self.values[handle] = value.previous

    # -- limits ------------------------------------------------------------------------------------------------------

    def reserve(self, cost: Cost) -> None:
        """Take the room for a command's results. Raises QuotaExceededError when they would not fit."""
        if len(self.values) + cost.tensors > self.max_tensors:
            raise QuotaExceededError(
                f"this session holds {len(self.values)} tensors of {self.max_tensors}; delete some, or raise the "
                "worker's --max-tensors"
            )
        if cost.bytes > self.room:
            self._recount(cost.bytes)
        self.room -= cost.bytes

    def settle(self, reserved: Cost, needed: Cost) -> None:
        """Take what a finished command needed, instead of what was reserved for it. Raises QuotaExceededError."""
        self.room += reserved.bytes
        self.reserve(needed)

    def _recount(self, wanted: int) -> None:
        held = memory.count(self.held())
        self.room = self.max_bytes - held.bytes - self.aside
        # Counting takes time in proportion to what is counted: not before as much was freed again.
        if wanted + held.slack > self.room:
            raise QuotaExceededError(
                f"the result needs {wanted} bytes, and this session holds {held.bytes + self.aside} of "
                f"{self.max_bytes}, with what "
                "backward needs; delete tensors, or raise the worker's --session-bytes"
            )

    def held(self) -> list[Value]:
        """Every value that is held, those behind errors included."""
        values = [v.previous if type(v) is Poison else v for v in list(self.values.values())]
        return [v for v in values if isinstance(v, Value)]
