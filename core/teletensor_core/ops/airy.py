"""Airy's function, Bessel functions that have no gradients, the scaled error function, and the zeta function."""

import math

from teletensor_core import rules
from teletensor_core.errors import UnsupportedError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary

_special: Family = {
    "infer": domains.real(rules.to_float),
    "promote": rules.common_float,
    "namespaces": ("special",),
}
# PyTorch has no gradients of these either.
_flat: Family = {**_special, "differentiable": False}

# Airy's function: rational approximations for large arguments, positive and negative. Highest powers come first.
# Source: Moshier, Cephes Mathematical Library, 1989 (airy.c).
_AN = (
    0.346538101525629, 12.007595273964581, 76.27960536152345, 168.08922493463058, 159.75639135016442,
    70.53609068404442, 14.026469116338967, 1.0,
)  # fmt: skip
_AD = (
    0.5675945326387702, 14.75625625848472, 84.51389701414746, 177.31808814540045, 164.2346928715297,
    71.47784008255756, 14.095913560783403, 1.0,
)  # fmt: skip
_AFN = (
    -0.1316963234183318, -0.6264565444319123, -0.6931580360369335, -0.2797799815451191, -0.04919001326095003,
    -0.004062659235948854, -0.0001592764962392621, -2.776491081552329e-06, -1.6778769848911465e-08,
)  # fmt: skip
_AFD = (
    1.0, 13.356042070655324, 32.682503279522464, 26.736704094149957, 9.187074029072596, 1.4752914677166642,
    0.11568717379518804, 0.004402916416152112, 7.547203482874142e-05, 4.5185009297058035e-07,
)  # fmt: skip
_AGN = (
    0.01973399320916857, 0.39110302961568827, 1.0657989759959559, 0.9391692298166502, 0.35146565610554764,
    0.06338889196289255, 0.005858041130483885, 0.000282851600836737, 6.98793669997261e-06, 8.117892395543892e-08,
    3.415517847659236e-10,
)  # fmt: skip
_AGD = (
    1.0, 9.30892908077442, 19.835292871831214, 15.564662893286462, 5.476860694229755, 0.9542936116189619,
    0.08645808263523921, 0.004126565238242226, 0.00010125908511650914, 1.1716673321441352e-06, 4.9183457006293e-09,
)  # fmt: skip


def _horner(coefficients, x):
    total = x * 0 + coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


def _airy_far(xp, x):
    """For large positive x."""
    power = 2 * x * xp.sqrt(x) / 3
    ratio = _horner(_AN, 1 / power) / _horner(_AD, 1 / power)
    return ratio * xp.exp(-power) / (2 * math.sqrt(math.pi) * xp.sqrt(xp.sqrt(x)))


def _airy_wave(xp, x):
    """For large negative x, of which the size is given."""
    power = 2 * x * xp.sqrt(x) / 3
    z = 1 / power
    even = 1 + z * z * _horner(_AFN, z * z) / _horner(_AFD, z * z)
    odd = z * _horner(_AGN, z * z) / _horner(_AGD, z * z)
    t = power + math.pi / 4
    return (xp.sin(t) * even - xp.cos(t) * odd) / (math.sqrt(math.pi) * xp.sqrt(xp.sqrt(x)))


def _airy_series(x):
    """For small x: two power series in the cube of x, of which 16 terms matter up to 2.09."""
    cube = x * x * x
    m, n = x * 0 + 1, x
    f, g = m, n
    for k in range(1, 17):
        m, n = m * cube / ((3 * k - 1) * (3 * k)), n * cube / ((3 * k) * (3 * k + 1))
        f, g = f + m, g + n
    return 0.355028053887817239260 * f - 0.258819403792806798405 * g


