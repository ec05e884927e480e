"""Rules of losses: what a reduction leaves."""

from __future__ import annotations

from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentError
from teletensor_core.spec import Shape, Spec, spec

REDUCTIONS = ("mean", "sum", "none")


def loss_spec(shape: Shape, dtype: DType, reduction: str) -> Spec:
    """The result of a loss whose elements have this shape and dtype."""
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{reduction} is not a valid value for reduction; it is one of {', '.join(REDUCTIONS)}")
    return spec(shape if reduction == "none" else (), dtype)
