"""Bitwise and logical operations."""

from teletensor_core import rules
from teletensor_core.dtypes import int16, int32, int64, uint8
from teletensor_core.errors import ShapeError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, binary, calls, unary
from teletensor_core.spec import spec

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
    domains.require(result.dtype, domains.INTEGERS)
    return result


def _not(input):
    domains.require(input.dtype, domains.BOOLS, domains.INTEGERS)
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


def _reinterpreted(input, *, dtype):
    have, want = input.dtype.itemsize, dtype.itemsize
    if have == want:
        return spec(input.shape, dtype, input.strides)
    names = f"{input.dtype.title} as {dtype.title} (different element sizes)"
    if not input.ndim:
        raise ShapeError(f"self.dim() cannot be 0 to view {names}")
    if input.strides[-1] != 1:
        raise ShapeError(f"self.stride(-1) must be 1 to view {names}")
    if have > want:
        return _resized(input, dtype, lambda n: n * (have // want))
    ratio = want // have
    if input.shape[-1] % ratio or any(stride % ratio for stride in input.strides[:-1]):
        raise ShapeError(
            f"self.size(-1) must be divisible by {ratio} to view {names}, but got {input.shape[-1]}, and so must the "
            f"other strides, which are {list(input.strides)}"
        )
    return _resized(input, dtype, lambda n: n // ratio)


def _resized(input, dtype, scale):
    strides = (*[scale(stride) for stride in input.strides[:-1]], 1)
    return spec((*input.shape[:-1], scale(input.shape[-1])), dtype, strides)


@op(
    infer=_reinterpreted,
    view=True,
    differentiable=False,
    namespaces=(),
    samples=calls(
        Sample(T(3, 8), dtype=uint8), Sample(T(2, 16), dtype=int16), Sample(T(8), dtype=int32), Sample(T(), dtype=int64)
    ),
)
def view_dtype(xp, input, *, dtype):
    """The same memory, its bits read as another dtype; the last dimension grows or shrinks with the elements' size."""
    return input.view(dtype.np)
