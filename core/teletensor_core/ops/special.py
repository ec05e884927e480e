"""Special functions."""

import math

from teletensor_core import rules
from teletensor_core.errors import ArgumentError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary

_real_spec = domains.real(rules.to_float)
_to_float: Family = {"infer": _real_spec, "promote": rules.common_float, "inplace": True}

# 171! is more than a float can hold.
_MOST_FACTORIAL = 170


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
    return ops.mul(g, ops.polygamma(input, n=1))


def _polygamma_spec(input, *, n):
    if n < 0:
        raise ArgumentError(f"polygamma(n, x) does not support negative n, got {n}")
    return _real_spec(input)


@op(
    infer=_polygamma_spec,
    promote=lambda input, *, n: rules.common_float(input),
    saves=("input",),
    inplace=True,
    samples=calls(Sample(T(3, 4, low=0.3, high=4), n=1), Sample(T(5, low=-3.4, high=4), n=3), Sample(T(low=0.3), n=0)),
)
def polygamma(xp, input, *, n):
    """The n-th derivative of digamma, (-1)^(n + 1) n! zeta(n + 1, x).

    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 6.4.10.
    """
    if n == 0:
        return xp.digamma(input)
    factorial = math.factorial(n) if n <= _MOST_FACTORIAL else math.inf
    return xp.zeta(n + 1, input) * ((-1) ** (n + 1) * factorial)


@polygamma.vjp("input")
def _(ops, g, out, input, *, n):
    return ops.mul(g, ops.polygamma(input, n=n + 1))
