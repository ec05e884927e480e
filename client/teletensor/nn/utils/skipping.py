"""Modules whose parameters hold nothing in particular yet."""

from __future__ import annotations

import inspect
from typing import Any, TypeVar

from teletensor import random
from teletensor.nn.module import Module

T = TypeVar("T", bound=Module)


def skip_init(module_cls: type[T], *args: Any, **kwargs: Any) -> T:
    """`module_cls(*args, **kwargs)`, whose parameters are to be filled: their values are unspecified.

    Generators go on as if nothing had been drawn. RuntimeError for what is no module, or takes no `device`.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    with random.fork_rng():
        return module_cls(*args, **kwargs)
