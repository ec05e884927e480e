"""Scaled dot-product attention over matrices (..., length, width), a few of them at a time.

The weights of one piece are used up while they are in cache, and are made again for the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from teletensor_core.kernels.softmax import into_softmax


def factor(query: Any, scale: float | None) -> float:
    """What scores are multiplied by: one over the root of the width, unless it is given."""
    return 1 / math.sqrt(query.shape[-1]) if scale is None else scale


def offset(xp: Any, query: Any, key: Any, mask: Any, is_causal: bool) -> Any:
    """What is added to scores: minus infinity where nothing may be seen. None for nothing."""
    minus_infinity = xp.asarray(-math.inf, query.dtype)
    if mask is not None and mask.dtype.kind == "b":
        mask = xp.where(mask, xp.asarray(0, query.dtype), minus_infinity)
    if not is_causal:
        return mask
    rows, columns = xp.arange(query.shape[-2])[:, None], xp.arange(key.shape[-2])
    later = xp.where(columns > rows, minus_infinity, xp.asarray(0, query.dtype))
    return later if mask is None else mask + later


def weights(xp: Any, query: Any, key: Any, added: Any, scale: float) -> Any:
    """softmax(query key^T * scale + added)."""
    scores = xp.matmul(query * xp.asarray(scale, query.dtype), xp.swapaxes(key, -1, -2))
    if added is not None:
        scores = xp.add(scores, added, out=scores) if _fits(added, scores) else scores + added
    into_softmax(xp, scores)
    return scores


def _fits(added: Any, scores: Any) -> bool:
    """Whether adding does not make scores larger."""
    lead = (1,) * (scores.ndim - added.ndim)
    if added.ndim > scores.ndim:
        return False
    return all(a in (1, s) for a, s in zip((*lead, *added.shape), scores.shape, strict=True))


def forward(xp: Any, query: Any, key: Any, value: Any, added: Any, scale: float) -> Any:
    """softmax(query key^T * scale + added) value."""
    if not _alike(query, key, value, added):
        return xp.matmul(weights(xp, query, key, added, scale), value)
    out = xp.empty((*query.shape[:-1], value.shape[-1]), query.dtype)
    for part in _pieces(xp, query, key):
        xp.matmul(weights(xp, query[part], key[part], added, scale), value[part], out=out[part])
    return out


def backward(xp: Any, g: Any, query: Any, key: Any, value: Any, added: Any, scale: float) -> tuple[Any, Any, Any]:
    """What reaches query, key and value, which are of one batch."""
    grads = tuple(xp.empty(x.shape, x.dtype) for x in (query, key, value))
    for part in _pieces(xp, query, key):
        q, k, v, piece = query[part], key[part], value[part], g[part]
        shares = weights(xp, q, k, added, scale)
        xp.matmul(xp.swapaxes(shares, -1, -2), piece, out=grads[2][part])
        scores = xp.matmul(piece, xp.swapaxes(v, -1, -2))
        scores -= xp.row_dot(scores, shares)
        scores *= shares
        scores *= xp.asarray(scale, scores.dtype)
        xp.matmul(scores, k, out=grads[0][part])
        xp.matmul(xp.swapaxes(scores, -1, -2), q, out=grads[1][part])
    return grads


def _alike(query: Any, key: Any, value: Any, added: Any) -> bool:
    """Whether the batch may be taken in pieces: one batch for all, and what is added the same for each."""
    same = query.shape[:-2] == key.shape[:-2] == value.shape[:-2]
    return query.ndim > 2 and same and (added is None or added.ndim <= 2)


def _pieces(xp: Any, query: Any, key: Any) -> Iterator[slice]:
    """Ranges of the first dimension whose scores fit the cache twice over."""
    count = query.shape[0]
    each = math.prod(query.shape[1:-1]) * key.shape[-2]
    step = max(2 * xp.elements_at_once // max(each, 1), 1) if xp.elements_at_once else max(count, 1)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
