"""Of integers their common divisors and multiples; of floating point numbers their parts and neighbours."""

from teletensor_core import dtypes, rules
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_shapes = ((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3))
_integers: Family = {
    "infer": domains.accepts(domains.INTEGERS)(rules.broadcast),
    "promote": rules.common,
    "differentiable": False,
    "inplace": True,
    "numbers": (),
    "samples": calls(
        *[Sample(T(*a, low=-9, high=10, dtype=d), T(*b, low=-9, high=10, dtype=d))
          for a, b in _shapes for d in (dtypes.int32, dtypes.int64)]
    ),
}  # fmt: skip


@op(**_integers)
def gcd(xp, input, other):
    """The greatest common divisors."""
    return xp.gcd(input, other)


@op(**_integers)
def lcm(xp, input, other):
    """The least common multiples."""
    return xp.lcm(input, other)


@op(
    infer=domains.real_continuous(rules.broadcast),
    promote=rules.common,
    differentiable=False,
    inplace=True,
    numbers=(),
    samples=calls(
        *[Sample(T(*a, dtype=d), T(*b, dtype=d)) for a, b in _shapes for d in (dtypes.float32, dtypes.float64)]
    ),
)
def nextafter(xp, input, other):
    """The next number that the dtype has after `input`, towards `other`."""
    return xp.nextafter(input, other)


def _frexp_spec(input):
    domains.require(input.dtype, domains.FLOATS)
    return spec(input.shape, input.dtype), spec(input.shape, dtypes.int32)


@op(infer=_frexp_spec, saves=("out[1]",), samples=calls(*[Sample(T(*s, low=-9, high=9)) for s in ((3, 4), (), (0,))]))
def frexp(xp, input):
    """Mantissas, between 0.5 and 1 in size, and exponents of two (int32)."""
    mantissa, exponent = xp.frexp(input.reshape(-1))
    return mantissa.reshape(input.shape), exponent.reshape(input.shape).astype("i")


@frexp.vjp("input")
def _(ops, g, out, input):
    return ops.div(g[0], ops.exp2(ops.to(out[1], dtype=ops.dtype(g[0]))))
