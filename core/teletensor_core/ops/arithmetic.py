"""Arithmetic, element by element, with broadcasting and promotion."""

from teletensor_core import rules
from teletensor_core.dtypes import COMPLEX, bool_
from teletensor_core.errors import DTypeError
from teletensor_core.registry import op
from teletensor_core.samples import binary, unary


def _not_bool(sign, advice):
    """Broadcast and promote, refusing bools."""

    def infer(*operands):
        result = rules.broadcast(*operands)
        if result.dtype is bool_:
            raise DTypeError(f"the `{sign}` operator with a bool tensor is not supported; {advice}")
        return result

    return infer


def _not_complex(infer):
    """The rule, refusing complex numbers."""

    def checked(*operands, **attrs):
        result = infer(*operands, **attrs)
        if result.dtype.category == COMPLEX:
            raise DTypeError(f"complex numbers have no order and no remainder; got {result.dtype.name}")
        return result

    return checked


@op(infer=rules.broadcast, promote=rules.common, inplace=True, samples=binary())
def add(xp, input, other):
    """The sum."""
    return xp.add(input, other)


@add.vjp("input")
def _(ops, g, out, input, other):
    return g


@add.vjp("other")
def _(ops, g, out, input, other):
    return g


@op(
    infer=_not_bool("-", "use `^` or logical_xor() instead"),
    promote=rules.common,
    inplace=True,
    aliases=("subtract",),
    samples=binary(),
)
def sub(xp, input, other):
    """The difference `input - other`."""
    return xp.subtract(input, other)


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


@mul.vjp("input")
def _(ops, g, out, input, other):
    return ops.mul(g, ops.conj(other))


@mul.vjp("other")
def _(ops, g, out, input, other):
    return ops.mul(g, ops.conj(input))


@op(
    infer=rules.division,
    promote=rules.common_float,
    saves=("input", "other"),
    inplace=True,
    aliases=("divide", "true_divide"),
    samples=binary(other_low=0.5),
)
def div(xp, input, other):
    """The quotient; integers divide to floating point."""
    return xp.true_divide(input, other)


@div.vjp("input")
def _(ops, g, out, input, other):
    return ops.div(g, ops.conj(other))


@div.vjp("other")
def _(ops, g, out, input, other):
    quotient = ops.div(ops.div(input, other), other)
    return ops.neg(ops.mul(g, ops.conj(quotient)))


@op(infer=_not_bool("-", "use `~` or logical_not() instead"), inplace=True, aliases=("negative",), samples=unary())
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


@op(infer=_not_complex(_not_bool("//", "convert it to an integer dtype first")), promote=rules.common, saves=(), inplace=True,
    differentiable=False, samples=binary(other_low=1.0, other_high=4.0))  # fmt: skip
def floor_divide(xp, input, other):
    """The quotient rounded down."""
    return xp.floor_divide(input, other)


@op(infer=_not_complex(rules.broadcast), promote=rules.common, saves=("input", "other"), inplace=True,
    samples=binary(other_low=0.7, other_high=3.0))  # fmt: skip
def remainder(xp, input, other):
    """The remainder of division rounded down: it has the divisor's sign."""
    return xp.remainder(input, other)


@remainder.vjp("input")
def _(ops, g, out, input, other):
    return g


@remainder.vjp("other")
def _(ops, g, out, input, other):
    return ops.neg(ops.mul(g, ops.floor(ops.div(input, other))))


@op(infer=_not_complex(rules.broadcast), promote=rules.common, saves=("input", "other"), inplace=True,
    samples=binary(other_low=0.7, other_high=3.0))  # fmt: skip
def fmod(xp, input, other):
    """The remainder of division rounded towards zero: it has the dividend's sign."""
    return xp.fmod(input, other)


@fmod.vjp("input")
def _(ops, g, out, input, other):
    return g


@fmod.vjp("other")
def _(ops, g, out, input, other):
    return ops.neg(ops.mul(g, ops.trunc(ops.div(input, other))))
