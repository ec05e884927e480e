"""The modes of a thread: whether ops are recorded, and in which precision autocast runs them.

`no_grad`, `enable_grad`, `inference_mode` and `set_grad_enabled` are context managers and decorators, of functions
and of generators.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from teletensor_core.plan import GRAD

if TYPE_CHECKING:
    from typing import Self

    from teletensor_core.dtypes import DType

F = TypeVar("F", bound=Callable[..., Any])


# Among the bits of a call: autocast may have to cast its operands; saved tensors go through hooks; its results are
# those of inference mode.
AUTOCAST, HOOKED, INFERENCE = 1 << 8, 1 << 9, 1 << 10


# Has an element once any thread was in inference mode: before that nobody need look for its tensors.
inference_seen: list[bool] = []


class _State(threading.local):
    """What a thread's calls are like.

    `flags` says it in one look: GRAD where ops are recorded, AUTOCAST, HOOKED, INFERENCE. `autocast` is the dtype that
    autocast runs some ops in, by kind of device; `saved_hooks` are the pairs of functions that saved tensors are
    packed and unpacked with, of which the last counts.
    """

    flags = GRAD
    _autocast: Mapping[str, DType] = MappingProxyType({})
    # Why hooks for saved tensors are not to be set, where they are not.
    no_saved_hooks: str | None = None
    _saved_hooks: tuple[tuple[Callable[..., Any], Callable[..., Any]], ...] = ()

    @property
    def enabled(self) -> bool:
        return bool(self.flags & GRAD)

    @enabled.setter
    def enabled(self, on: bool) -> None:
        self.flags = self.flags | GRAD if on else self.flags & ~GRAD

    @property
    def inference(self) -> bool:
        return bool(self.flags & INFERENCE)

    @inference.setter
    def inference(self, on: bool) -> None:
        if on and not inference_seen:
            inference_seen.append(True)
        self.flags = self.flags | INFERENCE if on else self.flags & ~INFERENCE

    @property
    def autocast(self) -> Mapping[str, DType]:
        return self._autocast

    @autocast.setter
    def autocast(self, dtypes: Mapping[str, DType]) -> None:
        self._autocast = dtypes
        self.flags = self.flags | AUTOCAST if dtypes else self.flags & ~AUTOCAST

    @property
    def saved_hooks(self) -> tuple[tuple[Callable[..., Any], Callable[..., Any]], ...]:
        return self._saved_hooks

    @saved_hooks.setter
    def saved_hooks(self, pairs: tuple[tuple[Callable[..., Any], Callable[..., Any]], ...]) -> None:
        self._saved_hooks = pairs
        self.flags = self.flags | HOOKED if pairs else self.flags & ~HOOKED


state = _State()


def is_grad_enabled() -> bool:
    """Whether ops are being recorded in this thread."""
    return state.enabled


def is_inference_mode_enabled() -> bool:
    """Whether this is inside `inference_mode`."""
    return state.inference


class _GradMode:
    """Sets the mode and puts the old one back."""

    mode = True

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> Self:
        self._before.append(state.enabled)
        state.enabled = self.mode
        return self

    def __exit__(self, *exc: object) -> None:
        state.enabled = self._before.pop()

    def __call__(self, func: F) -> F:
        """The function, or generator function, run in this mode."""
        return _decorated(func, type(self)._again(self))

    def _again(self) -> Callable[[], _GradMode]:
        """What makes a context manager like this one, for each call of a decorated function."""
        return type(self)


def _decorated(func: F, mode: Callable[[], _GradMode]) -> F:
    if inspect.isgeneratorfunction(func):

        @functools.wraps(func)
        def generate(*args: Any, **kwargs: Any) -> Any:
            return _in_mode(func(*args, **kwargs), mode)

        return generate  # type: ignore[return-value]

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        with mode():
            return func(*args, **kwargs)

    return call  # type: ignore[return-value]


def _in_mode(generator: Generator[Any, Any, Any], mode: Callable[[], _GradMode]) -> Generator[Any, Any, Any]:
    """A generator whose own steps run in a mode, and whose user's do not."""
    step: Callable[[], Any] = functools.partial(next, generator)
    try:
        while True:
            try:
                with mode():
                    value = step()
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield value
                step = functools.partial(generator.send, sent)
            except GeneratorExit:
                raise
            except BaseException as error:
                step = functools.partial(generator.throw, error)
    finally:
        generator.close()


class no_grad(_GradMode):
    """Do not record ops. Works as `with no_grad():`, `@no_grad()` and `@no_grad`."""

    mode = False

    if TYPE_CHECKING:

        @overload
        def __new__(cls, orig_func: F) -> F: ...  # type: ignore[misc]
        @overload
        def __new__(cls, orig_func: None = None) -> Self: ...

    def __new__(cls, orig_func: Any = None) -> Any:
        """The context manager, or the wrapped function when used as a bare decorator."""
        return object.__new__(cls) if orig_func is None else _decorated(orig_func, cls)

    def __init__(self, orig_func: Any = None) -> None:
        super().__init__()


class enable_grad(no_grad):
    """Record ops, also inside `no_grad`."""

    mode = True


class inference_mode(_GradMode):
    """Like `no_grad`, and for good: what is made inside takes no part in what is recorded later.

    Outside, such a tensor cannot be written to, saved for backward, or made to require grad. `inference_mode(False)`
    ends the mode around it.
    """

    if TYPE_CHECKING:

        @overload
        def __new__(cls, mode: F) -> F: ...  # type: ignore[misc]
        @overload
        def __new__(cls, mode: bool = True) -> Self: ...

    def __new__(cls, mode: Any = True) -> Any:
        """The context manager, or the wrapped function when used as a bare decorator."""
        return object.__new__(cls) if isinstance(mode, bool) else _decorated(mode, cls)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self._on = mode
        self._inference_before: list[bool] = []

    def __enter__(self) -> Self:
        self._before.append(state.enabled)
        self._inference_before.append(state.inference)
        state.enabled = not self._on if self._on or state.inference else state.enabled
        state.inference = self._on
        return self

    def __exit__(self, *exc: object) -> None:
        state.inference = self._inference_before.pop()
        super().__exit__(*exc)

    def _again(self) -> Callable[[], _GradMode]:
        return functools.partial(inference_mode, self._on)


class set_grad_enabled(_GradMode):
    """Switch recording on or off at once; as a context manager, until its end; as a decorator, inside the function
    only.
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.mode = bool(mode)
        self._outside = state.enabled
        state.enabled = self.mode

    def __enter__(self) -> Self:
        self._before.append(self._outside)
        state.enabled = self.mode
        return self

    def __call__(self, func: F) -> F:
        """The function, run in this mode; outside of it the mode is as it was."""
        state.enabled = self._outside
        return super().__call__(func)

    def _again(self) -> Callable[[], _GradMode]:
        return functools.partial(set_grad_enabled, self.mode)
