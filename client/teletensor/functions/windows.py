"""Window functions: weights over the samples of a frame."""

from __future__ import annotations

import math
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, DTypeError

from teletensor import factories, ops
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike, DType

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`0.5 - 0.5 cos(2 pi n / N)`, N being the length, or one less when not `periodic`."""
    return cosines(window_length, periodic, (0.5, 0.5), dtype, device, requires_grad)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: DType | None = None,
    layout: Any = None, device: DeviceLike = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`alpha - beta cos(2 pi n / N)`, N being the length, or one less when not `periodic`."""
    return cosines(window_length, periodic, (alpha, beta), dtype, device, requires_grad)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`i0(beta sqrt(1 - x ** 2)) / i0(beta)`, x going from -1 to 1, or not quite when `periodic`."""
    wide = factories.ones(window_length, dtype=dtype, device=device)
    if window_length > 1:
        last = window_length if periodic else window_length - 1
        x = ops.sub(ops.mul(factories.arange(window_length, dtype=wide.dtype, device=device), 2 / last), 1)
        inner = ops.sqrt(ops.clamp_min(ops.sub(1, ops.square(x)), 0.0))
        wide = ops.div(
            ops.i0(ops.mul(inner, beta)), ops.i0(factories.scalar_tensor(beta, dtype=wide.dtype, device=device))
        )
    return wide.requires_grad_(requires_grad)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)`, N being the length, or one less when not `periodic`."""
    return cosines(window_length, periodic, (0.42, 0.5, 0.08), dtype, device, requires_grad)


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: DType | None = None, layout: Any = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`1 - |2 n / N - 1|`, N being the length, or one less when not `periodic`."""
    if window_length <= 1:
        return _short(window_length, dtype, device, requires_grad)
    n = _points(window_length, dtype, device)
    whole = window_length if periodic else window_length - 1
    made = ops.sub(1, ops.abs(ops.sub(ops.mul(n, 2 / whole), 1)))
    return made.requires_grad_(requires_grad)


def cosines(
    length: int,
    periodic: bool,
    weights: tuple[float, ...],
    dtype: DType | None,
    device: DeviceLike,
    requires_grad: bool,
) -> Tensor:
    """An alternating sum of cosines of rising frequency."""
    if length <= 1:
        return _short(length, dtype, device, requires_grad)
    phase = ops.mul(_points(length, dtype, device), 2 * math.pi / (length if periodic else length - 1))
    made = factories.full((length,), weights[0], dtype=phase.dtype, device=device)
    for k, weight in enumerate(weights[1:], 1):
        made = ops.add(made, ops.mul(ops.cos(ops.mul(phase, k)), (-1) ** k * weight))
    return made.requires_grad_(requires_grad)


def _points(length: int, dtype: DType | None, device: DeviceLike) -> Tensor:
    if dtype is not None and not dtype.is_floating_point:
        raise DTypeError(f"window functions expect a floating point dtype, got {dtype.name}")
    return factories.arange(length, dtype=dtype or dtypes.default_dtype(), device=device)


def _short(length: int, dtype: DType | None, device: DeviceLike, requires_grad: bool) -> Tensor:
    if length < 0:
        raise ArgumentError(f"window functions require a non-negative window_length, got window_length={length}")
    return factories.ones(length, dtype=dtype, device=device, requires_grad=requires_grad)
