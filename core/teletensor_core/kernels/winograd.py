"""Convolution with windows of 3 x 3, one apart, by Winograd's minimal filtering: 16 products for 36.

A tile of 2 x 2 results comes from 4 x 4 elements: A^T [(G w G^T) (B^T d B)] A, where the products in the middle are
summed over the channels. Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.

Samples and channels are the last dimension, so that all sums run over long rows; odd and even columns lie apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from teletensor_core.kernels import windows
from teletensor_core.kernels.windows import Geometry

# Below this many channels products are too thin, below this many elements rows too short, and below this many products
# in all the steps are too many.
_CHANNELS, _ROW, _LEAST = 8, 128, 1 << 22
# Results in tiles, for each that is wanted.
_MOST_WASTE = 1.5
# Elements between the rows of what is turned round: rows that are a power of two apart share few lines of the cache.
_GAP = 16


def suits(x: Any, weight: Sequence[int], places: Sequence[int], how: Geometry) -> bool:
    """Whether this is the way for a convolution of `x`, or of a gradient of that dtype and batch."""
    if tuple(weight[2:]) != (3, 3) or how.groups != 1 or x.dtype.kind != "f":
        return False
    if any(s != 1 for s in (*how.stride, *how.dilation)) or any(p > 2 for p in how.padding):
        return False
    if min(weight[:2]) < _CHANNELS or x.shape[0] * min(weight[:2]) < _ROW:
        return False
    if x.shape[0] * math.prod(places) * math.prod(weight) < _LEAST:
        return False
    return 4 * math.prod(_tiles(places)) <= _MOST_WASTE * math.prod(places)


def _tiles(places: Sequence[int]) -> tuple[int, int]:
    return -(-places[0] // 2), -(-places[1] // 2)


def _batches(xp: Any, x: Any, weight: Sequence[int], places: Sequence[int]) -> Iterator[slice]:
    """Ranges of the batch, of about one size, whose tiles fit twice the workspace."""
    each = 16 * math.prod(_tiles(places)) * sum(weight[:2]) * int(x.dtype.itemsize)
    most = max(2 * windows.workspace(xp) // each, -(-_ROW // min(weight[:2])))
    parts = -(-x.shape[0] // most)
    for i in range(parts):
        yield slice(x.shape[0] * i // parts, x.shape[0] * (i + 1) // parts)


def forward(xp: Any, x: Any, weight: Any, bias: Any, places: Sequence[int], how: Geometry) -> Any:
    """(N, O, places) from (N, C, H, W), (O, C, 3, 3) and (O,), which may be None."""
    rows, columns = _tiles(places)
    kernel = _of_kernel(xp, xp.transpose(weight, (2, 3, 1, 0))).reshape((16, weight.shape[1], weight.shape[0]))
    out = xp.empty((x.shape[0], weight.shape[0], *places), x.dtype)
    with xp.rows_in_place():
        for batch in _batches(xp, x, weight.shape, places):
            tiles = _of_input(xp, x[batch], rows, columns, how.padding)
            products = xp.matmul(tiles.reshape((16, -1, x.shape[1])), kernel)
            products = products.reshape((4, 4, rows, columns, -1))
            if bias is not None:
                # The one product that all four results of a tile have in them as it is.
                products[1, 1] += xp.tile(bias, batch.stop - batch.start)
            _into_results(xp, products, out[batch])
    return out


def input_gradient(xp: Any, g: Any, weight: Any, shape: Sequence[int], how: Geometry) -> Any:
    """What reaches an input of `shape` from the gradient (N, O, places) of the result: again such a convolution."""
    turned = xp.swapaxes(weight[:, :, ::-1, ::-1], 0, 1)
    return forward(xp, g, turned, None, shape[2:], how._replace(padding=[2 - p for p in how.padding]))


def weight_gradient(xp: Any, g: Any, x: Any, shape: Sequence[int], how: Geometry) -> Any:
    """What reaches a weight of `shape` from the gradient (N, O, places) of the result."""
    rows, columns = _tiles(g.shape[2:])
    total = xp.zeros((4, 4, shape[1], shape[0]), x.dtype)
    with xp.rows_in_place():
        for batch in _batches(xp, x, shape, g.shape[2:]):
            tiles = _of_input(xp, x[batch], rows, columns, how.padding)
            for i, row in enumerate(_of_gradient(xp, _by_parity(xp, g[batch], rows, columns))):
                for j, part in enumerate(_of_gradient(xp, row)):
                    seen = xp.swapaxes(tiles[i, j].reshape((-1, shape[1])), 0, 1)
                    total[i, j] += xp.matmul(seen, part.reshape((-1, shape[0])))
    return xp.ascontiguousarray(xp.transpose(_into_kernel(xp, total), (3, 2, 0, 1)))


# -- B^T d B: tiles of the input ---------------------------------------------------------------------------------------


def _of_input(xp: Any, x: Any, rows: int, columns: int, padding: Sequence[int]) -> Any:
    """(4, 4, rows, columns, N * C) from (N, C, H, W)."""
    turned = _padded(xp, x, rows, columns, padding)
    half = xp.empty((4, rows, *turned.shape[1:]), x.dtype)
    _filter(xp, [turned[k : k + 2 * rows - 1 : 2] for k in range(4)], half)
    out = xp.empty((4, 4, rows, columns, turned.shape[-1]), x.dtype)
    taps = [half[:, :, k % 2, k // 2 : k // 2 + columns] for k in range(4)]
    _filter(xp, taps, xp.swapaxes(out, 0, 1))
    return out


def _padded(xp: Any, x: Any, rows: int, columns: int, padding: Sequence[int]) -> Any:
    """(H, 2, W / 2, N * C) of (N, C, H, W), with zeros around as far as tiles go; the 2 are even and odd columns."""
    count, height = x.shape[0] * x.shape[1], x.shape[2]
    out = xp.zeros((2 * rows + 2, 2, columns + 1, count), x.dtype)
    source = xp.transpose(x.reshape((count, *x.shape[2:])), (1, 2, 0))
    for odd in range(2):
        first = (odd + padding[1]) % 2
        part = source[:, first::2]
        start = (first + padding[1]) // 2
        out[padding[0] : padding[0] + height, odd, start : start + part.shape[1]] = part
    return out


def _filter(xp: Any, d: Sequence[Any], out: Any) -> None:
    xp.subtract(d[0], d[2], out=out[0])
    xp.add(d[1], d[2], out=out[1])
    xp.subtract(d[2], d[1], out=out[2])
    xp.subtract(d[1], d[3], out=out[3])


# -- G w G^T: kernels --------------------------------------------------------------------------------------------------


def _of_kernel(xp: Any, w: Any) -> Any:
    """(4, 4, C, O) from (3, 3, C, O)."""
    return xp.swapaxes(_three_to_four(xp, xp.swapaxes(_three_to_four(xp, w), 0, 1)), 0, 1)


def _three_to_four(xp: Any, w: Any) -> Any:
    out = xp.empty((4, *w.shape[1:]), w.dtype)
    out[0], out[3] = w[0], w[2]
    even, odd = (w[0] + w[2]) * xp.asarray(0.5, w.dtype), w[1] * xp.asarray(0.5, w.dtype)
    xp.add(even, odd, out=out[1])
    xp.subtract(even, odd, out=out[2])
    return out


def _into_kernel(xp: Any, total: Any) -> Any:
    """(3, 3, C, O) from the sums (4, 4, C, O) of a gradient's products."""
    return xp.swapaxes(_four_to_three(xp, xp.swapaxes(_four_to_three(xp, total), 0, 1)), 0, 1)


