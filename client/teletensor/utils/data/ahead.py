"""Batches uploaded ahead of use, without waiting, within a budget of bytes."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

from teletensor import sessions
from teletensor.session import Session
from teletensor.tensor import Tensor
from teletensor.transfer import move

# How many batches, where the loader is not told, and how many bytes of them.
BATCHES = 2
BYTES = 256 << 20


def ahead(batches: Iterator[Any], upload: Callable[[Any], Any], count: int, budget: int) -> Generator[Any, None, None]:
    """The batches, uploaded before they are asked for: `count` of them, or fewer that have `budget` bytes."""
    ready: deque[tuple[Any, int]] = deque()
    held = 0
    with contextlib.closing(batches):  # type: ignore[type-var]
        for batch in batches:
            ready.append((upload(batch), size(batch)))
            held += ready[-1][1]
            while ready and (len(ready) > count or held > budget):
                held -= ready[0][1]
                yield ready.popleft()[0]
        while ready:
            yield ready.popleft()[0]


def size(batch: Any) -> int:
    """The bytes of the tensors in a batch."""
    if isinstance(batch, Tensor):
        return batch.nbytes
    if isinstance(batch, Mapping):
        return sum(size(value) for value in batch.values())
    return sum(size(value) for value in batch) if isinstance(batch, (list, tuple)) else 0


def moved(batch: Any, home: Session, everything: bool) -> Any:
    """A batch with the tensors in it in a session: all of them, or those that are in this process."""
    if isinstance(batch, Tensor):
        stays = batch._session is home or not (everything or batch._session is sessions.local())
        return batch if stays else move(batch, home)
    if isinstance(batch, Mapping):
        return _rebuilt(batch, {key: moved(value, home, everything) for key, value in batch.items()})
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(moved(value, home, everything) for value in batch))
    if isinstance(batch, (list, tuple)):
        return _rebuilt(batch, [moved(value, home, everything) for value in batch])
    return batch


def _rebuilt(like: Any, content: Any) -> Any:
    """The content in a container of the same type, where that can be made from it."""
    if type(like) is type(content):
        return content
    try:
        return type(like)(content)
    except TypeError:
        return content
