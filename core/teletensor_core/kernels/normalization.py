"""Standardising: over rows (layer norm), and over the batch and the places of each channel (batch norm).

Gradients recompute what they need of the forward pass: reading the input again costs less than keeping more of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from teletensor_core.kernels.pieces import rows_at_once


def _centred_rows(xp: Any, x: Any, eps: float, out: Any) -> Any:
    """Write rows less their mean into `out`; gives one over their deviations."""
    xp.subtract(x, xp.row_sum(x) / x.shape[-1], out=out)
    scale = xp.row_dot(out, out)
    scale /= x.shape[-1]
    scale += eps
    return xp.reciprocal(xp.sqrt(scale))


def layer_norm(xp: Any, x: Any, weight: Any, bias: Any, eps: float) -> Any:
    """Rows (R, n) standardised, then scaled and shifted by vectors that may be None."""
    out = xp.empty(x.shape, x.dtype)
    for part in rows_at_once(xp, x):
        into = out[part]
        into *= _centred_rows(xp, x[part], eps, into)
        if weight is not None:
            into *= weight
        if bias is not None:
            into += bias
    return out


def layer_norm_backward(xp: Any, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
    """What reaches the rows, the weight and the bias."""
    out, count = xp.empty(x.shape, x.dtype), x.shape[-1]
    to_weight, to_bias = xp.zeros(count, x.dtype), xp.zeros(count, x.dtype)
    for part in rows_at_once(xp, x):
        into, grad = out[part], g[part]
        scale = _centred_rows(xp, x[part], eps, into)
        product = grad * into
        to_weight += xp.matmul(scale[:, 0], product)
        to_bias += xp.column_sum(grad)
        inner = grad if weight is None else xp.multiply(grad, weight, out=product)
        # scale * (inner - its mean - centred * scale^2 * the mean of inner * centred)
        into *= xp.row_dot(inner, into) * scale * scale / -count
        into += inner
        into -= xp.row_sum(inner) / count
        into *= scale
    return out, to_weight, to_bias


# Numbers that are spread over rows of more elements than this NumPy takes as they are; otherwise it copies all first.
_LONG_ROW = 1 << 12


def _by_channel(xp: Any, vector: Any, length: int) -> Any:
    """A vector of channels as it broadcasts against `_channels` of (N, C, length)."""
    column = vector.reshape((-1, 1))
    return column if length > _LONG_ROW else xp.repeat(column, length, axis=1).reshape(-1)


def _channels(x: Any) -> Any:
    """(N, C, L) as it is, or with short channels as (N, C * L)."""
    return x if x.shape[2] > _LONG_ROW else x.reshape((x.shape[0], -1))


def _parts(xp: Any, x: Any) -> Iterator[slice]:
    return rows_at_once(xp, x, times=4)


def _centred(xp: Any, x: Any, g: Any = None) -> tuple[Any, Any, Any, Any]:
    """(N, C, L) less the mean of each channel; the mean, the variance, and the sum of products with `g`."""
    count, out = x.shape[0] * x.shape[2], xp.empty(x.shape, x.dtype)
    mean = xp.sum(xp.row_sum(x), axis=(0, 2)) / count
    level, source, target = _by_channel(xp, mean, x.shape[2]), _channels(x), _channels(out)
    squares, along = xp.zeros(x.shape[1], x.dtype), xp.zeros(x.shape[1], x.dtype)
    for part in _parts(xp, x):
        xp.subtract(source[part], level, out=target[part])
        squares += xp.sum(xp.row_dot(out[part], out[part]), axis=(0, 2))
        if g is not None:
            along += xp.sum(xp.row_dot(g[part], out[part]), axis=(0, 2))
    return out, mean, squares / count, along


def batch_norm(xp: Any, x: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
    """(N, C, L) standardised by channel, then scaled and shifted; the mean and the biased variance."""
    out, mean, variance, _ = _centred(xp, x)
    scale = xp.reciprocal(xp.sqrt(variance + eps))
    factor = _by_channel(xp, scale if weight is None else scale * weight, x.shape[2])
    shift = None if bias is None else _by_channel(xp, bias, x.shape[2])
    for part in _parts(xp, x):
        into = _channels(out)[part]
        into *= factor
        if shift is not None:
            into += shift
    return out, mean, variance


def batch_norm_backward(xp: Any, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
    """What reaches (N, C, L), the weight and the bias."""
    out, _, variance, along = _centred(xp, x, g)
    scale = xp.reciprocal(xp.sqrt(variance + eps))
    to_weight, to_bias = along * scale, xp.sum(xp.row_sum(g), axis=(0, 2))
    # factor * (g - to_bias / count - centred * scale * to_weight / count)
    factor, count = scale if weight is None else scale * weight, x.shape[0] * x.shape[2]
    vectors = (factor * scale * to_weight / -count, factor, factor * to_bias / -count)
    for_centred, for_g, shift = (_by_channel(xp, vector, x.shape[2]) for vector in vectors)
    for part in _parts(xp, x):
        into = _channels(out)[part]
        into *= for_centred
        into += _channels(g)[part] * for_g
        into += shift
    return out, to_weight, to_bias
