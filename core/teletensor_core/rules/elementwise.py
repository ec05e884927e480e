"""Rules of element-wise ops: result shapes by broadcasting, result dtypes by promotion.

Those that end in a dtype question come in pairs: an `infer` rule (specs in, spec out) and a `promote` rule (the dtype
each operand is cast to before the kernel runs).
"""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import DTypeError
from teletensor_core.rules import domains
from teletensor_core.rules.dims import broadcast_shapes
from teletensor_core.spec import Shape, Spec, spec


def _shape(operands: tuple[Any, ...]) -> Shape:
    shapes = [x.shape for x in operands if isinstance(x, Spec)]
    return broadcast_shapes(*shapes) if shapes else ()


def _present(operands: tuple[Any, ...]) -> list[Any]:
    return [x for x in operands if x is not None]


def as_float(dtype: DType) -> DType:
    """Integers and bools become the default floating point dtype."""
    return dtype if dtype.category >= dtypes.FLOAT else dtypes.default_dtype()


def same(input: Spec, *rest: Any, **attrs: Any) -> Spec:
    """The first operand's shape and dtype."""
    return spec(input.shape, input.dtype)


like_first = same


def broadcast(*operands: Any, **attrs: Any) -> Spec:
    """Broadcast shape, promoted dtype."""
    return spec(_shape(operands), dtypes.result_type(_present(operands)))


def division(*operands: Any, **attrs: Any) -> Spec:
    """Broadcast shape, promoted dtype, integers to floating point."""
    return spec(_shape(operands), as_float(dtypes.result_type(_present(operands))))


def compare(*operands: Any, **attrs: Any) -> Spec:
    """Broadcast shape, bool."""
    return spec(_shape(operands), dtypes.bool_)


def as_bool(input: Spec, **attrs: Any) -> Spec:
    """The same shape, bool."""
    return spec(input.shape, dtypes.bool_)


def to_float(input: Spec, **attrs: Any) -> Spec:
    """The same shape; integers and bools to the default floating point dtype."""
    return spec(input.shape, as_float(input.dtype))


def to_real(input: Spec, **attrs: Any) -> Spec:
    """The same shape; complex numbers to their real twin."""
    return spec(input.shape, input.dtype.to_real())


def floating(input: Spec, *rest: Any, **attrs: Any) -> Spec:
    """The first operand's shape and dtype, which must be floating point or complex."""
    if input.dtype.category < dtypes.FLOAT:
        raise DTypeError(f"Expected a floating point or complex tensor as input. Got {input.dtype.title}")
    return spec(input.shape, input.dtype)


def integral_or_bool(*operands: Any, **attrs: Any) -> Spec:
    """Broadcast shape, promoted dtype, which must not be floating point or complex."""
    result = broadcast(*operands)
    domains.require(result.dtype, domains.BOOLS, domains.INTEGERS)
    return result


def common(*operands: Any, **attrs: Any) -> list[DType]:
    """Cast every operand to the promoted dtype."""
    return [dtypes.result_type(_present(operands))] * len(operands)


def common_float(*operands: Any, **attrs: Any) -> list[DType]:
    """Cast every operand to the promoted dtype, integers to floating point."""
    return [as_float(dtypes.result_type(_present(operands)))] * len(operands)


def first(input: Spec, *rest: Any, **attrs: Any) -> list[DType]:
    """Cast every operand to the first one's dtype."""
    return [input.dtype] * (1 + len(rest))
