"""Errors of commands: as the class a client is to see, kept until somebody was told."""

from __future__ import annotations

import logging

import numpy as np
from teletensor_core.backends import Backend
from teletensor_core.errors import (
    DTypeError,
    InternalError,
    LinAlgError,
    MalformedRequestError,
    OutOfMemoryError,
    TeletensorError,
    code_of,
)
from teletensor_protos.v1.worker_pb2 import Failure

from teletensor_server.table import Poison

log = logging.getLogger(__name__)

_MOST_UNREAD = 100
_MOST_CHARACTERS = 2000


class Failures:
    """A session's errors that nobody has read, oldest first; later ones than the first hundred are not kept."""

    def __init__(self) -> None:
        self._unread: list[Poison] = []

    def add(self, poison: Poison) -> None:
        """Keep an error until it was read."""
        if len(self._unread) < _MOST_UNREAD:
            self._unread.append(poison)

    def forget(self, poison: Poison) -> None:
        """The client is being told this one."""
        self._unread = [other for other in self._unread if other.error is not poison.error]

    def first(self) -> Failure | None:
        """The oldest error; all of them are forgotten with it."""
        if not self._unread:
            return None
        oldest = self._unread[0]
        self._unread.clear()
        return failure_message(oldest.error)


def known(error: BaseException, what: str, backend: Backend) -> TeletensorError:
    """An error of the catalogue for whatever a kernel or a rule raised, without the stack that holds its operands."""
    found = _known(error, what, backend)
    found.__cause__ = found.__context__ = None
    return found.with_traceback(None)


def _known(error: BaseException, what: str, backend: Backend) -> TeletensorError:
    if isinstance(error, TeletensorError):
        return error
    if isinstance(error, (MemoryError, *backend.out_of_memory_errors)):
        backend.free_pools()
        return OutOfMemoryError("the device is out of memory")
    if isinstance(error, np.linalg.LinAlgError):
        return LinAlgError(str(error))
    if isinstance(error, np.exceptions.ComplexWarning):
        return DTypeError("value cannot be converted to a real type without overflow")
    if isinstance(error, (TypeError, ValueError, IndexError, KeyError, ArithmeticError, AttributeError)):
        log.info("%s failed", what, exc_info=error)
        return MalformedRequestError(f"{type(error).__name__}: {error}")
    log.error("%s failed", what, exc_info=error)
    return InternalError("internal error, see the worker's log")


def failure_message(error: TeletensorError) -> Failure:
    """An error as it travels."""
    message = str(error)[:_MOST_CHARACTERS]
    return Failure(code=code_of(error), message=message, location=error.where or "", command=error.command or "")
