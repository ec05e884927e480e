"""`torch.compiler`: there is none. Programs that ask hear so; marks for it leave functions as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teletensor import missing as _missing

__all__ = ["disable", "is_compiling", "is_dynamo_compiling", "is_exporting", "reset"]


def is_compiling() -> bool:
    """False: nothing is ever being compiled."""
    return False


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself: marks it as one that the compiler leaves to Python."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    return mark if fn is None else fn


def reset() -> None:
    """Nothing to do: nothing was compiled."""


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
