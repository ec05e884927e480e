"""`torch.compiler`: what there is to say to, and about, `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from teletensor import compiled, recording
from teletensor import missing as _missing

__all__ = ["compile", "disable", "is_compiling", "is_dynamo_compiling", "is_exporting", "reset"]


def is_compiling() -> bool:
    """Whether a call of a compiled function is being recorded."""
    return recording.state.listener is not None


is_dynamo_compiling = is_exporting = is_compiling


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """The function itself: in a compiled function it is recorded like all the rest, there are no graph breaks."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        return function

    return mark if fn is None else fn


def reset() -> None:
    """Forget every program: compiled functions are recorded anew."""
    compiled.reset()


def compile(*args: Any, **kwargs: Any) -> Any:
    """See `torch.compile`."""
    return compiled.compile(*args, **kwargs)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
