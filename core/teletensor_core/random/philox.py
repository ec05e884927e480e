"""Philox 4x64-10: random bits as a pure function of a key and a counter.

Source: Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011. The key is the seed, the
counter the number of the 256-bit block: any worker draws the same bits for the same (seed, offset). NumPy computes it
in C, which is why it is this member of the family.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Words of 32 bits in a block.
WORDS = 8
_COUNTERS, _SEEDS = 1 << 256, 1 << 64


def bits(count: int, seed: int, offset: int) -> Any:
    """`count` random uint32: the words of the blocks from `offset` on, low halves first, under the key `seed`."""
    # NumPy counts up before it makes a block.
    generator = np.random.Philox(counter=(offset - 1) % _COUNTERS, key=seed % _SEEDS)
    return generator.random_raw(-(-count // 2)).astype("<u8", copy=False).view("<u4")[:count]


# Coefficients of algorithm AS 241 (Wichura, "The Percentage Points of the Normal Distribution", Applied Statistics 37,
# 1988), highest power first: numerator and denominator for the centre, and for the nearer and the farther tail.
QUANTILE = {
    "A": (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
          13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    "B": (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
          5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
    "C": (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
          3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    "D": (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
          0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
    "E": (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
          0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    "F": (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
          0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
}  # fmt: skip


def normal_from_uniform(u: Any) -> Any:
    """Standard normal quantiles of float64 `u` in (0, 1).

    Built from + - * / sqrt and bit operations only, each of which IEEE 754 fixes to the last bit, so that every backend
    that does not contract multiply-adds gives the same numbers.
    """
    q = u - 0.5
    centre = np.abs(q) <= 0.425
    r = 0.180625 - q * q
    out = q * _quantile("A", r) / _quantile("B", r)
    tail = ~centre
    if tail.any():
        out[tail] = _tail(u[tail], q[tail])
    return out


def _tail(u: Any, q: Any) -> Any:
    r = np.sqrt(-exact_log(np.where(q < 0, u, 1.0 - u)))
    near, far = r - 1.6, r - 5.0
    value = np.where(r <= 5.0, _quantile("C", near) / _quantile("D", near), _quantile("E", far) / _quantile("F", far))
    return np.where(q < 0, -value, value)


def _quantile(which: str, x: Any) -> Any:
    return _polynomial(QUANTILE[which], x)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    total = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        total *= x
        total += c
    return total


LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
# atanh(s) / s in powers of s * s, highest first.
LOG_SERIES = tuple(1.0 / n for n in range(23, 0, -2))


def exact_log(x: Any) -> Any:
    """The natural logarithm of positive, normal float64, from operations that IEEE 754 fixes exactly.

    x = 2^k * m with m near 1, and log m = 2 atanh((m - 1) / (m + 1)) by its series; good to about 1e-15.
    """
    raw = x.view(np.uint64)
    k = ((raw - np.uint64(SQRT_HALF_BITS)).view(np.int64) >> np.int64(52)).astype(np.float64)
    m = (raw - ((k.astype(np.int64)) << np.int64(52)).view(np.uint64)).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = _polynomial(LOG_SERIES, z)
    return k * LN2_HIGH + (k * LN2_LOW + 2.0 * s * series)
