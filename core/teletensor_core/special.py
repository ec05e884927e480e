"""Special functions for NumPy, which has none: float32 stays float32, float64 is good to a few last-place units."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def _horner(coefficients: tuple[float, ...], x: Array) -> Array:
    """The polynomial with these coefficients, highest power first."""
    total = x * coefficients[0]
    total += coefficients[1]
    for c in coefficients[2:]:
        total *= x
        total += c
    return total


def sigmoid(x: Array, out: Array = None, xp: Any = np) -> Array:
    """1 / (1 + exp(-x)), without overflow, in `out` or a new array."""
    out = xp.asarray(xp.negative(x, out=out))
    xp.exp(out, out=out)
    out += 1
    return xp.reciprocal(out, out=out)


# Rational approximation of erf on [-4, 4] in float32, a minimax fit as used in Eigen.
_P32 = (
    -2.72614225801306e-10,
    2.77068142495902e-08,
    -2.10102402082508e-06,
    -5.69250639462346e-05,
    -7.34990630326855e-04,
    -2.95459980854025e-03,
    -1.60960333262415e-02,
)
_Q32 = (
    -1.45660718464996e-05,
    -2.13374055278905e-04,
    -1.68282697438203e-03,
    -7.37332916720468e-03,
    -1.42647390514189e-02,
)


def erf(x: Array, out: Array = None, xp: Any = np) -> Array:
    """The error function, in `out` or a new array."""
    x = xp.asarray(x)
    if x.dtype == np.float32:
        bounded = xp.minimum(xp.maximum(x, np.float32(-4)), np.float32(4))
        square = bounded * bounded
        return xp.divide(bounded * _horner(_P32, square), _horner(_Q32, square), out=out)
    return _into(out, _erf64(x, complement=False))


# log(cdf(x) / cdf(-x)) / x is a continued fraction in s = x^2, limit - b3 / (s + a3 + b2 / (s + a2 + b1 / (s + a1))):
# a least-maximum fit on [-5.8, 5.8], weighted by what an error in it does to x cdf(x), good to 5e-9 before rounding.
_LOGIT32 = (
    (37.63510339861329, 1102.1055710358426),
    (-24.084761103031777, -23.2305491413885),
    (135.47117710475086, 1047.4170648199322),
)
_LOGIT32_LIMIT = 9.591130803647209


def normal_cdf(x: Array, out: Array = None, xp: Any = np) -> Array:
    """The standard normal distribution function, (1 + erf(x / sqrt 2)) / 2, in `out` or a new array."""
    x = xp.asarray(x)
    out = xp.empty_like(x) if out is None else out
    if x.dtype != np.float32:
        return np.multiply(_erf64(x * -math.sqrt(0.5), complement=True), 0.5, out=out)
    square = xp.multiply(x, x, out=xp.empty_like(x))
    (a, b), *outer = _LOGIT32
    total = xp.add(square, a, out=out)
    xp.divide(b, total, out=total)
    for a, b in outer:
        total += square
        total += a
        xp.divide(b, total, out=total)
    total -= _LOGIT32_LIMIT
    total *= x
    xp.exp(total, out=total)
    total += 1
    return xp.reciprocal(total, out=total)


def erfc(x: Array, out: Array = None) -> Array:
    """1 - erf(x), without cancellation, in `out` or a new array."""
    x = np.asarray(x)
    return _into(out, _erf64(x.astype(np.float64), complement=True).astype(x.dtype))


def _into(out: Array, made: Array) -> Array:
    if out is None:
        return made
    np.copyto(out, made)
    return out


# W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969).
_A = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_B = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
_C = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_D = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_Q = (
    1.0,
    2.56852019228982242e0,
    1.87295284992346725e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)
_SQRT_PI_INVERSE = 5.6418958354775628695e-1


def _erf64(x: Array, *, complement: bool) -> Array:
    a = np.abs(x)
    small = _horner(_A, np.minimum(a, 0.5) ** 2) / _horner(_B, np.minimum(a, 0.5) ** 2) * x
    middle_x = np.clip(a, 0.46875, 4.0)
    middle = _gauss(middle_x) * _horner(_C, middle_x) / _horner(_D, middle_x)
    large_x = np.clip(a, 4.0, 30.0)
    inverse = 1.0 / (large_x * large_x)
    tail = inverse * _horner(_P, inverse) / _horner(_Q, inverse)
    large = _gauss(large_x) / large_x * (_SQRT_PI_INVERSE - tail)
    upper = np.where(a <= 4.0, middle, np.where(a > 27.3, 0.0, large))
    if complement:
        out = np.where(a <= 0.46875, 1.0 - small, np.where(x < 0, 2.0 - upper, upper))
    else:
        out = np.where(a <= 0.46875, small, np.copysign(1.0 - upper, x))
    return np.where(np.isnan(x), x, out)


def _gauss(a: Array) -> Array:
    """exp(-a*a), with a*a split so that its rounding does no harm."""
    head = np.trunc(a * 16.0) / 16.0
    return np.exp(-head * head) * np.exp(-(a - head) * (a + head))


def erfinv(x: Array) -> Array:
    """The inverse of erf on (-1, 1); infinite at its ends, NaN outside."""
    from teletensor_core.random.philox import normal_from_uniform

    x = np.asarray(x)
    y = x.astype(np.float64)
    flat = np.clip(y, -1.0, 1.0).reshape(-1)
    inside = np.clip(0.5 * flat + 0.5, 1e-300, 1.0 - 1e-16)
    guess = normal_from_uniform(inside) / math.sqrt(2.0)
    for _ in range(2):
        error = np.where(guess > 0, (1.0 - flat) - erfc(guess), erf(guess) - flat)
        error = np.where(guess > 0, error, error)
        step = error / (2.0 / math.sqrt(math.pi) * np.exp(-guess * guess))
        guess = np.where(np.abs(flat) < 1.0, guess - step, guess)
    out = np.where(np.abs(flat) == 1.0, np.copysign(np.inf, flat), guess).reshape(y.shape)
    return np.where(np.abs(y) > 1.0, np.nan, np.where(y == 0, y, out)).astype(x.dtype)


def lgamma(x: Array) -> Array:
    """The logarithm of the absolute value of the gamma function."""
    return _in_float64(_lgamma64, x)


def _lgamma64(x: Array) -> Array:
    """Stirling's series above 10, reached by the recurrence; the reflection formula below 1/2."""
    reflected = x < 0.5
    y = np.where(reflected, 1.0 - x, x)
    shift = np.ones_like(y)
    z = y.copy()
    for _ in range(10):
        low = z < 10.0
        shift = np.where(low, shift * z, shift)
        z = np.where(low, z + 1.0, z)
    r = 1.0 / (z * z)
    series = _horner((-691.0 / 360360, 1.0 / 1188, -1.0 / 1680, 1.0 / 1260, -1.0 / 360, 1.0 / 12), r) / z
    value = (z - 0.5) * np.log(z) - z + 0.5 * math.log(2 * math.pi) + series - np.log(shift)
    value = np.where((y == 1.0) | (y == 2.0), 0.0, np.where(np.isinf(y), np.inf, value))
    sine = np.abs(np.sin(math.pi * (x - np.floor(x))))
    value = np.where(reflected, math.log(math.pi) - np.log(sine) - value, value)
    return np.where(np.isinf(x), np.inf, value)


