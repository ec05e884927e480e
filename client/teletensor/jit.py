"""`torch.jit`: nothing is compiled here, and what only marks functions for the compiler leaves them as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from teletensor_core.errors import UnsupportedError

from teletensor import missing as _missing

__all__ = [
    "Final",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "freeze",
    "ignore",
    "is_scripting",
    "is_tracing",
    "optimize_for_inference",
    "script",
    "script_if_tracing",
    "trace",
    "trace_module",
    "unused",
]

F = TypeVar("F", bound=Callable[..., Any])


class ScriptFunction:
    """What PyTorch compiles functions to, for `isinstance`: nothing is compiled here, and so nothing is one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedError(f"torch.jit.{type(self).__name__}: nothing is compiled here; use the Python itself")


class ScriptModule(ScriptFunction):
    """What PyTorch compiles modules to, for `isinstance`: nothing is compiled here, and so nothing is one."""


def is_scripting() -> bool:
    """False: nothing is ever being compiled."""
    return False


def is_tracing() -> bool:
    """False: nothing is ever being traced."""
    return False


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """The function itself: marks it as one that the compiler leaves to Python. Also used as `@ignore(drop=True)`."""
    return drop if callable(drop) else lambda fn: fn


def unused(fn: F) -> F:
    """The function itself: marks it as one that the compiler leaves out."""
    return fn


def export(fn: F) -> F:
    """The function itself: marks it as one that the compiler compiles too."""
    return fn


def script(obj: Any, optimize: Any = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None) -> Any:
    """The function or module itself: it runs as Python, which gives the same results."""
    return obj


def script_if_tracing(fn: F) -> F:
    """The function itself: it would be compiled when traced, and nothing is ever traced."""
    return fn


def trace(func: Any, example_inputs: Any = None, **options: Any) -> Any:
    """The function or module itself: it runs as Python, and so takes its own branches for every input."""
    return func


def trace_module(mod: Any, inputs: Any, **options: Any) -> Any:
    """The module itself, as `trace`."""
    return mod


def freeze(mod: Any, preserved_attrs: Any = None, optimize_numerics: bool = True) -> Any:
    """The module itself, in evaluation mode or not: RuntimeError in training mode."""
    if mod.training:
        raise RuntimeError("Freezing is only implemented for modules in eval mode. Please call .eval() first.")
    return mod


def optimize_for_inference(mod: Any, other_methods: Any = None) -> Any:
    """The module itself."""
    return mod


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value: tells the compiler its type."""
    return the_value


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
