"""Looking on at what a thread does with its sessions: each has its methods replaced for the time of a recorded call."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from teletensor import sessions
from teletensor.session import Session
from teletensor.shadowing import shadow

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

# Commands that a program may consist of, and those that end in an answer, which it cannot wait for.
COMMANDS = ("submit", "backward", "upload", "share", "require_grad", "detach_", "set_hook")
QUESTIONS = ("read", "read_later", "specs", "synchronize", "export_state", "import_state")


# Methods are replaced and put back like a stack: by one thread at a time.
LOCK = threading.RLock()


def here() -> str:
    """The innermost line on the stack that is not teletensor's own."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


@contextlib.contextmanager
def tapped(names: Sequence[str], handle: Callable[..., Any]) -> Iterator[None]:
    """Inside, this thread's calls of these methods of any session go to `handle(session, name, method, *args)`."""
    open_sessions = {id(s): s for s in (sessions.local(), *sessions.connected())}
    with LOCK, contextlib.ExitStack() as undo:
        for session in open_sessions.values():
            for name in names:
                if hasattr(session, name):
                    undo.callback(tap(session, name, handle))
        yield


def tap(session: Session, name: str, handle: Callable[..., Any]) -> Callable[[], None]:
    """Let this thread's calls of a method go to `handle(session, name, method, *args)`; what comes back undoes that.

    The lock must be held all the time.
    """
    thread, method = threading.get_ident(), getattr(session, name)

    def call(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != thread:
            return method(*args, **kwargs)
        return handle(session, name, method, *args, **kwargs)

    undo = shadow(session, name, call)
    if name != "submit":
        return undo
    # No op goes round by the short way.
    undo_pair = shadow(session, "submit_pair", functools.partial(Session.submit_pair, session))

    def undo_both() -> None:
        undo_pair()
        undo()

    return undo_both
