"""A session's tensors by handle: values, or the errors that took their place, with what they hold counted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from teletensor_core.engine import Value
from teletensor_core.errors import QuotaExceededError, TeletensorError, TensorNotFoundError
from teletensor_core.spec import Spec


@dataclass(eq=False)
class Poison:
    """An error in the place of a tensor. It spreads to everything computed from it and is raised when it is read.

    `previous` is what the handle held before a failed write in place; it comes back once the error was read.
    """

    error: TeletensorError
    previous: Value | None = None


class Poisoned(Exception):
    """A tensor that a command needs is an error."""

    def __init__(self, poison: Poison) -> None:
        self.poison = poison


class Table:
    """Handles to values. Counts bytes of values that own their memory against the session's limits."""

    def __init__(self, max_bytes: int, max_tensors: int) -> None:
        self.values: dict[int, Value | Poison] = {}
        self.born: dict[int, tuple[float, int]] = {}
        self.bytes = 0
        self.max_bytes = max_bytes
        self.max_tensors = max_tensors

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[int]:
        return iter(self.values)

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
        """Bind a handle; a handle that is bound already is bound anew."""
        if handle in self.values:
            self.drop(handle)
        self.values[handle] = value
        self.born[handle] = (time.monotonic(), location)
        if type(value) is Value and value.base is None:
            self.bytes += value.spec.nbytes

    def drop(self, handle: int) -> None:
        """Forget a handle. One that is not there is ignored: releases may come twice."""
        value = self.values.pop(handle, None)
        self.born.pop(handle, None)
        if type(value) is Poison:
            value = value.previous
        if type(value) is Value and value.base is None:
            self.bytes -= value.spec.nbytes

    def poison(self, handle: int, error: TeletensorError) -> None:
        """Put an error where a failed write in place has left a tensor in doubt."""
        value = self.values.get(handle)
        if type(value) is Value:
            self.values[handle] = Poison(error, value)

    def restore(self, handle: int) -> None:
        """Give a tensor back after its error was read."""
        value = self.values.get(handle)
        if type(value) is Poison and value.previous is not None:
            self.values[handle] = value.previous

    def check_room(self, specs: tuple[Spec, ...]) -> None:
        """Raise QuotaExceededError when results of these specs would not fit."""
        wanted = 0
        for spec in specs:
            wanted += spec.nbytes
        if self.max_bytes and self.bytes + wanted > self.max_bytes:
            raise QuotaExceededError(
                f"the result needs {wanted} bytes, and this session holds {self.bytes} of {self.max_bytes}; "
                "delete tensors, or raise the worker's --session-bytes"
            )
        if self.max_tensors and len(self.values) + len(specs) > self.max_tensors:
            raise QuotaExceededError(
                f"this session holds {len(self.values)} tensors of {self.max_tensors}; delete some, or raise the "
                "worker's --max-tensors"
            )
