"""Bessel functions for NumPy, and the scaled error function, by rational approximations.

Source of the approximations and their coefficients: Moshier, Cephes Mathematical Library, 1989 (j0.c, j1.c, k0.c,
k1.c). Highest powers come first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teletensor_core import special

Array = Any
_Table = tuple[float, ...]
_horner, _in_float64 = special._horner, special._in_float64

# Amplitude and phase for arguments above 5, in powers of 25 / x ** 2: numerators and denominators.
_PP0 = (
    0.0007969367292973471, 0.08283523921074408, 1.239533716464143, 5.447250030587687, 8.74716500199817,
    5.303240382353949, 1.0,
)  # fmt: skip
_PQ0 = (
    0.0009244088105588637, 0.08562884743544745, 1.2535274390105895, 5.470977403304171, 8.761908832370695,
    5.306052882353947, 1.0,
)  # fmt: skip
_QP0 = (
    -0.011366383889846916, -1.2825271867050931, -19.553954425773597, -93.20601521237683, -177.68116798048806,
    -147.07750515495118, -51.41053267665993, -6.050143506007285,
)  # fmt: skip
_QQ0 = (
    1.0, 64.3178256118178, 856.4300259769806, 3882.4018360540163, 7240.467741956525, 5930.727011873169,
    2062.0933166032783, 242.0057402402914,
)  # fmt: skip
_PP1 = (
    0.0007621256162081731, 0.07313970569409176, 1.1271960812968493, 5.112079511468076, 8.424045901417724,
    5.214515986823615, 1.0,
)  # fmt: skip
_PQ1 = (
    0.0005713231280725487, 0.06884559087544954, 1.105142326340617, 5.073863861286015, 8.399855543276042,
    5.209828486823619, 1.0,
)  # fmt: skip
_QP1 = (
    0.05108625947501766, 4.982138729512334, 75.82382841325453, 366.7796093601508, 710.8563049989261,
    597.4896124006136, 211.68875710057213, 25.207020585802372,
)  # fmt: skip
_QQ1 = (
    1.0, 74.23732770356752, 1056.4488603826283, 4986.410583376536, 9562.318924047562, 7997.041604473507,
    2826.1927851763908, 336.0936078106983,
)  # fmt: skip
# Up to 5, in powers of x ** 2: of the first kind over the squares of its first zeros, and of the second.
_RP0 = (
    -4794432209.782018, 1956174919465.5657, -249248344360967.72, 9708622510473064.0,
)  # fmt: skip
_RQ0 = (
    1.0, 499.563147152651, 173785.4016763747, 48440965.83399621, 11185553704.535683, 2112775201154.892,
    310518229857422.56, 3.1812195594320496e+16, 1.7108629408104315e+18,
)  # fmt: skip
_YP0 = (
    15592.436785523574, -14663929.59039716, 5435264770.518765, -982136065717.9115, 87590639439536.7,
    -3466283033847297.0, 4.4273326857256984e+16, -1.8495080043698668e+16,
)  # fmt: skip
_YQ0 = (
    1.0, 1041.2835366425984, 626107.330137135, 268919633.39381415, 86400248710.3935, 20297961275010.555,
    3171577528429750.5, 2.5059625617265306e+17,
)  # fmt: skip
_RP1 = (
    -899971225.7055594, 452228297998.19403, -72749424522181.83, 3682957328638529.0,
)  # fmt: skip
_RQ1 = (
    1.0, 620.8364781180543, 256987.25675774884, 83514679.14319493, 22151159547.97925, 4749141220799.914,
    784369607876235.9, 8.952223361846274e+16, 5.322786203326801e+18,
)  # fmt: skip
_YP1 = (
    1263204747.9017804, -647355876379.1603, 114509511541823.73, -8127702555013251.0, 2.024394757135949e+17,
    -7.788771962659501e+17,
)  # fmt: skip
_YQ1 = (
    1.0, 594.3015923461282, 235564.09294306856, 73481194.44597217, 18760131610.870617, 3882312774962.3857,
    620557727146953.8, 6.871410873553005e+16, 3.9727060811656064e+18,
)  # fmt: skip
_ZEROS0 = (5.78318596294678452118, 30.4712623436620863991)
_ZEROS1 = (14.6819706421238932572, 49.2184563216946036703)
# Chebyshev series of the modified functions of the second kind: up to 2, and above it.
_KA0 = (
    1.374465435613523e-16, 4.25981614279661e-14, 1.0349695257633842e-11, 1.904516377220209e-09,
    2.5347910790261494e-07, 2.286212103119452e-05, 0.001264615411446926, 0.0359799365153615, 0.3442898999246285,
    -0.5353273932339028,
)  # fmt: skip
_KB0 = (
    5.300433772686263e-18, -1.6475804301524212e-17, 5.2103915050390274e-17, -1.678231096805412e-16,
    5.512055978524319e-16, -1.848593377343779e-15, 6.3400764774050706e-15, -2.2275133269916698e-14,
    8.032890775363575e-14, -2.9800969231727303e-13, 1.140340588208475e-12, -4.514597883373944e-12,
    1.8559491149547177e-11, -7.957489244477107e-11, 3.577397281400301e-10, -1.69753450938906e-09,
    8.574034017414225e-09, -4.660489897687948e-08, 2.766813639445015e-07, -1.8317555227191195e-06,
    1.39498137188765e-05, -0.00012849549581627802, 0.0015698838857300533, -0.0314481013119645, 2.4403030820659555,
)  # fmt: skip
_KA1 = (
    -7.023863479386288e-18, -2.427449850519366e-15, -6.666901694199329e-13, -1.4114883926335278e-10,
    -2.213387630734726e-08, -2.4334061415659684e-06, -0.0001730288957513052, -0.006975723859639864,
    -0.12261118082265715, -0.3531559607765449, 1.5253002273389478,
)  # fmt: skip
_KB1 = (
    -5.756744483665017e-18, 1.7940508731475592e-17, -5.689462558442859e-17, 1.838093544366639e-16,
    -6.057047248373319e-16, 2.038703165624334e-15, -7.019837090418314e-15, 2.4771544244813043e-14,
    -8.976705182324994e-14, 3.3484196660784293e-13, -1.2891739609510289e-12, 5.13963967348173e-12,
    -2.1299678384275683e-11, 9.218315187605006e-11, -4.1903547593418965e-10, 2.015049755197033e-09,
    -1.0345762465678097e-08, 5.7410841254500495e-08, -3.5019606030878126e-07, 2.406484947837217e-06,
    -1.936197974166083e-05, 0.00019521551847135162, -0.002857816859622779, 0.10392373657681724, 2.7206261904844427,
)  # fmt: skip


def j0(x: Array) -> Array:
    """The Bessel function of the first kind, of order 0."""
    return _in_float64(_first0, x)


def j1(x: Array) -> Array:
    """The Bessel function of the first kind, of order 1."""
    return _in_float64(_first1, x)


def y0(x: Array) -> Array:
    """The Bessel function of the second kind, of order 0: minus infinity at 0, NaN below."""
    return _in_float64(_second0, x)


def y1(x: Array) -> Array:
    """The Bessel function of the second kind, of order 1: minus infinity at 0, NaN below."""
    return _in_float64(_second1, x)


def k0e(x: Array) -> Array:
    """The modified Bessel function of the second kind, of order 0, times exp(x): infinite at 0, NaN below."""
    return _in_float64(_modified0, x)


def k1e(x: Array) -> Array:
    """The modified Bessel function of the second kind, of order 1, times exp(x): infinite at 0, NaN below."""
    return _in_float64(_modified1, x)


def _first0(x: Array) -> Array:
    size = np.abs(x)
    square = np.minimum(size, 5.0) ** 2
    near = (square - _ZEROS0[0]) * (square - _ZEROS0[1]) * _ratio(_RP0, _RQ0, square)
    cosine, sine = _wave(size, (_PP0, _PQ0, _QP0, _QQ0), math.pi / 4)
    return np.where(size <= 5, near, cosine[0] - sine[1])


def _first1(x: Array) -> Array:
    size = np.abs(x)
    square = np.minimum(size, 5.0) ** 2
    near = (square - _ZEROS1[0]) * (square - _ZEROS1[1]) * _ratio(_RP1, _RQ1, square) * size
    cosine, sine = _wave(size, (_PP1, _PQ1, _QP1, _QQ1), 3 * math.pi / 4)
    return np.copysign(1.0, x) * np.where(size <= 5, near, cosine[0] - sine[1])


def _second0(x: Array) -> Array:
    low = np.minimum(x, 5.0)
    near = _ratio(_YP0, _YQ0, low * low) + 2 / math.pi * np.log(low) * _first0(low)
    cosine, sine = _wave(np.maximum(x, 5.0), (_PP0, _PQ0, _QP0, _QQ0), math.pi / 4)
    return np.where(x > 5, sine[0] + cosine[1], np.where(x == 0, -np.inf, near))


def _second1(x: Array) -> Array:
    low = np.minimum(x, 5.0)
    near = low * _ratio(_YP1, _YQ1, low * low) + 2 / math.pi * (_first1(low) * np.log(low) - 1 / low)
    cosine, sine = _wave(np.maximum(x, 5.0), (_PP1, _PQ1, _QP1, _QQ1), 3 * math.pi / 4)
    return np.where(x > 5, sine[0] + cosine[1], np.where(x == 0, -np.inf, near))


def _wave(x: Array, tables: tuple[_Table, _Table, _Table, _Table], phase: float) -> tuple[tuple[Array, Array], ...]:
    """The cosine and the sine of `x - phase`, each times the even and the odd part of the amplitude."""
    x = np.maximum(x, 5.0)
    w = 5.0 / x
    even, odd = _ratio(tables[0], tables[1], w * w), w * _ratio(tables[2], tables[3], w * w)
    scale = math.sqrt(2 / math.pi) / np.sqrt(x)
    even, odd = even * scale, odd * scale
    cosine, sine = np.cos(x - phase), np.sin(x - phase)
    return (cosine * even, cosine * odd), (sine * even, sine * odd)


def _modified0(x: Array) -> Array:
    low, high = np.minimum(x, 2.0), np.maximum(x, 2.0)
    first = special.i0e(low) * np.exp(np.abs(low))
    near = (_chebyshev(_KA0, low * low - 2) - np.log(0.5 * low) * first) * np.exp(low)
    far = _chebyshev(_KB0, 8 / high - 2) / np.sqrt(high)
    return np.where(x > 2, far, np.where(x == 0, np.inf, near))


def _modified1(x: Array) -> Array:
    low, high = np.minimum(x, 2.0), np.maximum(x, 2.0)
    first = special.i1e(low) * np.exp(np.abs(low))
    near = (_chebyshev(_KA1, low * low - 2) / low + np.log(0.5 * low) * first) * np.exp(low)
    far = _chebyshev(_KB1, 8 / high - 2) / np.sqrt(high)
    return np.where(x > 2, far, np.where(x == 0, np.inf, near))


def _ratio(top: _Table, bottom: _Table, x: Array) -> Array:
    return _horner(top, x) / _horner(bottom, x)


def _chebyshev(coefficients: _Table, x: Array) -> Array:
    """The Chebyshev series by Clenshaw's recurrence, of twice its argument."""
    before, last, made = 0.0, np.zeros_like(x), np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        before, last, made = last, made, x * made - last + c
    return 0.5 * (made - before)


def erfcx(x: Array) -> Array:
    """`exp(x ** 2)` times the complementary error function.

    Source: Cody, "Rational Chebyshev approximations for the error function", 1969.
    """
    return _in_float64(_erfcx, x)


def _erfcx(x: Array) -> Array:
    a = np.abs(x)
    near = np.clip(a, 0.46875, 4.0)
    inverse = 1 / np.maximum(a, 4.0)
    square = inverse * inverse
    tail = inverse * (special._SQRT_PI_INVERSE - square * _ratio(special._P, special._Q, square))
    upper = np.where(a <= 4.0, _ratio(special._C, special._D, near), tail)
    # The square in two parts, so that its rounding does no harm.
    head = np.trunc(np.minimum(a, 30.0) * 16.0) / 16.0
    square = np.exp(head * head) * np.exp((np.minimum(a, 30.0) - head) * (np.minimum(a, 30.0) + head))
    return np.where(a <= 0.46875, square * special.erfc(x), np.where(x < 0, 2 * square - upper, upper))
