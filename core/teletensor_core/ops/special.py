"""Special functions."""

import math

from teletensor_core import rules
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls, unary

_to_float = {"infer": rules.to_float, "promote": rules.common_float, "inplace": True}


@op(**_to_float, saves=("input",), samples=unary())
def erf(xp, input):
    """The error function."""
    return xp.erf(input)


@erf.vjp("input")
def _(ops, g, out, input):
    return ops.mul(ops.mul(g, ops.exp(ops.neg(ops.mul(input, input)))), 2 / math.sqrt(math.pi))


@op(**_to_float, saves=("input",), samples=unary())
def erfc(xp, input):
    """One minus the error function."""
    return xp.erfc(input)


@erfc.vjp("input")
def _(ops, g, out, input):
    return ops.mul(ops.mul(g, ops.exp(ops.neg(ops.mul(input, input)))), -2 / math.sqrt(math.pi))


@op(**_to_float, saves=("out",), samples=unary(-0.9, 0.9))
def erfinv(xp, input):
    """The inverse of the error function."""
    return xp.erfinv(input)


@erfinv.vjp("input")
def _(ops, g, out, input):
    return ops.mul(ops.mul(g, ops.exp(ops.mul(out, out))), math.sqrt(math.pi) / 2)


@op(**_to_float, saves=("input",), samples=unary(low=0.3, high=4))
def lgamma(xp, input):
    """The logarithm of the absolute value of the gamma function."""
    return xp.lgamma(input)


@lgamma.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.digamma(input))


@op(**_to_float, saves=("input",), samples=unary(low=0.3, high=4))
def digamma(xp, input):
    """The logarithmic derivative of the gamma function."""
    return xp.digamma(input)


@digamma.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.trigamma(input))


@op(
    infer=rules.to_float,
    promote=rules.common_float,
    differentiable=False,
    namespaces=(),
    samples=calls(Sample(T(3, 4, low=0.3, high=4))),
)
def trigamma(xp, input):
    """The derivative of digamma."""
    return xp.trigamma(input)
