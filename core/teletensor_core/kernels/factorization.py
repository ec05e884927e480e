"""Factorisations that array libraries lack, step by step over all matrices of a batch at once."""

from __future__ import annotations

import math
from typing import Any

# Columns that are eliminated one by one, before what is right of them follows with one product.
_BLOCK = 32


def lu(xp: Any, matrices: Any) -> tuple[Any, Any, Any]:
    """L and U in one matrix, the rows that were exchanged (from 1, int32), and where U's diagonal is zero (int32).

    With partial pivoting, as LAPACK's getrf, which also says how numbers are packed; the last is from 1, or 0.
    """
    *batch, m, n = matrices.shape
    a = xp.array(matrices, order="C").reshape((math.prod(batch), m, n))
    k = min(m, n)
    pivots = xp.zeros((a.shape[0], k), dtype=xp.int32)
    for start in range(0, k, _BLOCK):
        end = min(start + _BLOCK, k)
        for column in range(start, end):
            _eliminate(xp, a, pivots, column, end)
        if end < n:
            for row in range(start + 1, end):
                a[:, row, None, end:] -= xp.matmul(a[:, row, None, start:row], a[:, start:row, end:])
            a[:, end:, end:] -= xp.matmul(a[:, end:, start:end], a[:, start:end, end:])
    zero = xp.diagonal(a, axis1=1, axis2=2) == 0
    return a.reshape(matrices.shape), pivots.reshape((*batch, k)), _first(xp, zero).reshape(tuple(batch))


def _eliminate(xp: Any, a: Any, pivots: Any, column: int, end: int) -> None:
    """Bring the greatest element of a column onto the diagonal, and subtract its row as far as `end` from those below.

    Of complex numbers LAPACK takes the one whose parts are greatest together.
    """
    each, candidates = xp.arange(a.shape[0]), a[:, column:, column]
    is_complex = candidates.dtype.kind == "c"
    size = xp.abs(candidates.real) + xp.abs(candidates.imag) if is_complex else xp.abs(candidates)
    chosen = xp.argmax(size, axis=1) + column
    pivots[:, column] = (chosen + 1).astype(xp.int32)
    row = xp.array(a[:, column])
    a[:, column] = a[each, chosen]
    a[each, chosen] = row
    pivot, below = a[:, column, column][:, None], a[:, column + 1 :, column]
    a[:, column + 1 :, column] = below / xp.where(pivot == 0, xp.ones_like(pivot), pivot)
    factors, rest = a[:, column + 1 :, column, None], a[:, column, None, column + 1 : end]
    a[:, column + 1 :, column + 1 : end] -= factors * rest


def permutation(xp: Any, pivots: Any, size: int) -> Any:
    """Which row comes to each place when rows are exchanged as `pivots` (from 1) says, one after the other; int64."""
    *batch, k = pivots.shape
    swaps = pivots.reshape((math.prod(batch), k)).astype(xp.int64) - 1
    rows = xp.zeros((swaps.shape[0], size), dtype=xp.int64) + xp.arange(size, dtype=xp.int64)
    each = xp.arange(swaps.shape[0])
    for place in range(k):
        other = swaps[:, place]
        row = xp.array(rows[:, place])
        rows[:, place] = rows[each, other]
        rows[each, other] = row
    return rows.reshape((*batch, size))


def first_minor(xp: Any, matrices: Any) -> Any:
    """The order (from 1, int32) of the first leading minor that is not positive; 0 for a positive definite matrix."""
    *batch, n, _ = matrices.shape
    a = xp.array(matrices, order="C").reshape((math.prod(batch), n, n))
    bad = xp.zeros((a.shape[0], n), dtype=xp.bool_)
    for column in range(n):
        pivot = a[:, column, column].real
        bad[:, column] = xp.logical_not(pivot > 0)
        divisor = xp.where(bad[:, column], xp.ones_like(pivot), pivot)[:, None, None]
        below = a[:, column + 1 :, column, None]
        a[:, column + 1 :, column + 1 :] -= below * xp.conj(xp.swapaxes(below, 1, 2)) / divisor
    return _first(xp, bad).reshape(tuple(batch))


def _first(xp: Any, flags: Any) -> Any:
    """The place (from 1, int32) of the first that holds in each row, or 0."""
    if flags.shape[1] == 0:
        return xp.zeros(flags.shape[0], dtype=xp.int32)
    found = xp.argmax(flags, axis=1) + 1
    return xp.where(xp.any(flags, axis=1), found, xp.zeros_like(found)).astype(xp.int32)


def reflections(xp: Any, matrices: Any) -> tuple[Any, Any]:
    """R, with what makes each reflection below its diagonal, and the factors tau: as LAPACK's geqrf packs them.

    A reflection is 1 - tau v v^H, where v is 1 on the diagonal.
    """
    *batch, m, n = matrices.shape
    k = min(m, n)
    a = xp.array(matrices, order="C").reshape((math.prod(batch), m, n))
    taus = xp.zeros((a.shape[0], k), dtype=a.dtype)
    for i in range(k):
        head, tail = xp.array(a[:, i, i]), a[:, i + 1 :, i]
        below = xp.sum(xp.abs(tail) ** 2, axis=1)
        # Nothing to be turned, and no phase to be taken out.
        done = xp.logical_and(below == 0, head.imag == 0)
        size = xp.sqrt(xp.abs(head) ** 2 + below)
        beta = xp.where(done, head.real, xp.where(head.real >= 0, -size, size))
        divisor = xp.where(done, xp.ones_like(beta), beta)
        taus[:, i] = xp.where(done, xp.zeros_like(head), (beta - head) / divisor)
        gap = xp.where(done, xp.ones_like(head), head - beta)
        tail /= gap[:, None]
        v = xp.concatenate([xp.ones_like(head)[:, None], tail], axis=1)[:, :, None]
        rest = a[:, i:, i + 1 :]
        rest -= xp.conj(taus[:, i])[:, None, None] * (v @ (xp.conj(xp.swapaxes(v, 1, 2)) @ rest))
        a[:, i, i] = beta
    return a.reshape(matrices.shape), taus.reshape((*batch, k))
