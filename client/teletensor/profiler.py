"""`torch.profiler`: nothing is profiled here. Regions may be named all the same."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from teletensor import missing as _missing

__all__ = ["record_function"]


class record_function(contextlib.ContextDecorator):
    """Names a region of code for a profiler; there is none to tell. A context manager, and a decorator."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name = name

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