def _four_to_three(xp: Any, total: Any) -> Any:
    out = xp.empty((3, *total.shape[1:]), total.dtype)
    even, odd = (xp.asarray(0.5, total.dtype) * x for x in (total[1] + total[2], total[1] - total[2]))
    xp.add(total[0], even, out=out[0])
    out[1] = odd
    xp.subtract(even, total[3], out=out[2])
    return out


# -- A^T m A: results --------------------------------------------------------------------------------------------------


def _into_results(xp: Any, products: Any, out: Any) -> None:
    """Write (N, O, places) from (4, 4, rows, columns, N * O)."""
    rows, columns, count = products.shape[2:]
    half = xp.empty((2, *products.shape[1:]), products.dtype)
    _combine(xp, products, half[0], half[1])
    turned = xp.empty((rows, 2, columns, 2, count + _GAP), products.dtype)
    for odd in range(2):
        _combine(xp, half[odd], turned[:, odd, :, 0, :count], turned[:, odd, :, 1, :count])
    height, width = out.shape[2:]
    wanted = turned.reshape((2 * rows, 2 * columns, -1))[:height, :width, :count]
    out.reshape((count, height, width))[...] = xp.transpose(wanted, (2, 0, 1))


def _combine(xp: Any, m: Any, first: Any, second: Any) -> None:
    xp.add(m[1], m[2], out=first)
    first += m[0]
    xp.subtract(m[1], m[2], out=second)
    second -= m[3]


def _by_parity(xp: Any, g: Any, rows: int, columns: int) -> Any:
    """(2, 2, rows, columns, N * O) of (N, O, places): even and odd rows, and columns; zeros where a tile goes on."""
    count = g.shape[0] * g.shape[1]
    full = g.shape[2] == 2 * rows and g.shape[3] == 2 * columns
    out = (xp.empty if full else xp.zeros)((2, 2, rows, columns, count), g.dtype)
    source = xp.transpose(g.reshape((count, *g.shape[2:])), (1, 2, 0))
    for odd_row in range(2):
        for odd_column in range(2):
            part = source[odd_row::2, odd_column::2]
            out[odd_row, odd_column, : part.shape[0], : part.shape[1]] = part
    return out


def _of_gradient(xp: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    """A y, but for the sign of the last row, which `_four_to_three` knows of."""
    return y[0], y[0] + y[1], y[0] - y[1], y[1]
