"""Convolutions, pooling, padding and sampling as `torch` itself has them, with modes as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from teletensor_core.errors import ArgumentError, ShapeError

from teletensor import ops
from teletensor.nn import functional as F
from teletensor.nn.functional.conv import convolved, transposed_convolved
from teletensor.random import Generator, generating_from
from teletensor.tensor import Tensor
from teletensor.types import Sizes

_INTERPOLATIONS = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def convolution(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
) -> Tensor:
    """The convolution, or with `transposed` its gradient as an operation, over all dimensions but the first two."""
    ndim = weight.ndim - 2
    if not transposed:
        return convolved(ndim, input, weight, bias, stride, padding, dilation, groups)
    return transposed_convolved(ndim, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """A convolution over time, the first dimension: (T, N, in) by (K, in, out) gives (T + 2 pad - K + 1, N, out)."""
    if input.ndim != 3 or weight.ndim != 3:
        raise ShapeError("Input and weight must have 3 dims: time, batch, in_channel")
    made = F.conv1d(ops.permute(input, (1, 2, 0)), ops.permute(weight, (2, 1, 0)), bias, padding=pad)
    return ops.permute(made, (2, 0, 1))


def constant_pad_nd(input: Tensor, pad: Sequence[int], value: float = 0) -> Tensor:
    """`input` with `value` around it: `pad` is (before, after) of the last dimension, then of the one before it."""
    return F.pad(input, pad, value=value)


def adaptive_max_pool1d(input: Tensor, output_size: Sizes) -> tuple[Tensor, Tensor]:
    """Maxima over windows chosen so that (N, C, L) becomes (N, C, output_size), and where they are (int64)."""
    values, where = F.adaptive_max_pool1d(input, output_size, return_indices=True)
    return values, where


def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """The grid of an affine map; see `nn.functional.affine_grid`."""
    return F.affine_grid(theta, size, align_corners)


def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """The input at the places of a grid: bilinear (0), nearest (1) or bicubic (2); outside zeros (0), border (1) or
    reflection (2). See `nn.functional.grid_sample`.
    """
    for name, mode, known in (
        ("interpolation_mode", interpolation_mode, _INTERPOLATIONS), ("padding_mode", padding_mode, _PADDINGS)
    ):  # fmt: skip
        if not 0 <= mode < len(known):
            raise ArgumentError(f"grid_sampler(): {name} has to be one of 0 to {len(known) - 1}, got {mode}")
    return F.grid_sample(input, grid, _INTERPOLATIONS[interpolation_mode], _PADDINGS[padding_mode], align_corners)


grid_sampler_2d = grid_sampler_3d = grid_sampler


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """Negative numbers times a slope that is drawn for each, or between the bounds when not `training`."""
    with _drawing_from(generator):
        return F.rrelu(input, lower, upper, training)


def rrelu_(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False,
    generator: Generator | None = None,
) -> Tensor:  # fmt: skip
    """`rrelu` in place."""
    with _drawing_from(generator):
        return F.rrelu(input, lower, upper, training, inplace=True)


def _drawing_from(generator: Generator | None) -> AbstractContextManager[None]:
    return nullcontext() if generator is None else generating_from(generator)
