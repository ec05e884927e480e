"""Comparisons and tests, element by element; the results are bools."""

from teletensor_core import rules
from teletensor_core.errors import DTypeError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, binary, calls, unary

_equality: Family = {
    "infer": rules.compare,
    "promote": rules.common,
    "differentiable": False,
    "inplace": True,
    "numbers": ("other",),
    "samples": binary(-1, 2),
}
_order: Family = {**_equality, "infer": domains.real(rules.compare)}
_test: Family = {"infer": rules.as_bool, "differentiable": False, "samples": unary()}


@op(**_equality)
def eq(xp, input, other):
    """Whether elements are equal."""
    return xp.equal(input, other)


@op(**_equality, aliases=("not_equal",))
def ne(xp, input, other):
    """Whether elements differ."""
    return xp.not_equal(input, other)


@op(**_order, aliases=("less",))
def lt(xp, input, other):
    """Whether elements are less."""
    return xp.less(input, other)


@op(**_order, aliases=("less_equal",))
def le(xp, input, other):
    """Whether elements are less or equal."""
    return xp.less_equal(input, other)


@op(**_order, aliases=("greater",))
def gt(xp, input, other):
    """Whether elements are greater."""
    return xp.greater(input, other)


@op(**_order, aliases=("greater_equal",))
def ge(xp, input, other):
    """Whether elements are greater or equal."""
    return xp.greater_equal(input, other)


@op(**_test)
def isnan(xp, input):
    """Whether elements are NaN."""
    return xp.isnan(input) if input.dtype.kind in "fc" else xp.zeros(input.shape, bool)


@op(**_test)
def isinf(xp, input):
    """Whether elements are infinite."""
    return xp.isinf(input) if input.dtype.kind in "fc" else xp.zeros(input.shape, bool)


@op(**_test)
def isfinite(xp, input):
    """Whether elements are neither infinite nor NaN."""
    return xp.isfinite(input) if input.dtype.kind in "fc" else xp.ones(input.shape, bool)


_sided: Family = {**_test, "infer": domains.real(rules.as_bool)}


@op(**_sided)
def isposinf(xp, input):
    """Whether elements are positive infinity."""
    return input == float("inf")


@op(**_sided)
def isneginf(xp, input):
    """Whether elements are negative infinity."""
    return input == -float("inf")


def _close_spec(input, other, **attrs):
    if input.dtype is not other.dtype:
        raise DTypeError(f"{input.dtype.title} did not match {other.dtype.title}")
    return rules.compare(input, other)


@op(
    infer=_close_spec,
    differentiable=False,
    numbers=(),
    samples=calls(
        Sample(T(3, 4), T(3, 4)), Sample(T(3, 1), T(4), rtol=0.5, atol=0.5), Sample(T(), T(2), equal_nan=True)
    ),
)
def isclose(xp, input, other, *, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Whether |input - other| <= atol + rtol * |other|; equal infinities are close."""
    if input.dtype.kind not in "fc":
        input, other = input.astype("d"), xp.asarray(other).astype("d")
    near = (xp.absolute(input - other) <= atol + rtol * xp.absolute(other)) & xp.isfinite(other)
    near = near | (input == other)
    return near | (xp.isnan(input) & xp.isnan(other)) if equal_nan else near
