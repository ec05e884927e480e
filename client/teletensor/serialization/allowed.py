"""Classes and functions that a program allows files to name: `torch.serialization.add_safe_globals`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from teletensor_core.errors import ArgumentTypeError

# A class or function, or a pair of it and the name that files have for it.
Global: TypeAlias = Any

_allowed: dict[Any, Global] = {}


def add_safe_globals(safe_globals: Iterable[Global]) -> None:
    """Let files that are loaded name these classes and functions, from now on: reading them may run their code.

    Of a class, objects are made without calling it, and get their attributes, or their `__setstate__` is called. An
    element may be a pair of an object and its name in files, `module.name`.
    """
    given = list(safe_globals)
    for each in given:
        _named(each)
    _allowed.update({_named(each): each for each in given})


def get_safe_globals() -> list[Global]:
    """What files may name, besides tensors and plain containers."""
    return list(_allowed.values())


def clear_safe_globals() -> None:
    """Let files name nothing any more, besides tensors and plain containers."""
    _allowed.clear()


class safe_globals:
    """`add_safe_globals` inside a `with` block."""

    def __init__(self, safe_globals: Iterable[Global]) -> None:
        self._given = list(safe_globals)

    def __enter__(self) -> None:
        self._before = dict(_allowed)
        add_safe_globals(self._given)

    def __exit__(self, *exc: object) -> None:
        _allowed.clear()
        _allowed.update(self._before)


def find(name: tuple[str, str]) -> Any:
    """The object that files name so; None for one that is not allowed."""
    found = _allowed.get(name)
    return found[0] if isinstance(found, tuple) else found


def set_state(target: Any, state: Any) -> None:
    """What pickle does with the state of an object: its `__setstate__`, or its attributes, also those in slots."""
    if hasattr(target, "__setstate__"):
        target.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    if attributes:
        vars(target).update(attributes)
    for name, value in (slots or {}).items():
        setattr(target, name, value)


def is_allowed(value: Any) -> bool:
    """Whether an object is one that files may name."""
    return any(value is (each[0] if isinstance(each, tuple) else each) for each in _allowed.values())


def _named(each: Global) -> tuple[str, str]:
    """The module and the name in it by which files know a class or function."""
    if isinstance(each, tuple):
        if len(each) != 2 or not isinstance(each[1], str) or not callable(each[0]):
            raise ArgumentTypeError(f"Expected a class or function, or it with its name in files, got {each!r}")
        module, _, name = each[1].rpartition(".")
        return module, name
    if not callable(each) or not hasattr(each, "__module__") or not hasattr(each, "__qualname__"):
        raise ArgumentTypeError(f"Expected a class or function, got {each!r}")
    return each.__module__, each.__qualname__
