"""Functions recorded as programs: `torch.compile`. See docs/compile.md."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor.compiled.function import MOST_PROGRAMS, CompiledFunction, reset

__all__ = ["CompiledFunction", "compile", "reset"]


def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool | None = None,
    shapes_spec: Any = None,
    verify: bool | int = False,
) -> Any:
    """A function, or module, whose calls are recorded once for each kind of arguments, and then run with one command.

    Also a decorator, with or without arguments. With `verify` every tenth call (or every `verify`-th) is recorded anew
    and compared with the program. `disable` gives back `model`; `recompile_limit` is how many programs a function may
    have (64). The other options are PyTorch's and choose nothing: there is one backend, and no graph break. Calls raise
    CompileError, naming the line, for what cannot be part of a program.
    """
    if model is None:
        return lambda function: compile(function, disable=disable, recompile_limit=recompile_limit, verify=verify)
    if not callable(model):
        raise ArgumentError(f"torch.compile takes a function or a module, got {type(model).__name__}")
    if disable:
        return model
    from teletensor.compiled.module import OptimizedModule
    from teletensor.nn import Module

    chosen: Any = (verify, recompile_limit or MOST_PROGRAMS)
    return OptimizedModule(model, *chosen) if isinstance(model, Module) else CompiledFunction(model, *chosen)
