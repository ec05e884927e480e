"""`torch.linalg`: the registry's ops of that namespace, under PyTorch's names."""

from __future__ import annotations

from typing import Any

from teletensor_core.registry import OPS

from teletensor import ops
from teletensor.return_types import named

_NAMED = ("slogdet", "qr", "eigh", "svd", "lstsq")


def _named(name: str) -> Any:
    function = getattr(ops, name)

    def run(*args: Any, **kwargs: Any) -> Any:
        return named(name, function(*args, **kwargs))

    run.__name__ = name
    run.__doc__ = function.__doc__
    return run


def __getattr__(name: str) -> Any:
    found = next((op for op in OPS.values() if "linalg" in op.namespaces and name in _names(op)), None)
    if found is None:
        raise AttributeError(f"module 'teletensor.linalg' has no attribute {name!r}")
    function = _named(found.name) if found.name in _NAMED else getattr(ops, found.name)
    globals()[name] = function
    return function


def _names(op: Any) -> tuple[str, ...]:
    return (op.name, op.name.removeprefix("linalg_"), *op.aliases)


def __dir__() -> list[str]:
    return sorted({name for op in OPS.values() if "linalg" in op.namespaces for name in _names(op)})
