"""Modified Bessel functions, and incomplete gamma functions."""

from teletensor_core import rules
from teletensor_core.errors import UnsupportedError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary

_to_float: Family = {"infer": domains.real(rules.to_float), "promote": rules.common_float}
_special: Family = {**_to_float, "namespaces": ("special",), "saves": ("input", "out")}


@op(**_to_float, inplace=True, saves=("input",), samples=unary(-5, 5))
def i0(xp, input):
    """The modified Bessel function of the first kind, of order 0."""
    return xp.i0e(input) * xp.exp(xp.abs(input))


@i0.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.i1(input))


@op(**_special, samples=unary(-30, 30))
def i0e(xp, input):
    """`i0(x)` times `exp(-|x|)`."""
    return xp.i0e(input)


@i0e.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.sub(ops.i1e(input), ops.mul(ops.sign(input), out)))


@op(**_special, samples=unary(-5, 5))
def i1(xp, input):
    """The modified Bessel function of the first kind, of order 1."""
    return xp.i1e(input) * xp.exp(xp.abs(input))


@i1.vjp("input")
def _(ops, g, out, input):
    zero = ops.eq(input, 0)
    ratio = ops.where(zero, 0.5, ops.div(out, ops.where(zero, 1.0, input)))
    return ops.mul(g, ops.sub(ops.i0(input), ratio))


@op(**_special, samples=unary(-30, 30))
def i1e(xp, input):
    """`i1(x)` times `exp(-|x|)`."""
    return xp.i1e(input)


@i1e.vjp("input")
def _(ops, g, out, input):
    zero = ops.eq(input, 0)
    inverse = ops.div(1.0, ops.where(zero, 1.0, input))
    slope = ops.sub(ops.i0e(input), ops.mul(out, ops.add(ops.sign(input), inverse)))
    return ops.mul(g, ops.where(zero, 0.5, slope))


_pairs = ((3, 4), (3, 4)), ((3, 4), (4,)), ((), (2, 3))
_gamma: Family = {
    "infer": domains.real_continuous(rules.division),
    "promote": rules.common_float,
    "inplace": True,
    "numbers": (),
    "saves": ("input", "other"),
    "samples": calls(*[Sample(T(*a, low=0.1, high=6, grad=False), T(*b, low=0.1, high=9)) for a, b in _pairs]),
}


def _density(ops, g, input, other):
    log = ops.sub(ops.mul(ops.sub(input, 1), ops.log(other)), ops.add(other, ops.lgamma(input)))
    return ops.mul(g, ops.exp(log))


@op(**_gamma)
def igamma(xp, input, other):
    """The lower incomplete gamma function of shape `input` at `other`, over the gamma function."""
    return xp.gammainc(input, other)


@igamma.vjp("other")
def _(ops, g, out, input, other):
    return _density(ops, g, input, other)


@op(**_gamma)
def igammac(xp, input, other):
    """The upper incomplete gamma function of shape `input` at `other`, over the gamma function."""
    return xp.gammaincc(input, other)


@igammac.vjp("other")
def _(ops, g, out, input, other):
    return ops.neg(_density(ops, g, input, other))


def _no_derivative(ops, g, out, input, other):
    raise UnsupportedError("the derivative of the incomplete gamma functions by their shape is not implemented")


igamma.vjp("input")(_no_derivative)
igammac.vjp("input")(_no_derivative)
