"""Families of orthogonal polynomials, each by its recurrence, for degrees that are arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Family:
    """Polynomials that begin with 1 and `u x + v`, and the numbers by which they go on.

        P[k + 1] = ((a1 k + a0 + (b1 k + b0) x) P[k] - (c1 k + c0) P[k - 1]) / (d k + 1)

    Degrees above `most` are NaN: each takes a step.
    Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 22.7.
    """

    u: float
    v: float
    a1: float = 0
    a0: float = 0
    b1: float = 0
    b0: float = 2
    c1: float = 0
    c0: float = 1
    d: float = 0
    most: float = 1 << 16


CHEBYSHEV_T, CHEBYSHEV_U, CHEBYSHEV_V, CHEBYSHEV_W = Family(1, 0), Family(2, 0), Family(2, -1), Family(2, 1)
HERMITE_H, HERMITE_HE = Family(2, 0, c1=2, c0=0, most=512), Family(1, 0, b0=1, c1=1, c0=0, most=512)
LAGUERRE_L = Family(-1, 1, a1=2, a0=1, b0=-1, c1=1, c0=0, d=1)
LEGENDRE_P = Family(1, 0, b1=2, b0=1, c1=1, c0=0, d=1)


def recurrence(x: Array, n: Array, family: Family) -> Array:
    """The polynomials of degrees `n`, cut to integers, at `x`: 0 for negative ones. In the dtype of `x`."""
    kind = np.asarray(x).dtype
    x, degree = np.broadcast_arrays(np.asarray(x, "d"), np.trunc(np.asarray(n, "d")))
    f = family
    before, last = np.ones_like(x), f.u * x + f.v
    made = np.where(degree < 0, 0.0, np.where(degree == 0, before, last))
    known = degree <= f.most
    for k in range(1, int(np.max(degree, initial=0, where=known & np.isfinite(degree)))):
        next_one = ((f.a1 * k + f.a0 + (f.b1 * k + f.b0) * x) * last - (f.c1 * k + f.c0) * before) / (f.d * k + 1)
        before, last = last, next_one
        made = np.where(degree == k + 1, last, made)
    return np.where(known, made, np.nan).astype(kind)
