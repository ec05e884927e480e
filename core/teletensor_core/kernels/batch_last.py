"""Convolution with the batch as the last dimension, so that copies and additions run over whole batches of a line.

Columns (C, kernel, places, N) are gathered, and spread back, in long runs where (N, C, places) would take short ones;
what that costs is turning the input and the output round.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from teletensor_core.kernels import windows
from teletensor_core.kernels.windows import Geometry


def forward(xp: Any, x: Any, weight: Any, bias: Any, places: Sequence[int], how: Geometry) -> Any:
    """(N, O, places) from (N, C, ...), (O, C / groups, kernel) and (O,), which may be None."""
    out = xp.empty((x.shape[0], weight.shape[0], *places), xp.result_type(x, weight))
    rows = weight.reshape((how.groups, weight.shape[0] // how.groups, -1))
    turned = _padded(xp, x, how)
    for batch, part in _pieces(xp, x, x.shape[1], weight.shape[2:], places):
        target = out[batch, :, part]
        product = xp.matmul(rows, _columns(xp, turned[..., batch], weight.shape[2:], part, places, how))
        if bias is not None:
            product += bias.reshape((how.groups, -1, 1))
        target[...] = xp.moveaxis(product.reshape((*target.shape[1:], target.shape[0])), -1, 0)
    return out


def input_gradient(xp: Any, g: Any, weight: Any, shape: Sequence[int], how: Geometry) -> Any:
    """What reaches an input of `shape` from the gradient (N, O, places) of the result."""
    places, kernel = g.shape[2:], weight.shape[2:]
    sizes = [n + 2 * p for n, p in zip(shape[2:], how.padding, strict=True)]
    out = xp.zeros((shape[1], *sizes, shape[0]), xp.result_type(g, weight))
    rows = xp.swapaxes(weight.reshape((how.groups, weight.shape[0] // how.groups, -1)), 1, 2)
    for batch, part in _pieces(xp, g, shape[1], kernel, places):
        piece = xp.moveaxis(g[batch, :, part], 0, -1)
        columns = xp.matmul(rows, piece.reshape((how.groups, rows.shape[2], -1)))
        columns = columns.reshape((shape[1], *kernel, *piece.shape[1:]))
        below = out[:, part.start * how.stride[0] :, ..., batch]
        for offset, key in windows.taps(kernel, piece.shape[1:-1], how.stride, how.dilation):
            below[(*key, slice(None))] += columns[(slice(None), *offset)]
    return xp.moveaxis(out, -1, 0)[windows.inside(shape[2:], how.padding)]


def weight_gradient(xp: Any, g: Any, x: Any, shape: Sequence[int], how: Geometry) -> Any:
    """What reaches a weight of `shape` from the gradient (N, O, places) of the result."""
    places, groups = g.shape[2:], how.groups
    total = xp.zeros((groups, shape[0] // groups, math.prod(shape[1:])), xp.result_type(g, x))
    turned = _padded(xp, x, how)
    for batch, part in _pieces(xp, x, x.shape[1], shape[2:], places):
        columns = _columns(xp, turned[..., batch], shape[2:], part, places, how)
        piece = xp.moveaxis(g[batch, :, part], 0, -1).reshape((groups, shape[0] // groups, -1))
        total += xp.matmul(piece, xp.swapaxes(columns, 1, 2))
    return total.reshape(shape)


def _padded(xp: Any, x: Any, how: Geometry) -> Any:
    """(C, d1, ..., N) of (N, C, d1, ...), with zeros around its middle dimensions."""
    sizes = [n + 2 * p for n, p in zip(x.shape[2:], how.padding, strict=True)]
    out = (xp.zeros if any(how.padding) else xp.empty)((x.shape[1], *sizes, x.shape[0]), x.dtype)
    xp.moveaxis(out, -1, 0)[windows.inside(x.shape[2:], how.padding)] = x
    return out


def _columns(xp: Any, x: Any, kernel: Sequence[int], part: slice, places: Sequence[int], how: Geometry) -> Any:
    """Windows at a part of the first places as matrices: (groups, C / groups * k, places * N)."""
    sizes = (part.stop - part.start, *places[1:])
    seen = windows.view(xp, x[:, part.start * how.stride[0] :], kernel, sizes, how.stride, how.dilation, lead=1)
    return seen.reshape((how.groups, x.shape[0] // how.groups * math.prod(kernel), -1))


def _pieces(xp: Any, x: Any, channels: int, kernel: Sequence[int], places: Sequence[int]) -> Iterator[Any]:
    """Ranges of the batch, and of the first window dimension, whose columns fit the workspace: whole batches first."""
    limit, batch = windows.workspace(xp), x.shape[0]
    line = max(channels * math.prod((*kernel, *places[1:])) * int(x.dtype.itemsize), 1)
    count = min(max(limit // line, 1), max(batch, 1))
    rows = max(limit // (line * count), 1)
    for start, first in itertools.product(range(0, batch, count), range(0, places[0], rows)):
        yield slice(start, min(start + count, batch)), slice(first, min(first + rows, places[0]))
