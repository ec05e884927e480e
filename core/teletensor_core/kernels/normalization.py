"""Standardising: over rows (layer norm), and over the batch and the places of each channel (batch norm).

Gradients recompute what they need of the forward pass: reading the input again costs less than keeping more of it.
"""

from __future__ import annotations

from typing import Any

from teletensor_core.kernels.pieces import rows_at_once


def _standardized(xp: Any, x: Any, eps: float) -> tuple[Any, Any]:
    """Rows less their mean, over their deviation; and one over that."""
    normal = x - xp.row_sum(x) / x.shape[-1]
    scale = xp.row_dot(normal, normal) / x.shape[-1]
    scale += eps
    scale = xp.reciprocal(xp.sqrt(scale))
    normal *= scale
    return normal, scale


def layer_norm(xp: Any, x: Any, weight: Any, bias: Any, eps: float) -> Any:
    """Rows (R, n) standardised, then scaled and shifted by vectors that may be None."""
    out = xp.empty(x.shape, x.dtype)
    for part in rows_at_once(xp, x):
        normal, _ = _standardized(xp, x[part], eps)
        if weight is not None:
            normal *= weight
        if bias is not None:
            normal += bias
        out[part] = normal
    return out


def layer_norm_backward(xp: Any, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
    """What reaches the rows, the weight and the bias."""
    out = xp.empty(x.shape, x.dtype)
    to_weight, to_bias = xp.zeros(x.shape[-1], x.dtype), xp.zeros(x.shape[-1], x.dtype)
    for part in rows_at_once(xp, x):
        normal, scale = _standardized(xp, x[part], eps)
        to_weight += xp.column_sum(g[part] * normal)
        to_bias += xp.column_sum(g[part])
        inner = g[part] if weight is None else g[part] * weight
        along = xp.row_dot(inner, normal) / x.shape[-1]
        normal *= along
        normal += xp.row_sum(inner) / x.shape[-1]
        into = xp.subtract(inner, normal, out=out[part])
        into *= scale
    return out, to_weight, to_bias


def _by_channel(x: Any) -> Any:
    """A vector of channels as it broadcasts against (N, C, L)."""
    return x.reshape((-1, 1))


def _statistics(xp: Any, x: Any) -> tuple[Any, Any]:
    """The mean and the variance of each channel of (N, C, L)."""
    count = x.shape[0] * x.shape[2]
    mean, variance = xp.zeros(x.shape[1], x.dtype), xp.zeros(x.shape[1], x.dtype)
    for part in rows_at_once(xp, x):
        mean += xp.sum(xp.row_sum(x[part]), axis=(0, 2))
    mean /= count
    for part in rows_at_once(xp, x):
        centred = x[part] - _by_channel(mean)
        variance += xp.sum(xp.row_dot(centred, centred), axis=(0, 2))
    variance /= count
    return mean, variance


def batch_norm(xp: Any, x: Any, weight: Any, bias: Any, eps: float) -> tuple[Any, Any, Any]:
    """(N, C, L) standardised by channel, then scaled and shifted; the mean and the biased variance."""
    mean, variance = _statistics(xp, x)
    scale = xp.reciprocal(xp.sqrt(variance + eps))
    if weight is not None:
        scale *= weight
    out = xp.empty(x.shape, x.dtype)
    for part in rows_at_once(xp, x):
        into = xp.subtract(x[part], _by_channel(mean), out=out[part])
        into *= _by_channel(scale)
        if bias is not None:
            into += _by_channel(bias)
    return out, mean, variance


def batch_norm_backward(xp: Any, g: Any, x: Any, weight: Any, eps: float) -> tuple[Any, Any, Any]:
    """What reaches (N, C, L), the weight and the bias."""
    mean, variance = _statistics(xp, x)
    scale = xp.reciprocal(xp.sqrt(variance + eps))
    to_weight, to_bias = xp.zeros(x.shape[1], x.dtype), xp.zeros(x.shape[1], x.dtype)
    for part in rows_at_once(xp, x):
        centred = x[part] - _by_channel(mean)
        to_weight += xp.sum(xp.row_dot(g[part], centred), axis=(0, 2))
        to_bias += xp.sum(xp.row_sum(g[part]), axis=(0, 2))
    to_weight *= scale
    count = x.shape[0] * x.shape[2]
    along, level = to_weight * scale / count, to_bias / count
    factor = scale if weight is None else scale * weight
    out = xp.empty(x.shape, x.dtype)
    for part in rows_at_once(xp, x):
        into = xp.subtract(x[part], _by_channel(mean), out=out[part])
        into *= _by_channel(-along)
        into += g[part]
        into -= _by_channel(level)
        into *= _by_channel(factor)
    return out, to_weight, to_bias
