"""The partial inverse of max pooling, and leaky units with random slopes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions
from teletensor.tensor import Tensor
from teletensor.types import Sizes


def _unpooled(input: Tensor, indices: Tensor, sizes: tuple[int, ...]) -> Tensor:
    """The elements at their indices into the flattened last dimensions; zeros elsewhere."""
    count, lead = len(sizes), tuple(input.shape[: input.ndim - len(sizes)])
    if tuple(indices.shape) != tuple(input.shape):
        raise ArgumentError(
            f"Expected shape of indices to be same as that of the input ({input.shape}), got {indices.shape}"
        )
    flat = input.new_zeros((*lead, math.prod(sizes)))
    made = flat.scatter(-1, indices.flatten(-count), input.flatten(-count))
    return made.reshape((*lead, *sizes))


def _output(name: str, input: Tensor, kernel: Any, stride: Any, padding: Any, wanted: Any, n: int) -> tuple[int, ...]:
    kernel, padding = _each(kernel, n), _each(padding, n)
    stride = kernel if stride is None or stride == [] else _each(stride, n)
    usual = [(s - 1) * st - 2 * p + k for s, st, p, k in zip(input.shape[-n:], stride, padding, kernel, strict=True)]
    if wanted is None:
        return tuple(usual)
    sizes = tuple(wanted)[-n:]
    for size, normal, st in zip(sizes, usual, stride, strict=True):
        if not normal - st < size < normal + st:
            raise ArgumentError(
                f"{name}: invalid output_size {list(wanted)}: each size may differ from {usual} by less than the stride"
            )
    return sizes


def _each(value: Any, n: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, Sequence) else (int(value),) * n


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The maxima of `max_pool1d` where they were, zeros elsewhere."""
    return _unpooled(input, indices, _output("max_unpool1d", input, kernel_size, stride, padding, output_size, 1))


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The maxima of `max_pool2d` where they were, zeros elsewhere."""
    return _unpooled(input, indices, _output("max_unpool2d", input, kernel_size, stride, padding, output_size, 2))


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """The maxima of `max_pool3d` where they were, zeros elsewhere."""
    return _unpooled(input, indices, _output("max_unpool3d", input, kernel_size, stride, padding, output_size, 3))


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Negative numbers times a slope that is drawn for each, or between the bounds when not `training`."""
    if lower > upper:
        raise ArgumentError(f"Lower bound should be less than or equal to the upper bound, got {lower} and {upper}")
    slope: Any = (lower + upper) / 2
    if training:
        slope = factories.rand_like(input) * (upper - lower) + lower
    made = functions.where(input > 0, input, input * slope)
    return input.copy_(made) if inplace else made
