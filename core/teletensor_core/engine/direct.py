"""Kernels that are one universal function of the array library: their results need no check after the first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core.plan import Plan
from teletensor_core.registry import Op
from teletensor_core.spec import Spec


def direct(plan: Plan, operands: Sequence[Spec], xp: Any) -> Callable[[Any, Any], Any] | None:
    """The universal function that runs a plan that `is_pair` on two arrays, with a result that needs no check.

    None when there is none. What it gives for dense arrays has one layout, and its dtype depends on theirs alone.
    """
    spec = plan.specs[0]
    name = _function_name(plan.op)
    # Of operands without dimensions it would give a scalar.
    if name is None or not spec.ndim or not all(x.contiguous for x in operands):
        return None
    function: Any = getattr(xp, name, None)
    if (getattr(function, "nin", 0), getattr(function, "nout", 0)) != (2, 1) or getattr(function, "signature", None):
        # It is no function of elements.
        return None
    tried = function(*[xp.ones(1, x.dtype.np) for x in operands])
    return function if tried.dtype is spec.dtype.np else None


@functools.cache
def _function_name(op: Op) -> str | None:
    """The name of the function that a kernel applies to its two operands, in order, when it does nothing else."""
    operands = (object(), object())
    try:
        called = op.kernel(_Namespace(), *operands)
    except Exception:
        # It looks into its operands, or calls something else.
        return None
    return called.name if type(called) is _Called and called.operands == operands else None


class _Called:
    def __init__(self, name: str, operands: tuple[Any, ...]) -> None:
        self.name = name
        self.operands = operands


class _Namespace:
    def __getattr__(self, name: str) -> Callable[..., _Called]:
        return lambda *operands: _Called(name, operands)
