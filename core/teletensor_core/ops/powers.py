"""Powers, roots, and signs."""

import math

from teletensor_core import rules
from teletensor_core.dtypes import INTEGER, bool_, int64
from teletensor_core.errors import DTypeError
from teletensor_core.kernels.casting import fitted
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary
from teletensor_core.spec import spec

_float = rules.common_float


def _square_spec(input):
    return spec(input.shape, int64) if input.dtype is bool_ else rules.same(input)


def _power_spec(input, exponent):
    result = rules.broadcast(input, exponent)
    return spec(result.shape, int64) if result.dtype is bool_ else result


def _power_casts(input, exponent):
    """An integer power's exponent is left as it is: it must not wrap around before its sign was looked at."""
    dtype = _power_spec(input, exponent).dtype
    return [dtype, None if type(exponent) is int and dtype.category == INTEGER else dtype]


@op(
    infer=_power_spec,
    promote=_power_casts,
    saves=("input", "exponent"),
    inplace=True,
    samples=calls(
        Sample(T(3, 4, low=0.3), 2),
        Sample(T(3, 4), 3),
        Sample(T(3, 4, low=0.3), 0.5),
        Sample(T(3, low=0.3), -1.5),
        Sample(T(3, 4, low=0.3), T(4)),
        Sample(2.0, T(2, 3)),
        Sample(T(3), 0),
        Sample(T(3), 1),
        Sample(T(low=0.3), T(2)),
    ),
)
def pow(xp, input, exponent):
    """`input` to the power of `exponent`."""
    if not domains.is_number(exponent) and exponent.dtype.kind == "i":
        return _integer_power(xp, input, exponent)
    if type(exponent) is int and input.dtype.kind in "iu":
        if exponent < 0:
            raise DTypeError(f"Integers to negative integer powers are not allowed, got exponent {exponent}")
        exponent = fitted(exponent, input.dtype)
    if isinstance(exponent, (int, float)) and hasattr(input, "dtype") and input.dtype.kind in "fc":
        if exponent == 2:
            return xp.multiply(input, input)
        if exponent == 0.5:
            return xp.sqrt(input)
        if exponent == 3:
            return xp.multiply(xp.multiply(input, input), input)
    return xp.power(input, exponent)


def _integer_power(xp, input, exponent):
    """With negative exponents too: reciprocals, which are 0 for all but 1 and -1."""
    parity = 1 - 2 * (exponent & 1)
    inverse = xp.where(input == 1, 1, xp.where(input == -1, parity, 0))
    return xp.where(exponent < 0, inverse, xp.power(input, xp.maximum(exponent, 0)))


@pow.vjp("input")
def _(ops, g, out, input, exponent):
    if isinstance(exponent, (int, float)):
        if exponent == 0:
            return ops.mul(g, 0)
        power = input if exponent == 2 else ops.pow(input, exponent - 1)
        return ops.mul(g, ops.conj(ops.mul(power, exponent)))
    slope = ops.mul(exponent, ops.pow(input, ops.sub(exponent, 1)))
    return ops.where(ops.eq(exponent, 0), 0, ops.mul(g, ops.conj(slope)))


@pow.vjp("exponent")
def _(ops, g, out, input, exponent):
    log = math.log(input) if isinstance(input, (int, float)) and input > 0 else None
    if log is not None:
        return ops.mul(g, ops.conj(ops.mul(ops.pow(input, exponent), log)))
    if isinstance(input, (int, float)):
        return ops.mul(g, 0) if input == 0 else ops.mul(g, float("nan"))
    slope = ops.mul(ops.pow(input, exponent), ops.log(input))
    return ops.mul(g, ops.where(ops.eq(input, 0), 0, ops.conj(slope)))


@op(infer=rules.to_float, promote=_float, saves=("out",), inplace=True, samples=unary(low=0.5))
def reciprocal(xp, input):
    """One divided by each element."""
    return xp.reciprocal(input)


@reciprocal.vjp("input")
def _(ops, g, out, input):
    return ops.neg(ops.mul(g, ops.conj(ops.mul(out, out))))


@op(
    infer=_square_spec,
    promote=lambda input: [_square_spec(input).dtype],
    saves=("input",),
    inplace=True,
    grad_name="Pow",
    samples=unary(),
)
def square(xp, input):
    """Each element times itself."""
    return xp.multiply(input, input)


@square.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.mul(ops.conj(input), 2))


@op(infer=rules.to_float, promote=_float, saves=("out",), inplace=True, samples=unary(low=0.3))
def sqrt(xp, input):
    """The square root."""
    return xp.sqrt(input)


@sqrt.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.mul(ops.conj(out), 2))


@op(infer=rules.to_float, promote=_float, saves=("out",), inplace=True, samples=unary(low=0.3))
def rsqrt(xp, input):
    """One divided by the square root."""
    return xp.reciprocal(xp.sqrt(input))


@rsqrt.vjp("input")
def _(ops, g, out, input):
    return ops.mul(ops.mul(g, ops.conj(ops.mul(ops.mul(out, out), out))), -0.5)


@op(infer=domains.numeric(rules.to_real), saves=("input",), inplace=True, aliases=("absolute",), samples=unary())
def abs(xp, input):
    """The absolute value; of complex numbers the modulus."""
    return xp.absolute(input)


@abs.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.sgn(input))


@op(infer=domains.real(rules.same), inplace=True, samples=unary())
def sign(xp, input):
    """-1, 0 or 1; 0 for NaN."""
    return _real_sign(xp, input)


def _real_sign(xp, input):
    if input.dtype.kind == "b":
        return input.copy()
    return xp.where(input != input, 0, xp.sign(input)) if input.dtype.kind == "f" else xp.sign(input)


@sign.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, 0)


@op(infer=rules.same, saves=("input", "out"), inplace=True, samples=unary(low=0.2))
def sgn(xp, input):
    """The sign; of complex numbers the direction, z / |z|."""
    if input.dtype.kind != "c":
        return _real_sign(xp, input)
    modulus = xp.absolute(input)
    return xp.where(modulus == 0, 0, input / xp.where(modulus == 0, 1, modulus))


@sgn.vjp("input")
def _(ops, g, out, input):
    if not ops.dtype(input).is_complex:
        return ops.mul(g, 0)
    along = ops.real(ops.mul(g, ops.conj(out)))
    modulus = ops.abs(input)
    at_zero = ops.eq(modulus, 0)
    across = ops.div(ops.sub(g, ops.mul(out, along)), ops.where(at_zero, 1, modulus))
    return ops.where(at_zero, 0, across)
