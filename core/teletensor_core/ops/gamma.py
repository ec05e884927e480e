"""Gamma and Poisson distributed numbers: pure functions of a seed and an offset, as all random numbers.

Rejection takes a fixed number of rounds, so that nothing depends on data: the odds that none of them accepts are below
1e-10, and then a number from the middle of the distribution is taken.
"""

from teletensor_core import rules
from teletensor_core.ops.random import _open_unit
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls

_ROUNDS = 8
# From here on the series for the gradient is too long, and its leading term good enough.
_LARGE = 40.0
_SERIES = 220
# Below, Poisson numbers are found by adding up probabilities, of which this many matter.
_FEW, _MOST = 12.0, 64


def _real(input, *rest):
    return domains.real_continuous(rules.same)(input)


def _cubes(xp, a):
    """Marsaglia and Tsang's d and c for shapes of at least 1."""
    d = a - 1 / 3
    return d, 1 / xp.sqrt(9 * d)


@op(
    infer=_real,
    saves=("input", "out"),
    namespaces=(),
    random=True,
    samples=calls(Sample(T(3, 4, low=0.1, high=3), 7, 0), Sample(T(2, low=40, high=60), 7, 0)),
)
def standard_gamma(xp, input, seed, offset):
    """Gamma distributed numbers of these shapes and rate 1.

    Source: Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables", 2000.
    """
    a = input.reshape(-1).astype("d")
    small = a < 1
    d, c = _cubes(xp, xp.where(small, a + 1, a))
    units = _open_unit(xp, seed, offset, (2 * _ROUNDS + 1, a.size))
    out, waiting = d, a == a
    for i in range(_ROUNDS):
        z = xp.ndtri(units[2 * i])
        v = (1 + c * z) ** 3
        safe = xp.where(v > 0, v, 1.0)
        accepted = (v > 0) & (xp.log(units[2 * i + 1]) < z * z / 2 + d - d * safe + d * xp.log(safe))
        out = xp.where(waiting & accepted, d * safe, out)
        waiting = waiting & ~accepted
    out = out * xp.where(small, units[2 * _ROUNDS] ** (1 / xp.where(small, a, 1.0)), 1.0)
    least = 1.2e-38 if input.dtype.itemsize < 8 else 2.3e-308
    return xp.maximum(out, least).reshape(input.shape).astype(input.dtype)


@standard_gamma.vjp("input")
def _(ops, g, out, input, seed, offset):
    return ops.mul(g, ops.standard_gamma_grad(input, out))


@op(
    infer=lambda input, sample: domains.real_continuous(rules.same)(input),
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(T(3, 4, low=0.2, high=6), T(3, 4, low=0.1, high=5)), Sample(T(5, low=60, high=90), T(5, low=50, high=99))
    ),
)
def standard_gamma_grad(xp, input, sample):
    """How fast a gamma distributed number grows with its shape, at a fixed quantile: - (dP / da) / (dP / dx).

    Source: Figurnov, Mohamed and Mnih, "Implicit Reparameterization Gradients", 2018. P is summed by its power series;
    for large shapes it is the normal distribution of a cube root (Wilson and Hilferty, 1931).
    """
    a, x = input.astype("d"), sample.astype("d")
    near = xp.minimum(a, _LARGE)
    gap = xp.log(x) - xp.digamma(near + 1)
    term = x / near
    total = term * gap
    for n in range(1, _SERIES):
        step = 1 / (near + n)
        term = term * (x * step)
        gap = gap - step
        total = total + term * gap
    root = (x / (xp.maximum(a, 1.0) - 1 / 3)) ** (1 / 3)
    far = root**3 - 1.5 * root * root * (root - 1)
    return xp.where(a < _LARGE, -total, far).astype(input.dtype)


@op(
    infer=_real,
    namespaces=(),
    random=True,
    differentiable=False,
    samples=calls(Sample(T(3, 4, low=0, high=30), 7, 0)),
)
def poisson(xp, input, seed, offset):
    """Poisson distributed numbers of these rates.

    Source: Hörmann, "The Transformed Rejection Method for Generating Poisson Random Variables", 1993.
    """
    rate = input.reshape(-1).astype("d")
    units = _open_unit(xp, seed, offset, (2 * _ROUNDS, rate.size))
    few = xp.minimum(rate, _FEW)
    probability = xp.exp(-few)
    mark = (units[0] + units[1] * 2.0**-32).clip(0, 1 - 2.0**-53)
    total, counted = probability, xp.zeros(rate.shape, "d")
    for k in range(1, _MOST):
        counted = counted + (mark > total)
        probability = probability * few / k
        total = total + probability
    many = _rejected(xp, xp.maximum(rate, _FEW - 2), units)
    return xp.where(rate < _FEW, counted, many).reshape(input.shape).astype(input.dtype)


def _rejected(xp, mu, units):
    """Poisson numbers of rates of at least ten."""
    b = 0.931 + 2.53 * xp.sqrt(mu)
    a = -0.059 + 0.02483 * b
    inverse, ratio = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2)
    out, waiting = xp.floor(mu), mu == mu
    for i in range(_ROUNDS):
        u, v = units[2 * i] - 0.5, units[2 * i + 1]
        middle = 0.5 - xp.abs(u)
        k = xp.floor((2 * a / middle + b) * u + mu + 0.43)
        bounded = xp.maximum(k, 0.0)
        log_odds = bounded * xp.log(mu) - mu - xp.lgamma(bounded + 1)
        sure = (middle >= 0.07) & (v <= ratio)
        possible = (k >= 0) & ((middle >= 0.013) | (v <= middle))
        accepted = sure | (possible & (xp.log(v * inverse / (a / (middle * middle) + b)) <= log_odds))
        out = xp.where(waiting & accepted, bounded, out)
        waiting = waiting & ~accepted
    return out
