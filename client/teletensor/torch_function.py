"""`__torch_function__`: operands whose class wants to do a call itself, in the order in which they are asked.

Plain tensors are never asked. What asks is installed once there is somebody to ask: see intercepting.py.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from teletensor.tensor_base import TensorBase

_PLAIN_METHOD = (
    "Defining your `__torch_function__` as a plain method is deprecated and will be an error in future, please define "
    "it as a classmethod."
)
# What calls are mostly given, none of which wants to be asked.
_SILENT: frozenset[type[Any]] = frozenset((int, float, bool, complex, str, type(None), slice, type(...), np.ndarray))


class _State(threading.local):
    """Who is asked in this thread: the modes that are on, innermost last; whether subclasses are."""

    modes: tuple[Any, ...] = ()
    subclasses = True


state = _State()


def disabled_torch_function(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """The `__torch_function__` of classes that do not want to be asked, such as `nn.Parameter`."""
    with DisableTorchFunctionSubclass():
        return func(*args, **(kwargs or {}))


class DisableTorchFunctionSubclass:
    """Inside a `with` block no class is asked; modes still are."""

    _modes = True

    def __init__(self) -> None:
        self._before: list[tuple[bool, tuple[Any, ...]]] = []

    def __enter__(self) -> None:
        self._before.append((state.subclasses, state.modes))
        state.subclasses = False
        if not self._modes:
            state.modes = ()

    def __exit__(self, *exc: object) -> None:
        state.subclasses, state.modes = self._before.pop()


class DisableTorchFunction(DisableTorchFunctionSubclass):
    """Inside a `with` block neither classes nor modes are asked."""

    _modes = False


def overrides(kind: type[Any]) -> bool:
    """Whether a class has a `__torch_function__` of its own."""
    if kind in _SILENT or kind is TensorBase._concrete:
        return False
    found = getattr(kind, "__torch_function__", None)
    return found is not None and found is not disabled_torch_function


def asked(operands: Iterable[Any]) -> list[Any]:
    """Those operands, and members of lists and tuples among them, whose classes are to be asked: one of each class.

    From left to right, subclasses before the classes they come from.
    """
    if not state.subclasses:
        return []
    found: list[Any] = []
    for x in operands:
        for each in x if type(x) in (list, tuple) else (x,):
            kind = type(each)
            if overrides(kind) and not any(type(other) is kind for other in found):
                at = next((i for i, other in enumerate(found) if issubclass(kind, type(other))), len(found))
                found.insert(at, each)
    return found


def ask(func: Any, operands: list[Any], args: tuple[Any, ...], kwargs: Mapping[str, Any] | None) -> Any:
    """The answer of the innermost mode, or of the first operand that has one. NotImplemented from all is a TypeError.

    `func` is what the program has called, under its public name.
    """
    types = tuple(type(x) for x in operands)
    modes = state.modes
    if modes:
        state.modes = modes[:-1]
        try:
            made = modes[-1].__torch_function__(func, types, args, kwargs)
        finally:
            state.modes = modes
        if made is not NotImplemented:
            return made
    for x in operands:
        made = _method(x)(func, types, args, kwargs)
        if made is not NotImplemented:
            return made
    raise TypeError(_unanswered(func, [*types, *[type(mode) for mode in modes[-1:]]]))


def _unanswered(func: Any, types: list[type[Any]]) -> str:
    from teletensor.overridable import title

    name = title(func)
    if name is None or name.startswith("torch.nn."):
        return f"no implementation found for '{name or func}' on types that implement __torch_function__: {types}"
    lines = [f"  - tensor subclass {kind}" for kind in types]
    head = f"Multiple dispatch failed for '{name}'; all __torch_function__ handlers returned NotImplemented:\n"
    return "\n".join([head, *lines])


def _method(x: Any) -> Callable[..., Any]:
    method: Callable[..., Any] = x.__torch_function__
    if getattr(method, "__self__", None) is x:
        warnings.warn(_PLAIN_METHOD, stacklevel=4)
    return method


def wrapped(cls: type[Any], func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """What `Tensor.__torch_function__` does: the call itself, its results as tensors of the class that was asked.

    NotImplemented where another class takes part that this one does not come from.
    """
    from teletensor.overridable import unwrapped

    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        made = func(*args, **(kwargs or {}))
        return made if func in unwrapped() else _as(made, cls)


def _as(made: Any, cls: type[Any]) -> Any:
    """The tensors in a result, as those of a class."""
    if cls is TensorBase._concrete:
        return made
    if isinstance(made, TensorBase):
        return made if isinstance(made, cls) else made.as_subclass(cls)  # type: ignore[attr-defined]
    if not isinstance(made, (tuple, list)):
        return made
    members = [_as(x, cls) for x in made]
    return made._make(members) if hasattr(made, "_make") else type(made)(members)
