"""Bitwise and logical operations."""

from teletensor_core import rules
from teletensor_core.dtypes import INTEGER, bool_
from teletensor_core.errors import ArgumentTypeError, DTypeError
from teletensor_core.registry import Family, op
from teletensor_core.samples import Sample, T, binary, calls, unary

_bits: Family = {
    "infer": rules.integral_or_bool,
    "promote": rules.common,
    "differentiable": False,
    "inplace": True,
    "samples": binary(0, 5),
}
_pairs = ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3))
_logic: Family = {
    "infer": rules.compare,
    "differentiable": False,
    "inplace": True,
    "numbers": (),
    "samples": calls(*[Sample(T(*a, low=-1), T(*b, low=-1)) for a, b in _pairs]),
}


def _shift(input, other):
    result = rules.integral_or_bool(input, other)
    if result.dtype is bool_:
        raise DTypeError("shifts are not implemented for bool tensors")
    return result


def _not(input):
    if input.dtype.category > INTEGER:
        raise ArgumentTypeError(f"~ (bitwise_not) takes integers and bools, got {input.dtype.name}")
    return rules.same(input)


@op(**_bits)
def bitwise_and(xp, input, other):
    """The bits that both have."""
    return xp.bitwise_and(input, other)


@op(**_bits)
def bitwise_or(xp, input, other):
    """The bits that either has."""
    return xp.bitwise_or(input, other)


@op(**_bits)
def bitwise_xor(xp, input, other):
    """The bits that one has and the other has not."""
    return xp.bitwise_xor(input, other)


@op(infer=_not, differentiable=False, inplace=True, samples=unary(0, 5))
def bitwise_not(xp, input):
    """Every bit flipped; of bools the negation."""
    return xp.invert(input)


@op(**{**_bits, "infer": _shift, "samples": binary(0, 5, 0, 4)})
def bitwise_left_shift(xp, input, other):
    """Bits moved up."""
    return xp.left_shift(input, other)


@op(**{**_bits, "infer": _shift, "samples": binary(0, 5, 0, 4)})
def bitwise_right_shift(xp, input, other):
    """Bits moved down; the sign stays."""
    return xp.right_shift(input, other)


@op(**_logic)
def logical_and(xp, input, other):
    """Whether both are not zero."""
    return xp.logical_and(input, other)


@op(**_logic)
def logical_or(xp, input, other):
    """Whether either is not zero."""
    return xp.logical_or(input, other)


@op(**_logic)
def logical_xor(xp, input, other):
    """Whether exactly one is not zero."""
    return xp.logical_xor(input, other)


@op(infer=rules.as_bool, differentiable=False, inplace=True, samples=unary())
def logical_not(xp, input):
    """Whether elements are zero."""
    return xp.logical_not(input)
