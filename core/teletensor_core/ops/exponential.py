"""Exponentials and logarithms."""

import math

from teletensor_core import rules
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import binary, unary

_to_float: Family = {"infer": rules.to_float, "promote": rules.common_float, "inplace": True}


@op(**_to_float, saves=("out",), samples=unary())
def exp(xp, input):
    """`e` to the power of each element."""
    return xp.exp(input)


@exp.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(out))


@op(**_to_float, saves=("out",), samples=unary())
def exp2(xp, input):
    """2 to the power of each element."""
    return xp.exp2(input)


@exp2.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(ops.mul(out, math.log(2))))


@op(**_to_float, saves=("out",), samples=unary())
def expm1(xp, input):
    """exp(x) - 1, exact for small elements."""
    return xp.expm1(input)


@expm1.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(ops.add(out, 1)))


@op(**_to_float, saves=("input",), samples=unary(low=0.1))
def log(xp, input):
    """The natural logarithm."""
    return xp.log(input)


@log.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(input))


@op(**_to_float, saves=("input",), samples=unary(low=0.1))
def log2(xp, input):
    """The logarithm to base 2."""
    return xp.log2(input)


@log2.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.mul(input, math.log(2))))


@op(**_to_float, saves=("input",), samples=unary(low=0.1))
def log10(xp, input):
    """The logarithm to base 10."""
    return xp.log10(input)


@log10.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.mul(input, math.log(10))))


@op(**_to_float, saves=("input",), samples=unary(low=-0.8))
def log1p(xp, input):
    """log(1 + x), exact for small elements."""
    return xp.log1p(input)


@log1p.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.add(input, 1)))


@op(**_to_float, saves=("out",), namespaces=("torch", "Tensor", "nn.functional"), aliases=("expit",), samples=unary())
def sigmoid(xp, input):
    """1 / (1 + exp(-x))."""
    return xp.sigmoid(input)


@sigmoid.vjp("input")
def _(ops, g, out, input):
    return ops.sigmoid_backward(g, out)


@op(infer=rules.same, saves=("g", "out"), namespaces=())
def sigmoid_backward(xp, g, out):
    """The gradient of sigmoid from its result, g * out * (1 - out)."""
    out = xp.conj(out) if out.dtype.kind == "c" else out
    slope = 1 - out
    slope *= out
    return xp.multiply(slope, g)


@sigmoid_backward.vjp("g")
def _(ops, gg, result, g, out):
    return ops.sigmoid_backward(gg, ops.conj(out))


@sigmoid_backward.vjp("out")
def _(ops, gg, result, g, out):
    return ops.mul(ops.mul(ops.conj(gg), g), ops.sub(1, ops.mul(ops.conj(out), 2)))


@op(
    infer=domains.continuous(rules.broadcast),
    promote=rules.common,
    saves=("input", "other"),
    numbers=(),
    samples=binary(),
)
def logaddexp(xp, input, other):
    """log(exp(a) + exp(b)), without overflow."""
    if input.dtype.kind != "c":
        return xp.logaddexp(input, other)
    larger = input.real >= other.real
    big, small = xp.where(larger, input, other), xp.where(larger, other, input)
    return big + xp.log1p(xp.exp(small - big))


@logaddexp.vjp("input")
def _(ops, g, out, input, other):
    return ops.div(g, ops.conj(ops.add(ops.exp(ops.sub(other, input)), 1)))


@logaddexp.vjp("other")
def _(ops, g, out, input, other):
    return ops.div(g, ops.conj(ops.add(ops.exp(ops.sub(input, other)), 1)))


@op(
    infer=rules.division,
    promote=rules.common_float,
    saves=("input", "other"),
    inplace=True,
    samples=binary(0.2, 2, 0.2, 2),
)
def xlogy(xp, input, other):
    """`x` * log(y), zero where x is zero."""
    return xp.where((input == 0) & ~xp.isnan(other), 0, input * xp.log(xp.asarray(other)))


@xlogy.vjp("input")
def _(ops, g, out, input, other):
    return ops.mul(g, ops.log(other)) if hasattr(other, "shape") else ops.mul(g, math.log(other))


@xlogy.vjp("other")
def _(ops, g, out, input, other):
    return ops.div(ops.mul(g, input), other)
