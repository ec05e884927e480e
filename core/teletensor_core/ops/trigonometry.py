"""Trigonometric and hyperbolic functions."""

import math

from teletensor_core import rules
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import binary, unary

_to_float: Family = {"infer": rules.to_float, "promote": rules.common_float, "inplace": True}


@op(**_to_float, saves=("input",), samples=unary())
def sin(xp, input):
    """The sine."""
    return xp.sin(input)


@sin.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(ops.cos(input)))


@op(**_to_float, saves=("input",), samples=unary())
def cos(xp, input):
    """The cosine."""
    return xp.cos(input)


@cos.vjp("input")
def _(ops, g, out, input):
    return ops.neg(ops.mul(g, ops.conj(ops.sin(input))))


@op(**_to_float, saves=("out",), samples=unary(low=-1, high=1))
def tan(xp, input):
    """The tangent."""
    return xp.tan(input)


@tan.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(ops.add(ops.mul(out, out), 1)))


@op(**_to_float, saves=("input",), aliases=("arcsin",), samples=unary(low=-0.9, high=0.9))
def asin(xp, input):
    """The inverse sine."""
    return xp.arcsin(input)


@asin.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.sqrt(ops.sub(1, ops.mul(input, input)))))


@op(**_to_float, saves=("input",), aliases=("arccos",), samples=unary(low=-0.9, high=0.9))
def acos(xp, input):
    """The inverse cosine."""
    return xp.arccos(input)


@acos.vjp("input")
def _(ops, g, out, input):
    return ops.neg(ops.div(g, ops.conj(ops.sqrt(ops.sub(1, ops.mul(input, input))))))


@op(**_to_float, saves=("input",), aliases=("arctan",), samples=unary(low=-0.9, high=0.9))
def atan(xp, input):
    """The inverse tangent."""
    return xp.arctan(input)


@atan.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.add(ops.mul(input, input), 1)))


@op(**_to_float, saves=("input",), samples=unary())
def sinh(xp, input):
    """The hyperbolic sine."""
    return xp.sinh(input)


@sinh.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(ops.cosh(input)))


@op(**_to_float, saves=("input",), samples=unary())
def cosh(xp, input):
    """The hyperbolic cosine."""
    return xp.cosh(input)


@cosh.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.conj(ops.sinh(input)))


@op(**_to_float, saves=("input",), aliases=("arcsinh",), samples=unary())
def asinh(xp, input):
    """The inverse hyperbolic sine."""
    return xp.arcsinh(input)


@asinh.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.sqrt(ops.add(ops.mul(input, input), 1))))


@op(**_to_float, saves=("input",), aliases=("arccosh",), samples=unary(low=1.2, high=3))
def acosh(xp, input):
    """The inverse hyperbolic cosine."""
    return xp.arccosh(input)


@acosh.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.sqrt(ops.sub(ops.mul(input, input), 1))))


@op(**_to_float, saves=("input",), aliases=("arctanh",), samples=unary(low=-0.8, high=0.8))
def atanh(xp, input):
    """The inverse hyperbolic tangent."""
    return xp.arctanh(input)


@atanh.vjp("input")
def _(ops, g, out, input):
    return ops.div(g, ops.conj(ops.sub(1, ops.mul(input, input))))


@op(
    **_to_float,
    saves=("out",),
    namespaces=("torch", "Tensor", "nn.functional"),
    samples=unary(),
)
def tanh(xp, input):
    """The hyperbolic tangent."""
    return xp.tanh(input)


@tanh.vjp("input")
def _(ops, g, out, input):
    return ops.tanh_backward(g, out)


@op(infer=rules.same, saves=("g", "out"), namespaces=())
def tanh_backward(xp, g, out):
    """The gradient of tanh from its result, g * (1 - out * out)."""
    slope = xp.asarray(xp.multiply(out, out))
    slope = xp.subtract(1, slope, out=slope)
    return xp.multiply(slope if out.dtype.kind != "c" else xp.conj(slope), g)


@tanh_backward.vjp("g")
def _(ops, gg, result, g, out):
    return ops.tanh_backward(gg, ops.conj(out))


@tanh_backward.vjp("out")
def _(ops, gg, result, g, out):
    return ops.mul(ops.mul(ops.mul(ops.conj(gg), g), ops.conj(out)), -2)


@op(
    infer=domains.real(rules.division),
    promote=rules.common_float,
    saves=("input", "other"),
    inplace=True,
    numbers=(),
    aliases=("arctan2",),
    samples=binary(0.2, 2),
)
def atan2(xp, input, other):
    """The angle of the point (other, input)."""
    return xp.arctan2(input, other)


@atan2.vjp("input")
def _(ops, g, out, input, other):
    return ops.div(ops.mul(g, other), ops.add(ops.mul(input, input), ops.mul(other, other)))


@atan2.vjp("other")
def _(ops, g, out, input, other):
    return ops.neg(ops.div(ops.mul(g, input), ops.add(ops.mul(input, input), ops.mul(other, other))))


@op(**_to_float, samples=unary())
def deg2rad(xp, input):
    """Degrees as radians."""
    return xp.multiply(input, math.pi / 180)


@deg2rad.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, math.pi / 180)


@op(**_to_float, samples=unary())
def rad2deg(xp, input):
    """Radians as degrees."""
    return xp.multiply(input, 180 / math.pi)


@rad2deg.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, 180 / math.pi)