def digamma(x: Array) -> Array:
    """The logarithmic derivative of the gamma function."""
    return _in_float64(_digamma64, x)


def _digamma64(x: Array) -> Array:
    reflected = x < 0.0
    z = np.where(reflected, 1.0 - x, x)
    total = np.zeros_like(z)
    for _ in range(10):
        low = z < 10.0
        total = np.where(low, total - 1.0 / z, total)
        z = np.where(low, z + 1.0, z)
    r = 1.0 / (z * z)
    tail = r * _horner((-1.0 / 12, 691.0 / 32760, -1.0 / 132, 1.0 / 240, -1.0 / 252, 1.0 / 120, -1.0 / 12), r)
    value = total + np.log(z) - 0.5 / z + tail
    pole = reflected & (x == np.floor(x))
    value = np.where(reflected, value - math.pi / np.tan(math.pi * (x - np.floor(x))), value)
    return np.where(pole, np.nan, np.where(x == 0, np.copysign(np.inf, -x), value))


# B(2j) / (2j)!, j = 1, 2, ..., of the Euler-Maclaurin formula.
BERNOULLI = (
    8.333333333333333e-2,
    -1.388888888888889e-3,
    3.306878306878307e-5,
    -8.267195767195767e-7,
    2.08767569878681e-8,
    -5.284190138687493e-10,
    1.3382536530684679e-11,
    -3.3896802963225827e-13,
    8.586062056277845e-15,
    -2.174868698558062e-16,
)
# Terms that are always added, for orders so high that the formula for the rest is not good enough at 10.
_MOST_STEPS, _FIRST = 1 << 12, 9


def zeta(s: Array, q: Array) -> Array:
    """The Hurwitz zeta function, the sum of (q + k)^-s over k >= 0, for s > 1; infinite at its poles.

    Terms are added until q + k is at least 10; the Euler-Maclaurin formula gives the rest (Abramowitz and Stegun,
    "Handbook of Mathematical Functions", 23.2.9). NaN below about -4,000, where that takes too long.
    """
    order = np.asarray(s, np.float64)
    return _in_float64(lambda x: _zeta64(order, x), q)


