"""Puts on `Tensor` the functions that are its methods: the registry's ops, and what is made of them.

Type checkers and editors read methods.pyi instead, which tools/generate.py writes from what is installed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.registry import OPS

from teletensor import operators, ops
from teletensor.functions import (
    arithmetic,
    creation,
    differences,
    former,
    histograms,
    in_place,
    indexed,
    joining,
    parts,
    pointwise,
    products,
    queries,
    reductions,
    reshaping,
    sampling,
    searching,
    shapes,
    solvers,
    spectra,
    statistics,
)
from teletensor.intercepting import copied
from teletensor.tensor import Tensor

TOPICS: tuple[Any, ...] = (
    arithmetic, creation, differences, former, histograms, in_place, indexed, joining, parts, pointwise,
    products, queries, reductions, reshaping, sampling, searching, shapes, solvers, spectra, statistics,
)  # fmt: skip
# Ops that PyTorch has as functions only, or under another name.
NOT_METHODS = frozenset((
    "expit", "expit_", "fill", "inv", "std_mean", "var_mean", "view_as_complex", "view_as_real",
))  # fmt: skip
CASTS = {
    "bool": dtypes.bool_, "byte": dtypes.uint8, "char": dtypes.int8, "short": dtypes.int16, "int": dtypes.int32,
    "long": dtypes.int64, "half": dtypes.float16, "bfloat16": dtypes.bfloat16, "float": dtypes.float32,
    "double": dtypes.float64, "cfloat": dtypes.complex64, "cdouble": dtypes.complex128,
}  # fmt: skip


def methods() -> dict[str, Callable[..., Any]]:
    """Every method that is installed, by name."""
    found = _of_ops()
    for topic in TOPICS:
        found.update({name: getattr(topic, name) for name in topic.METHODS})
    found.update({name: _cast(name, dtype) for name, dtype in CASTS.items()})
    return dict(sorted(found.items())) | operators.methods()


def _of_ops() -> dict[str, Callable[..., Any]]:
    """The registry's ops: as methods where they say so, and with an underscore where they can work in place."""
    found = {}
    for op in OPS.values():
        for name in (op.name, *op.aliases):
            if "Tensor" in op.namespaces:
                found[name] = getattr(ops, name)
            if op.inplace and "nn.functional" not in op.namespaces[:1]:
                found[f"{name}_"] = getattr(ops, f"{name}_")
    return {name: function for name, function in found.items() if name not in NOT_METHODS}


def _cast(name: str, dtype: dtypes.DType) -> Callable[..., Tensor]:
    def cast(self: Tensor, memory_format: Any = None) -> Tensor:
        return self.to(dtype)

    cast.__name__ = cast.__qualname__ = name
    cast.__doc__ = f"This tensor as {dtype!r}; itself when it is already."
    return cast


def install() -> None:
    """Give `Tensor` its methods; what it defines itself stays."""
    for name, function in methods().items():
        if name not in Tensor.__dict__:
            setattr(Tensor, name, _as_method(name, function))


def _as_method(name: str, function: Any) -> Any:
    """The function as an object of its own: programs tell `torch.add` from `torch.Tensor.add`."""
    method = copied(function)
    method.__name__, method.__qualname__ = name, f"Tensor.{name}"
    method.__wrapped__ = function
    return method


install()
