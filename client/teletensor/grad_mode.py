"""Whether ops are recorded: `no_grad`, `enable_grad`, `inference_mode`, `set_grad_enabled`."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    enabled = True


state = _State()


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return state.enabled


class _GradMode:
    """A context manager, and decorator, that sets grad mode and puts the old one back."""

    mode = True

    def __init__(self) -> None:
        self._previous: list[bool] = []

    def __enter__(self) -> None:
        self._previous.append(state.enabled)
        state.enabled = self.mode

    def __exit__(self, *exc: object) -> None:
        state.enabled = self._previous.pop()

    def __call__(self, function: F) -> F:
        """The function, run in this mode."""

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with type(self)() if type(self) is not set_grad_enabled else set_grad_enabled(self.mode):
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


class no_grad(_GradMode):
    """Do not record ops. Works as `with no_grad():`, `@no_grad()` and `@no_grad`."""

    mode = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        """The context manager, or the wrapped function when used as a bare decorator."""
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]
        return made(function)


class enable_grad(no_grad):
    """Record ops, also inside `no_grad`."""

    mode = True


class inference_mode(_GradMode):
    """Like `no_grad`; `inference_mode(False)` changes nothing."""

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self._off = mode

    @property
    def mode(self) -> bool:  # type: ignore[override]
        """Whether ops are recorded inside."""
        return state.enabled and not self._off


class set_grad_enabled(_GradMode):
    """Switch recording on or off at once; as a context manager, until its end."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._before = state.enabled
        state.enabled = self.mode

    def __enter__(self) -> None:
        self._previous.append(self._before)
        state.enabled = self.mode
