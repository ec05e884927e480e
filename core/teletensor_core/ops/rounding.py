"""Rounding. Gradients are zero: the results are steps."""

from teletensor_core import rules
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary

_numeric = domains.real_numeric(rules.same)
_step: Family = {"infer": _numeric, "inplace": True, "samples": unary()}


def _zero(ops, g, out, input, **attrs):
    return ops.mul(g, 0)


@op(**_step)
def floor(xp, input):
    """The greatest integer below."""
    return xp.floor(input) if input.dtype.kind == "f" else input.copy()


@op(**_step)
def ceil(xp, input):
    """The least integer above."""
    return xp.ceil(input) if input.dtype.kind == "f" else input.copy()


@op(**_step, aliases=("fix",))
def trunc(xp, input):
    """The integer part."""
    return xp.trunc(input) if input.dtype.kind == "f" else input.copy()


@op(infer=_numeric, inplace=True, samples=calls(Sample(T(3, 4)), Sample(T(5), decimals=1), Sample(T())))
def round(xp, input, *, decimals=0):
    """To the nearest integer (or decimal place), halves to even."""
    if input.dtype.kind != "f":
        return input.copy()
    if decimals == 0:
        return xp.rint(input)
    scale = 10.0 ** abs(decimals)
    return xp.rint(input * scale) / scale if decimals > 0 else xp.rint(input / scale) * scale


for _op in (floor, ceil, trunc, round):
    _op.vjp("input")(_zero)


@op(infer=domains.real_continuous(rules.same), inplace=True, samples=unary())
def frac(xp, input):
    """The part behind the point, with the sign."""
    return input - xp.trunc(input)


@frac.vjp("input")
def _(ops, g, out, input):
    return g
