"""Whether the calling thread is capturing a CUDA graph, in which not everything may be done."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_thread = threading.local()


class NotCapturableError(Exception):
    """What was called cannot be part of a CUDA graph."""


@contextlib.contextmanager
def capturing() -> Iterator[None]:
    """Have `refuse_in_capture` refuse, in this thread."""
    _thread.on = True
    try:
        yield
    finally:
        _thread.on = False


def is_capturing() -> bool:
    """Whether this thread captures."""
    return getattr(_thread, "on", False)


def refuse_in_capture(what: str) -> None:
    """Raise NotCapturableError while this thread captures: for what a later launch of the graph would not do again."""
    if is_capturing():
        raise NotCapturableError(what)