def _zeta64(s: Array, q: Array) -> Array:
    s, q = np.broadcast_arrays(s, q)
    total, z = np.zeros_like(q), q.copy()
    lowest = float(np.nanmin(q, initial=10.0, where=np.isfinite(q)))
    for k in range(min(max(math.ceil(10 - lowest), _FIRST), _MOST_STEPS)):
        low = (z < 10.0) | (k < _FIRST)
        total = np.where(low, total + z**-s, total)
        z = np.where(low, z + 1.0, z)
    power = z**-s
    tail = power * z / (s - 1) + 0.5 * power
    factor, power = s, power / z
    for j, coefficient in enumerate(BERNOULLI):
        tail += coefficient * factor * power
        factor = factor * ((s + 2 * j + 1) * (s + 2 * j + 2))
        power = power / (z * z)
    poles = (q <= 0) & (q == np.floor(q))
    made = np.where(poles, np.inf, np.where(z < 10.0, np.nan, total + tail))
    return np.where(s > 1, made, np.where(s == 1, np.inf, np.nan))


def _in_float64(function: Callable[[Array], Array], x: Array) -> Array:
    x = np.asarray(x)
    out = function(x.astype(np.float64))
    return np.where(np.isnan(x), np.nan, out).astype(x.dtype)


def _bessel(x: Array, order: int) -> Array:
    """exp(-|x|) I_n(x) for n 0 or 1: the power series, and from 25 on the asymptotic one.

    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 9.6.10 and 9.7.1.
    """
    size = np.abs(np.asarray(x, np.float64))
    near, far = np.minimum(size, 25.0), np.maximum(size, 25.0)
    quarter = near * near / 4
    term = np.ones_like(near) if order == 0 else near / 2
    total = term
    for k in range(1, 70):
        term = term * (quarter / (k * (k + order)))
        total = total + term
    tail = np.ones_like(far)
    sum_of_tail = tail
    for k in range(1, 26):
        tail = tail * (((2 * k - 1) ** 2 - 4 * order * order) / (8 * k * far))
        sum_of_tail = sum_of_tail + tail
    made = np.where(size < 25, total * np.exp(-near), sum_of_tail / np.sqrt(2 * math.pi * far))
    return made if order == 0 else np.copysign(made, x)


def i0e(x: Array) -> Array:
    """The modified Bessel function of order 0, times exp(-|x|)."""
    return _bessel(x, 0).astype(np.asarray(x).dtype)


def i1e(x: Array) -> Array:
    """The modified Bessel function of order 1, times exp(-|x|)."""
    return _bessel(x, 1).astype(np.asarray(x).dtype)


def gammainc(a: Array, x: Array) -> Array:
    """The lower incomplete gamma function over the gamma function."""
    return _incomplete(a, x, upper=False)


def gammaincc(a: Array, x: Array) -> Array:
    """The upper incomplete gamma function over the gamma function."""
    return _incomplete(a, x, upper=True)


def _incomplete(a: Array, x: Array, upper: bool) -> Array:
    """By the power series below a + 1, above by Lentz's continued fraction.

    Source: Press et al., "Numerical Recipes", 6.2.
    """
    kind = np.result_type(a, x)
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    valid = (a > 0) & (x > 0) & np.isfinite(x) & np.isfinite(a)
    safe_a, safe_x = np.where(valid, a, 1.0), np.where(valid, x, 1.0)
    series = safe_x < safe_a + 1
    weight = np.exp(safe_a * np.log(safe_x) - safe_x - lgamma(safe_a))
    lower = weight * _series(safe_a, np.where(series, safe_x, 1e-30))
    rest = weight * _fraction(safe_a, np.where(series, safe_a + 1, safe_x))
    made = np.where(series, 1 - lower if upper else lower, rest if upper else 1 - rest)
    # At the borders: nothing is below 0, everything above; NaN outside.
    whole, none = (0.0, 1.0) if upper else (1.0, 0.0)
    border = np.where(
        (x == 0) & (a > 0), none, np.where((x > 0) & ((a == 0) | (np.isinf(x) & np.isfinite(a))), whole, np.nan)
    )
    border = np.where((x >= 0) & np.isfinite(x) & np.isposinf(a), none, border)
    return np.where(valid, made, border).astype(kind)


def _series(a: Array, x: Array) -> Array:
    term = 1 / a
    total = term
    for n in range(1, 20000):
        term = term * (x / (a + n))
        total = total + term
        if np.all(term < total * 1e-17):
            break
    return total


def _fraction(a: Array, x: Array) -> Array:
    b = x + 1 - a
    c = np.full_like(b, 1e300)
    d = 1 / b
    h = d
    for n in range(1, 20000):
        step = -n * (n - a)
        b = b + 2
        d = 1 / (step * d + b)
        c = b + step / c
        h = h * (d * c)
        if np.all(np.abs(d * c - 1) < 1e-16):
            break
    return h
