"""Errors of commands: as the class a client is to see, kept until somebody was told."""

from __future__ import annotations

import logging

import numpy as np
from teletensor_core.backends import Backend
from teletensor_core.errors import (
    InternalError,
    LinAlgError,
    MalformedRequestError,
    OutOfMemoryError,
    TeletensorError,
    code_of,
)
from teletensor_protos.v1.worker_pb2 import Failure

log = logging.getLogger(__name__)

_MOST_UNREAD = 100


class Failures:
    """A session's errors that nobody has read, oldest first; later ones than the first hundred are not kept."""

    def __init__(self) -> None:
        self._unread: list[TeletensorError] = []

    def add(self, error: TeletensorError) -> None:
        """Keep an error until it was read."""
        if len(self._unread) < _MOST_UNREAD:
            self._unread.append(error)

    def forget(self, error: TeletensorError) -> None:
        """The client is being told this one."""
        self._unread = [other for other in self._unread if other is not error]

    def first(self) -> Failure | None:
        """The oldest error; all of them are forgotten with it."""
        if not self._unread:
            return None
        error = self._unread[0]
        self._unread.clear()
        return failure_message(error)


def known(error: Exception, what: str, backend: Backend) -> TeletensorError:
    """An error of the catalogue for whatever a kernel or a rule raised."""
    if isinstance(error, TeletensorError):
        return error
    if isinstance(error, (MemoryError, *backend.out_of_memory_errors)):
        backend.free_pools()
        return OutOfMemoryError(f"{what}: the device is out of memory")
    if isinstance(error, np.linalg.LinAlgError):
        return LinAlgError(f"{what}: {error}")
    if isinstance(error, (TypeError, ValueError, IndexError, KeyError, OverflowError, AttributeError)):
        log.warning("%s failed", what, exc_info=error)
        return MalformedRequestError(f"{what}: {error}")
    log.error("%s failed", what, exc_info=error)
    return InternalError(f"{what}: internal error, see the worker's log")


def failure_message(error: TeletensorError) -> Failure:
    """An error as it travels."""
    return Failure(code=code_of(error), message=str(error), location=error.where or "")
