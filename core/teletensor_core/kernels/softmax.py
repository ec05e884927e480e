"""Softmax, its logarithm and their gradients over the last dimension, a few rows at a time."""

from __future__ import annotations

from typing import Any

from teletensor_core.kernels.pieces import rows_at_once


def _rows(x: Any) -> Any:
    return x.reshape((-1, x.shape[-1]))


def into_softmax(xp: Any, x: Any) -> None:
    """Overwrite rows with their softmax."""
    x -= xp.row_max(x)
    xp.exp(x, out=x)
    x /= xp.row_sum(x)


def softmax(xp: Any, x: Any) -> Any:
    """exp(x) over its sum, row by row."""
    out = xp.empty(x.shape, x.dtype)
    rows, results = _rows(x), _rows(out)
    for part in rows_at_once(xp, rows):
        results[part] = rows[part]
        into_softmax(xp, results[part])
    return out


def softmax_backward(xp: Any, g: Any, out: Any) -> Any:
    """The gradient of softmax from its result: out * (g - sum(g * out))."""
    result = xp.empty(g.shape, g.dtype)
    grads, outs, results = _rows(g), _rows(out), _rows(result)
    for part in rows_at_once(xp, grads):
        total = xp.row_dot(grads[part], outs[part])
        into = xp.subtract(grads[part], total, out=results[part])
        into *= outs[part]
    return result


def log_softmax(xp: Any, x: Any) -> Any:
    """The logarithm of softmax: x - max - log(sum(exp(x - max)))."""
    out = xp.empty(x.shape, x.dtype)
    rows, results = _rows(x), _rows(out)
    for part in rows_at_once(xp, rows):
        into = xp.subtract(rows[part], xp.row_max(rows[part]), out=results[part])
        into -= xp.log(xp.row_sum(xp.exp(into)))
    return out


def log_softmax_backward(xp: Any, g: Any, out: Any) -> Any:
    """The gradient of log_softmax from its result: g - exp(out) * sum(g)."""
    result = xp.empty(g.shape, g.dtype)
    grads, outs, results = _rows(g), _rows(out), _rows(result)
    for part in rows_at_once(xp, grads):
        into = xp.exp(outs[part], out=results[part])
        into *= xp.row_sum(grads[part])
        xp.subtract(grads[part], into, out=into)
    return result


def logsumexp(xp: Any, x: Any) -> Any:
    """The logarithm of the sum of each row's exponentials, as rows of one."""
    rows = _rows(x)
    out = xp.empty((rows.shape[0], 1), x.dtype)
    for part in rows_at_once(xp, rows):
        highest = xp.row_max(rows[part])
        shifted = rows[part] - highest
        xp.exp(shifted, out=shifted)
        out[part] = xp.log(xp.row_sum(shifted)) + highest
    return out.reshape((*x.shape[:-1], 1))
