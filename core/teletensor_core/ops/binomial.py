"""Binomial numbers: pure functions of a seed and an offset, as all random numbers.

As in `gamma.py`, rejection takes a fixed number of rounds, so that nothing depends on data.
"""

from teletensor_core import dtypes, rules
from teletensor_core.errors import ArgumentError, DTypeError
from teletensor_core.ops.random import _open_unit
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls

# Each accepts 85 of 100 numbers at least: the odds that none does are below 1e-9.
_ROUNDS = 12
# Below this mean, numbers are found by adding up probabilities, of which so many matter.
_FEW, _MOST = 10.0, 64


def _counted(input, other, seed, offset):
    if input.dtype.category < dtypes.FLOAT:
        raise ArgumentError(f"binomial only supports floating-point dtypes for count, got: {input.dtype.title}")
    domains.require(input.dtype, domains.FLOATS)
    if input.dtype is not other.dtype:
        raise DTypeError(f"Found dtype {other.dtype.title} but expected {input.dtype.title}")
    return rules.broadcast(input, other)


@op(
    infer=_counted,
    namespaces=(),
    random=True,
    differentiable=False,
    numbers=("seed", "offset"),
    samples=calls(Sample(T(3, 4, low=0, high=60, grad=False), T(4, low=0, high=1, grad=False), 7, 0)),
)
def binomial(xp, input, other, seed, offset):
    """How many of `input` trials that succeed with probability `other` do, for whole numbers of trials."""
    shape = xp.broadcast_arrays(input, other)[0].shape
    n = xp.floor(xp.broadcast_to(input, shape).reshape(-1).astype("d"))
    p = xp.broadcast_to(other, shape).reshape(-1).astype("d")
    # Of the rarer outcome, and in the end of the other.
    rare = xp.minimum(p, 1 - p)
    units = _open_unit(xp, seed, offset, (2 * _ROUNDS, n.size))
    out = xp.where(n * rare < _FEW, _added_up(xp, n, rare, units), _rejected(xp, n, rare, units))
    return xp.where(p > 0.5, n - out, out).reshape(shape).astype(input.dtype)


def _added_up(xp, n, p, units):
    """By the inverse of the distribution function."""
    odds = p / (1 - p)
    probability = xp.exp(xp.where(n * p < _FEW, n, 0.0) * xp.log1p(-p))
    mark = xp.clip(units[0] + units[1] * 2.0**-32, 0, 1 - 2.0**-53)
    total, counted = probability, xp.zeros(n.shape, "d")
    for k in range(1, _MOST):
        counted = counted + ((mark > total) & (k <= n))
        probability = probability * xp.maximum(n - k + 1, 0.0) / k * odds
        total = total + probability
    return counted


def _rejected(xp, n, p, units):
    """By transformed rejection, for means of at least ten.

    Source: Hörmann, "The Generation of Binomial Random Variates", 1993 (algorithm BTRS).
    """
    large = n * p >= _FEW
    n, p = xp.where(large, n, 40.0), xp.where(large, p, 0.5)
    spread = xp.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha, ratio = (2.83 + 5.1 / b) * spread, 0.92 - 4.2 / b
    top, log_odds = xp.floor((n + 1) * p), xp.log(p / (1 - p))
    height = xp.lgamma(top + 1) + xp.lgamma(n - top + 1)
    out, waiting = top, top == top
    for i in range(_ROUNDS):
        u, v = units[2 * i] - 0.5, units[2 * i + 1]
        middle = 0.5 - xp.abs(u)
        k = xp.floor((2 * a / middle + b) * u + n * p + 0.5)
        inside = xp.minimum(xp.maximum(k, 0.0), n)
        density = height - xp.lgamma(inside + 1) - xp.lgamma(n - inside + 1) + (inside - top) * log_odds
        sure = (middle >= 0.07) & (v <= ratio)
        possible = (k == inside) & (xp.log(v * alpha / (a / (middle * middle) + b)) <= density)
        accepted = sure | possible
        out = xp.where(waiting & accepted, inside, out)
        waiting = waiting & ~accepted
    return out
