"""Convolution and its two gradients on arrays (N, C, d1, ...): windows gathered into columns, then matrix products.

A kernel of one place needs no columns. With one input channel a group, matrix products would be rows of one, so the
places of the kernel are added up one after the other instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from teletensor_core.kernels import batch_last, windows
from teletensor_core.kernels.windows import Geometry

# Below this many places a product for each sample is too small to be worth a call; the samples are laid side by side.
_SMALL = 256
# What starting a short copy costs, in elements that are copied while an array is turned round.
_START = 5


def forward(xp: Any, x: Any, weight: Any, bias: Any, places: Sequence[int], how: Geometry) -> Any:
    """(N, O, places) from (N, C, ...), (O, C / groups, kernel) and (O,), which may be None."""
    if _batch_last(x.shape[1], weight.shape, places, how):
        return batch_last.forward(xp, x, weight, bias, places, how)
    if _is_pointwise(weight.shape[2:], how):
        return _add_bias(_pointwise(xp, x, weight, places, how), bias)
    x = windows.padded(xp, x, how.padding)
    out = xp.empty((x.shape[0], weight.shape[0], *places), xp.result_type(x, weight))
    if weight.shape[1] == 1 and how.groups > 1:
        return _add_bias(_depthwise(xp, x, weight, out, how), bias)
    rows = _rows(weight, how.groups)
    for batch, part in windows.pieces(xp, x.shape[0], places, _column_bytes(x, x.shape[1], weight.shape[2:])):
        columns, merged = _columns(xp, x, weight.shape[2:], places, batch, part, how)
        shape = (len(range(part.start, part.stop)), *places[1:])
        product = xp.matmul(rows, columns)
        if bias is not None:
            product += bias.reshape((how.groups, -1, 1))
        out[batch, :, part] = _unmerged(xp, product, weight.shape[0], shape, merged)
    return out


def _add_bias(out: Any, bias: Any) -> Any:
    if bias is not None:
        out += bias.reshape((-1,) + (1,) * (out.ndim - 2))
    return out


def _batch_last(channels: int, weight: Sequence[int], places: Sequence[int], how: Geometry) -> bool:
    """Whether turning the arrays round costs less than the short copies that it saves."""
    if _is_pointwise(weight[2:], how) or (weight[1] == 1 and how.groups > 1):
        return False
    return channels * math.prod(weight[2:]) * _START > (channels + weight[0]) * places[-1]


def input_gradient(xp: Any, g: Any, weight: Any, shape: Sequence[int], how: Geometry) -> Any:
    """What reaches an input of `shape` from the gradient (N, O, places) of the result."""
    places = g.shape[2:]
    if _batch_last(shape[1], weight.shape, places, how):
        return batch_last.input_gradient(xp, g, weight, shape, how)
    sizes = [n + 2 * p for n, p in zip(shape[2:], how.padding, strict=True)]
    out = xp.zeros((*shape[:2], *sizes), xp.result_type(g, weight))
    if weight.shape[1] == 1 and how.groups > 1:
        _spread_depthwise(xp, g, weight, out, how)
    else:
        rows = xp.swapaxes(_rows(weight, how.groups), 1, 2)
        for batch, part in windows.pieces(xp, g.shape[0], places, _column_bytes(g, shape[1], weight.shape[2:])):
            _spread(xp, g[batch, :, part], rows, out[batch], weight.shape[2:], part.start, how)
    return out[windows.inside(shape[2:], how.padding)] if any(how.padding) else out


def weight_gradient(xp: Any, g: Any, x: Any, shape: Sequence[int], how: Geometry) -> Any:
    """What reaches a weight of `shape` from the gradient (N, O, places) of the result."""
    places, groups = g.shape[2:], how.groups
    if _batch_last(x.shape[1], shape, places, how):
        return batch_last.weight_gradient(xp, g, x, shape, how)
    x = windows.padded(xp, x, how.padding)
    if shape[1] == 1 and groups > 1:
        return _weigh_depthwise(xp, g, x, shape, how)
    total = xp.zeros((groups, shape[0] // groups, math.prod(shape[1:])), xp.result_type(g, x))
    for batch, part in windows.pieces(xp, x.shape[0], places, _column_bytes(x, x.shape[1], shape[2:])):
        columns, merged = _columns(xp, x, shape[2:], places, batch, part, how)
        piece = g[batch, :, part]
        if merged:
            piece = xp.swapaxes(piece, 0, 1).reshape((groups, shape[0] // groups, -1))
            total += xp.matmul(piece, xp.swapaxes(columns, 1, 2))
        else:
            piece = piece.reshape((piece.shape[0], groups, shape[0] // groups, -1))
            total += xp.sum(xp.matmul(piece, xp.swapaxes(columns, 2, 3)), axis=0)
    return total.reshape(shape)


def _rows(weight: Any, groups: int) -> Any:
    return weight.reshape((groups, weight.shape[0] // groups, -1))


def _column_bytes(x: Any, channels: int, kernel: Sequence[int]) -> int:
    """Bytes of the columns of one place."""
    return channels * math.prod(kernel) * int(x.dtype.itemsize)


def _columns(
    xp: Any, x: Any, kernel: Sequence[int], places: Sequence[int], batch: slice, part: slice, how: Geometry
) -> tuple[Any, bool]:
    """Windows as matrices: (N, groups, C / groups * k, places), or with the batch merged into the places."""
    n = len(kernel)
    seen = windows.view(xp, x, kernel, places, how.stride, how.dilation)[batch]
    seen = seen[(slice(None),) * (2 + n) + (part,)]
    depth = x.shape[1] // how.groups * math.prod(kernel)
    merged = math.prod(seen.shape[2 + n :]) < _SMALL
    if not merged:
        return seen.reshape((seen.shape[0], how.groups, depth, -1)), False
    order = (*range(1, 2 + n), 0, *range(2 + n, 2 + 2 * n))
    return seen.transpose(order).reshape((how.groups, depth, -1)), True


def _unmerged(xp: Any, product: Any, channels: int, places: Sequence[int], merged: bool) -> Any:
    """A product of columns as (N, O, places)."""
    if not merged:
        return product.reshape((product.shape[0], channels, *places))
    return xp.swapaxes(product.reshape((channels, -1, *places)), 0, 1)


def _spread(xp: Any, g: Any, rows: Any, out: Any, kernel: Sequence[int], first: int, how: Geometry) -> None:
    """Add each window's gradient to the padded input's; `first` is the first row of windows in `g`."""
    columns = xp.matmul(rows, g.reshape((g.shape[0], how.groups, rows.shape[2], -1)))
    columns = columns.reshape((*out.shape[:2], *kernel, *g.shape[2:]))
    below = out[:, :, first * how.stride[0] :]
    for offset, key in windows.taps(kernel, g.shape[2:], how.stride, how.dilation):
        below[key] += columns[(slice(None), slice(None), *offset)]


def _is_pointwise(kernel: Sequence[int], how: Geometry) -> bool:
    return all(k == 1 for k in kernel) and not any(how.padding)


def _pointwise(xp: Any, x: Any, weight: Any, places: Sequence[int], how: Geometry) -> Any:
    if any(step > 1 for step in how.stride):
        x = x[(slice(None), slice(None), *(slice(0, s * n, s) for s, n in zip(how.stride, places, strict=True)))]
    columns = x.reshape((x.shape[0], how.groups, x.shape[1] // how.groups, -1))
    return xp.matmul(_rows(weight, how.groups), columns).reshape((x.shape[0], weight.shape[0], *places))


# -- one input channel a group ----------------------------------------------------------------------------------------


def _by_channel(x: Any, groups: int) -> Any:
    """(N, groups, O / groups, ...) of (N, O, ...)."""
    return x.reshape((x.shape[0], groups, -1, *x.shape[2:]))


def _factor(weight: Any, groups: int, offset: tuple[int, ...]) -> Any:
    """The weights at one place of the kernel, broadcast against (N, groups, O / groups, ...)."""
    at = weight[(slice(None), 0, *offset)]
    return at.reshape((groups, -1) + (1,) * len(offset))


def _depthwise(xp: Any, x: Any, weight: Any, out: Any, how: Geometry) -> Any:
    total, x = _by_channel(out, how.groups), x[:, :, None]
    scratch = xp.empty(total.shape, total.dtype)
    for number, (offset, key) in enumerate(windows.taps(weight.shape[2:], out.shape[2:], how.stride, how.dilation)):
        product = xp.multiply(x[key], _factor(weight, how.groups, offset), out=scratch if number else total)
        if number:
            total += product
    return out


def _spread_depthwise(xp: Any, g: Any, weight: Any, out: Any, how: Geometry) -> None:
    g = _by_channel(g, how.groups)
    for offset, key in windows.taps(weight.shape[2:], g.shape[3:], how.stride, how.dilation):
        out[key] += xp.sum(xp.multiply(g, _factor(weight, how.groups, offset)), axis=2)


def _weigh_depthwise(xp: Any, g: Any, x: Any, shape: Sequence[int], how: Geometry) -> Any:
    total = xp.empty(shape, xp.result_type(g, x))
    g, x = _by_channel(g, how.groups), x[:, :, None]
    axes = (0, *range(3, g.ndim))
    for offset, key in windows.taps(shape[2:], g.shape[3:], how.stride, how.dilation):
        total[(slice(None), 0, *offset)] = xp.sum(xp.multiply(g, x[key]), axis=axes).reshape(-1)
    return total
