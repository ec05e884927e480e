"""Arithmetic, element by element, with broadcasting and promotion.

Integer division by zero raises only when the divisor is a Python number: an element of a tensor that is zero is known
to the device alone, and gives 0 there.
"""

from teletensor_core import rules
from teletensor_core.dtypes import bool_
from teletensor_core.errors import ArgumentError, DTypeError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.rules.domains import conj as conjugate
from teletensor_core.rules.domains import is_number
from teletensor_core.samples import Sample, T, binary, unary


def _is_bool(x):
    return type(x) is bool or getattr(x, "dtype", None) is bool_


def _difference_spec(input, other):
    """Broadcast and promote, refusing bools."""
    if _is_bool(input) and _is_bool(other):
        raise DTypeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if _is_bool(input) or _is_bool(other):
        raise DTypeError(f"Subtraction, the `-` operator, with a bool tensor is not supported. {_INVERT}")
    return rules.broadcast(input, other)


def _negative_spec(input):
    if _is_bool(input):
        raise DTypeError(f"Negation, the `-` operator, on a bool tensor is not supported. {_INVERT}")
    return rules.same(input)


_INVERT = "If you are trying to invert a mask, use the `~` or `logical_not()` operator instead."


def _check_divisor(input, other):
    """Raise for an integer divided by the Python number 0."""
    if is_number(other) and other == 0 and hasattr(input, "dtype") and input.dtype.kind in "iub":
        raise DTypeError("ZeroDivisionError: an integer tensor was divided by 0")


@op(infer=rules.broadcast, promote=rules.common, inplace=True, samples=binary())
def add(xp, input, other):
    """The sum."""
    return xp.add(input, other)


@add.write_inplace
def _(xp, input, other):
    xp.add(input, other, out=input)


@add.vjp("input")
def _(ops, g, out, input, other):
    return g


@add.vjp("other")
def _(ops, g, out, input, other):
    return g


@op(
    infer=_difference_spec,
    promote=rules.common,
    inplace=True,
    aliases=("subtract",),
    samples=binary(),
)
def sub(xp, input, other):
    """The difference `input - other`."""
    return xp.subtract(input, other)


@sub.write_inplace
def _(xp, input, other):
    xp.subtract(input, other, out=input)


@sub.vjp("input")
def _(ops, g, out, input, other):
    return g


@sub.vjp("other")
def _(ops, g, out, input, other):
    return ops.neg(g)


@op(
    infer=rules.broadcast,
    promote=rules.common,
    saves=("input", "other"),
    inplace=True,
    aliases=("multiply",),
    samples=binary(),
)
def mul(xp, input, other):
    """The product."""
    return xp.multiply(input, other)


@mul.write_inplace
def _(xp, input, other):
    xp.multiply(input, other, out=input)


@mul.vjp("input")
def _(ops, g, out, input, other):
    return ops.mul(g, conjugate(ops, other))


@mul.vjp("other")
def _(ops, g, out, input, other):
    return ops.mul(g, conjugate(ops, input))


def _div_spec(input, other, *, rounding_mode=None):
    if rounding_mode is None:
        return rules.division(input, other)
    if rounding_mode not in ("floor", "trunc"):
        raise ArgumentError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    return domains.real_numeric(rules.broadcast)(input, other)


def _div_cast(input, other, *, rounding_mode=None):
    return rules.common_float(input, other) if rounding_mode is None else rules.common(input, other)


def _div_samples():
    yield from binary(other_low=0.5)()
    for mode in ("floor", "trunc"):
        yield Sample(T(3, 4, low=-9, high=9), T(4, low=1, high=4), rounding_mode=mode)
        yield Sample(T(5, low=-9, high=9), -2, rounding_mode=mode)


@op(
    infer=_div_spec,
    promote=_div_cast,
    saves=("input", "other"),
    inplace=True,
    aliases=("divide", "true_divide"),
    samples=_div_samples,
)
def div(xp, input, other, *, rounding_mode=None):
    """The quotient; integers divide to floating point, unless it is rounded ("floor") or cut off ("trunc")."""
    if rounding_mode is None:
        return xp.true_divide(input, other)
    _check_divisor(input, other)
    if rounding_mode == "floor":
        return xp.floor_divide(input, other)
    if xp.result_type(input, other).kind == "f":
        return xp.trunc(xp.true_divide(input, other))
    quotient = xp.floor_divide(input, other)
    return quotient + ((quotient < 0) & (quotient * other != input))


@div.write_inplace
def _(xp, input, other, *, rounding_mode=None):
    if rounding_mode is None:
        xp.true_divide(input, other, out=input)
    else:
        xp.copyto(input, div.kernel(xp, input, other, rounding_mode=rounding_mode))


@div.vjp("input")
def _(ops, g, out, input, other, *, rounding_mode=None):
    return ops.zero(g) if rounding_mode else ops.div(g, conjugate(ops, other))


@div.vjp("other")
def _(ops, g, out, input, other, *, rounding_mode=None):
    if rounding_mode:
        return ops.zero(g)
    quotient = ops.div(ops.div(input, other), other)
    return ops.neg(ops.mul(g, conjugate(ops, quotient)))


@op(infer=_negative_spec, inplace=True, aliases=("negative",), samples=unary())
def neg(xp, input):
    """The negative."""
    return xp.negative(input)


@neg.vjp("input")
def _(ops, g, out, input):
    return ops.neg(g)


@op(infer=rules.same, opmath=False, namespaces=("torch", "Tensor"), samples=unary())
def conj(xp, input):
    """The complex conjugate; real numbers stay as they are."""
    return xp.conj(input) if getattr(input, "dtype", None) is not None and input.dtype.kind == "c" else input


@conj.vjp("input")
def _(ops, g, out, input):
    return ops.conj(g)


@op(
    infer=domains.real_numeric(rules.broadcast),
    promote=rules.common,
    inplace=True,
    differentiable=False,
    samples=binary(other_low=1.0, other_high=4.0),
)
def floor_divide(xp, input, other):
    """The quotient rounded down."""
    _check_divisor(input, other)
    return xp.floor_divide(input, other)


_modular: Family = {
    "infer": domains.real_numeric(rules.broadcast),
    "promote": rules.common,
    "saves": ("input", "other"),
    "inplace": True,
    "samples": binary(other_low=1.0, other_high=4.0),
}


@op(**_modular)
def remainder(xp, input, other):
    """The remainder of division rounded down: it has the divisor's sign, and a zero that of the dividend."""
    _check_divisor(input, other)
    out = xp.remainder(input, other)
    return xp.where(out == 0, xp.copysign(out, input), out) if out.dtype.kind == "f" else out


@op(**_modular, numbers=("other",))
def fmod(xp, input, other):
    """The remainder of division rounded towards zero: it has the dividend's sign."""
    _check_divisor(input, other)
    return xp.fmod(input, other)


def _modular_rules(made, rounding_mode):
    @made.vjp("input")
    def _(ops, g, out, input, other):
        return g

    @made.vjp("other")
    def _(ops, g, out, input, other):
        return ops.neg(ops.mul(g, ops.div(input, other, rounding_mode=rounding_mode)))


_modular_rules(remainder, "floor")
_modular_rules(fmod, "trunc")
