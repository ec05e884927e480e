"""Sliding blocks of images as columns, and columns added up to images."""

from __future__ import annotations

import math

import numpy as np
from teletensor_core.errors import ShapeError

import teletensor as tt
from teletensor.graph import named
from teletensor.nn.functional.padding import pad
from teletensor.tensor import Tensor

Pair = int | tuple[int, ...] | list[int]


@named("Im2ColBackward0")
def unfold(input: Tensor, kernel_size: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1) -> Tensor:
    """Every block of (N, C, H, W) as a column: (N, C * kernel elements, blocks). Without N too."""
    kernel, dilated, padded, step = (_pair(x) for x in (kernel_size, dilation, padding, stride))
    if input.ndim not in (3, 4):
        raise ShapeError(
            "Expected 3D or 4D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(input.shape)}"
        )
    x = input if input.ndim == 4 else input.unsqueeze(0)
    counts = _counts((x.shape[2], x.shape[3]), kernel, dilated, padded, step)
    if min(counts) < 1:
        raise ShapeError(
            f"Given input with spatial size ({x.shape[2]}, {x.shape[3]}), kernel_size={kernel}, dilation={dilated}, "
            f"padding={padded}, calculated shape of the array of sliding blocks as {counts}, but its "
            "components must be at least one."
        )
    if any(padded):
        x = pad(x, (padded[1], padded[1], padded[0], padded[0]))
    for axis in range(2):
        x = x.unfold(2 + axis, dilated[axis] * (kernel[axis] - 1) + 1, step[axis])
    x = x[..., :: dilated[0], :: dilated[1]].permute(0, 1, 4, 5, 2, 3)
    columns = x.reshape(x.shape[0], x.shape[1] * math.prod(kernel), math.prod(counts))
    return columns if input.ndim == 4 else columns.squeeze(0)


@named("Col2ImBackward0")
def fold(
    input: Tensor, output_size: Pair, kernel_size: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1
) -> Tensor:
    """The adjoint of `unfold`: columns (N, C * kernel elements, blocks) added up to (N, C, *output_size)."""
    kernel, dilated, padded, step = (_pair(x) for x in (kernel_size, dilation, padding, stride))
    size = _pair(output_size)
    if input.ndim not in (2, 3):
        raise ShapeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for "
            f"input, but got: {list(input.shape)}"
        )
    x = input if input.ndim == 3 else input.unsqueeze(0)
    elements, counts = math.prod(kernel), _counts(size, kernel, dilated, padded, step)
    if x.shape[1] % elements:
        raise ShapeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={x.shape[1]} and kernel_size={kernel}."
        )
    if x.shape[2] != math.prod(counts):
        raise ShapeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={dilated}, padding={padded}, stride={step}, "
            f"expected size of input's dimension 2 to match the calculated number of sliding blocks {counts[0]} * "
            f"{counts[1]} = {math.prod(counts)}, but got input.size(2)={x.shape[2]}."
        )
    whole = tuple(n + 2 * p for n, p in zip(size, padded, strict=True))
    rows, columns = (
        np.arange(k)[:, None] * d + np.arange(n) * s for k, d, n, s in zip(kernel, dilated, counts, step, strict=True)
    )
    places = rows[:, None, :, None] * whole[1] + columns[None, :, None, :]
    index = tt.tensor(places.reshape(-1), device=x.device)
    channels = x.shape[1] // elements
    plane = x.new_zeros((x.shape[0], channels, math.prod(whole)))
    out = plane.index_add(2, index, x.reshape(x.shape[0], channels, -1)).reshape(x.shape[0], channels, *whole)
    out = out[:, :, padded[0] : padded[0] + size[0], padded[1] : padded[1] + size[1]]
    return out if input.ndim == 3 else out.squeeze(0)


def _pair(value: Pair) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    return (value[0], value[0]) if len(value) == 1 else (value[0], value[1])


def _counts(
    size: tuple[int, int], kernel: tuple[int, int], dilation: tuple[int, int], padding: tuple[int, int],
    stride: tuple[int, int],
) -> tuple[int, int]:  # fmt: skip
    """How many blocks there are in each direction."""
    rows, columns = (
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    )
    return rows, columns
