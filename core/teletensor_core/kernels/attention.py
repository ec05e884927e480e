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


def without_hidden_rows(xp: Any, query: Any, key: Any, mask: Any, is_causal: bool) -> tuple[Any, Any]:
    """A mask under which every row sees something, and which rows saw nothing under the given one; None for no mask.

    Such rows have no softmax: what they give, and what reaches others through them, is zero.
    """
    if mask is None:
        return None, None
    seen = mask if mask.dtype.kind == "b" else mask > -math.inf
    if is_causal:
        seen = xp.logical_and(seen, xp.arange(key.shape[-2]) <= xp.arange(query.shape[-2])[:, None])
    hidden = xp.logical_not(xp.any(seen, axis=-1, keepdims=True))
    shown = xp.logical_or(mask, hidden) if mask.dtype.kind == "b" else xp.where(hidden, xp.zeros_like(mask), mask)
    return shown, hidden


def weights(xp: Any, query: Any, key: Any, added: Any, scale: float) -> Any:
    """softmax(query key^T * scale + added)."""
    scores = xp.matmul(query, _turned(xp, key, scale))
    if added is not None:
        scores = xp.add(scores, added, out=scores) if _fits(added, scores) else scores + added
    into_softmax(xp, scores)
    return scores


def _turned(xp: Any, x: Any, scale: float = 1) -> Any:
    """Each matrix turned round in memory, and scaled: small products read rows faster than columns."""
    turned = xp.swapaxes(x, -1, -2)
    return xp.multiply(turned, xp.asarray(scale, x.dtype), out=xp.empty(turned.shape, x.dtype))


def _fits(added: Any, scores: Any) -> bool:
    """Whether adding does not make scores larger."""
    lead = (1,) * (scores.ndim - added.ndim)
    if added.ndim > scores.ndim:
        return False
    return all(a in (1, s) for a, s in zip((*lead, *added.shape), scores.shape, strict=True))


def forward(xp: Any, query: Any, key: Any, value: Any, added: Any, scale: float) -> Any:
    """softmax(query key^T * scale + added) value."""
    if not _in_pieces(xp, query, key, value, added):
        return xp.matmul(xp.attention_weights(query, key, added, scale), value)
    out = xp.empty((*query.shape[:-1], value.shape[-1]), query.dtype)
    for part in _pieces(xp, query, key):
        xp.matmul(xp.attention_weights(query[part], key[part], added, scale), value[part], out=out[part])
    return out


def backward(xp: Any, g: Any, query: Any, key: Any, value: Any, added: Any, scale: float) -> tuple[Any, Any, Any]:
    """What reaches query, key and value, which are of one batch."""
    grads = (xp.empty(query.shape, query.dtype), xp.empty(key.shape, key.dtype), xp.empty(value.shape, value.dtype))
    if not _in_pieces(xp, query, key, value, added):
        _backward(xp, grads, g, query, key, value, added, scale)
        return grads
    for part in _pieces(xp, query, key):
        into = tuple(x[part] for x in grads)
        _backward(xp, into, g[part], query[part], key[part], value[part], added, scale)
    return grads


def _backward(
    xp: Any, into: tuple[Any, Any, Any], g: Any, query: Any, key: Any, value: Any, added: Any, scale: float
) -> None:
    shares = xp.attention_weights(query, key, added, scale)
    xp.matmul(xp.swapaxes(shares, -1, -2), g, out=into[2])
    scores = xp.softmax_backward(xp.matmul(g, _turned(xp, value)), shares)
    scores *= xp.asarray(scale, scores.dtype)
    xp.matmul(scores, key, out=into[0])
    xp.matmul(xp.swapaxes(scores, -1, -2), query, out=into[1])


def _in_pieces(xp: Any, query: Any, key: Any, value: Any, added: Any) -> bool:
    """Whether pieces help, and may be taken: one batch for all, and what is added the same for each matrix."""
    if not xp.elements_at_once or query.ndim < 3 or not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]:
        return False
    return added is None or added.ndim <= 2


def _pieces(xp: Any, query: Any, key: Any) -> Iterator[slice]:
    """Ranges of the first dimension whose scores fit the cache."""
    count, each = query.shape[0], math.prod(query.shape[1:-1]) * key.shape[-2]
    step = max(xp.elements_at_once // max(each, 1), 1)
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
