"""Which numbers an op is defined for: a wrapper for rules, and chores of gradient rules of mixed operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import UnsupportedError
from teletensor_core.spec import Spec

BOOLS, INTEGERS, FLOATS, COMPLEX = dtypes.BOOL, dtypes.INTEGER, dtypes.FLOAT, dtypes.COMPLEX
_NAMES = {BOOLS: "bool", INTEGERS: "integer", FLOATS: "floating point", COMPLEX: "complex"}

Rule = Callable[..., Any]


class OutsideDomain(UnsupportedError):
    """An op is not defined for a dtype. Whoever plans the call knows of which op, and says so."""


def accepts(*categories: int) -> Callable[[Rule], Rule]:
    """Make a rule refuse operands whose common dtype is of another category (OutsideDomain).

    `accepts(FLOATS, COMPLEX)(rules.same)` is `rules.same` for floating point and complex tensors only.
    """

    def wrap(rule: Rule) -> Rule:
        def checked(*operands: Any, **attrs: Any) -> Any:
            require(dtypes.result_type([x for x in operands if x is not None]), *categories)
            return rule(*operands, **attrs)

        return checked

    return wrap


def require(dtype: DType, *categories: int) -> None:
    """Raise OutsideDomain unless a dtype is of one of the categories."""
    if dtype.category not in categories:
        wanted = " or ".join(_NAMES[c] for c in categories)
        raise OutsideDomain(f"not implemented for '{dtype.title}'; expected {wanted} tensors")


real = accepts(BOOLS, INTEGERS, FLOATS)
numeric = accepts(INTEGERS, FLOATS, COMPLEX)
real_numeric = accepts(INTEGERS, FLOATS)
continuous = accepts(FLOATS, COMPLEX)
real_continuous = accepts(FLOATS)


def conj(ops: Any, x: Any) -> Any:
    """The complex conjugate of an operand of a gradient rule: a tensor or a Python number."""
    return x.conjugate() if isinstance(x, complex) else ops.conj(x)


def like(ops: Any, x: Any, g: Any) -> Any:
    """A tensor operand in the dtype of a gradient, so that functions of it are as exact; numbers as they are."""
    if not hasattr(x, "shape") or ops.dtype(x) is ops.dtype(g):
        return x
    return ops.to(x, dtype=ops.dtype(g)) if ops.dtype(x).category < dtypes.FLOAT else x


def is_number(x: Any) -> bool:
    """Whether an operand is a Python number rather than an array, a value or a spec."""
    return isinstance(x, (bool, int, float, complex))


def has_integers(*operands: Any) -> bool:
    """Whether every operand given as a Spec or a number is an integer or a bool."""
    return dtypes.result_type([x for x in operands if isinstance(x, Spec) or is_number(x)]).category <= INTEGERS