@op(**_flat, samples=unary(-9, 9))
def airy_ai(xp, x):
    """Airy's function Ai; 0 where it is too small for float64, and NaN at infinity, as in PyTorch."""
    z = x.astype("d")
    far = _airy_far(xp, xp.minimum(xp.maximum(z, 2.09), 104.0))
    wave = _airy_wave(xp, xp.maximum(-z, 2.09))
    near = _airy_series(xp.minimum(xp.maximum(z, -2.09), 2.09))
    made = xp.where(z < -2.09, wave, xp.where(z < 2.09, near, xp.where(z > 103.892, 0.0, far)))
    return xp.where(xp.isfinite(z), made, math.nan).astype(x.dtype)


@op(**_flat, samples=unary(-20, 20))
def bessel_j0(xp, input):
    """The Bessel function of the first kind, of order 0."""
    return xp.j0(input)


@op(**_flat, samples=unary(-20, 20))
def bessel_j1(xp, input):
    """The Bessel function of the first kind, of order 1."""
    return xp.j1(input)


@op(**_flat, samples=unary(0.1, 20))
def bessel_y0(xp, input):
    """The Bessel function of the second kind, of order 0."""
    return xp.y0(input)


@op(**_flat, samples=unary(0.1, 20))
def bessel_y1(xp, input):
    """The Bessel function of the second kind, of order 1."""
    return xp.y1(input)


@op(**_flat, samples=unary(0.1, 9))
def modified_bessel_k0(xp, input):
    """The modified Bessel function of the second kind, of order 0."""
    return xp.k0e(input) * xp.exp(-input)


@op(**_flat, samples=unary(0.1, 9))
def modified_bessel_k1(xp, input):
    """The modified Bessel function of the second kind, of order 1."""
    return xp.k1e(input) * xp.exp(-input)


@op(**_flat, samples=unary(0.1, 30))
def scaled_modified_bessel_k0(xp, x):
    """`modified_bessel_k0(x)` times `exp(x)`."""
    return xp.k0e(x)


@op(**_flat, samples=unary(0.1, 30))
def scaled_modified_bessel_k1(xp, x):
    """`modified_bessel_k1(x)` times `exp(x)`."""
    return xp.k1e(x)


@op(**_flat, samples=unary(-20, 20))
def spherical_bessel_j0(xp, x):
    """The spherical Bessel function of the first kind, of order 0: `sin(x) / x`, 1 at 0 and 0 at infinity."""
    inverse = 1 / xp.where(x == 0, x + 1, x)
    return xp.where(x == 0, x + 1, xp.where(xp.isinf(x), inverse, xp.sin(x) * inverse))


@op(**_special, saves=("input", "out"), samples=unary(-3, 20))
def erfcx(xp, input):
    """`exp(x ** 2)` times the complementary error function."""
    return xp.erfcx(input)


@erfcx.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.sub(ops.mul(ops.mul(input, out), 2.0), 2 / math.sqrt(math.pi)))


@op(
    infer=domains.real(rules.division),
    promote=rules.common_float,
    namespaces=("special",),
    saves=("input", "other"),
    samples=calls(
        Sample(T(3, 4, low=1.2, high=9, grad=False), T(3, 4, low=0.2, high=6)),
        Sample(2.5, T(4, low=0.2, high=6)),
        Sample(T(4, low=1.2, high=9, grad=False), 3.0),
    ),
)
def zeta(xp, input, other):
    """The Hurwitz zeta function: the sum of `(other + k) ** -input` over k >= 0, differentiable by `other`."""
    return xp.zeta(input, other if hasattr(other, "dtype") else xp.asarray(other, input.dtype))


@zeta.vjp("other")
def _(ops, g, out, input, other):
    rise = ops.add(input, 1.0) if hasattr(input, "shape") else input + 1.0
    return ops.neg(ops.mul(g, ops.mul(input, ops.zeta(rise, other))))


@zeta.vjp("input")
def _(ops, g, out, input, other):
    raise UnsupportedError("the derivative for 'zeta' is not implemented.")
