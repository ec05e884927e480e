"""Where interpolated samples come from, one dimension at a time.

Every mode of `interpolate` is separable and linear, so a list of source positions, or a small
matrix of weights (output, input), says all there is to say about a dimension.
"""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

Matrix: TypeAlias = "np.ndarray[Any, np.dtype[np.floating[Any]]]"

_CUBIC = -0.75
_CUBIC_ANTIALIAS = -0.5


def nearest(have: int, want: int, scale: float | None, exact: bool) -> list[int]:
    """The input sample that each output sample copies; `exact` looks from its middle."""
    step = np.float32(_step(have, want, scale, align_corners=False))
    offset = 0.5 if exact else 0.0
    sources = np.floor((np.arange(want, dtype=np.float32) + np.float32(offset)) * step)
    return [min(int(source), have - 1) for source in sources]


@lru_cache(maxsize=64)
def weights(
    kernel: str,
    have: int,
    want: int,
    scale: float | None,
    align_corners: bool,
    antialias: bool,
) -> Matrix:
    """Matrix (want, have) of a "linear" or "cubic" kernel; it must not be changed.

    `scale` is the factor that was asked for; None takes the ratio of the sizes.
    """
    step = _step(have, want, scale, align_corners)
    offset = 0.0 if align_corners else 0.5
    if antialias:
        return _antialiased(kernel, have, want, step, offset)
    centres = (np.arange(want) + offset) * step - offset
    if kernel == "linear":
        return _linear(have, want, np.maximum(centres, 0.0))
    return _cubic(have, want, centres)


def _step(have: int, want: int, scale: float | None, align_corners: bool) -> float:
    """Distance of neighbouring outputs, in input samples."""
    if align_corners:
        return (have - 1) / (want - 1) if want > 1 else 0.0
    return 1.0 / scale if scale else have / want


def _linear(have: int, want: int, centres: Matrix) -> Matrix:
    left = np.minimum(np.floor(centres).astype(np.int64), have - 1)
    share = np.clip(centres - left, 0.0, 1.0)
    rows, weights = np.arange(want), np.zeros((want, have))
    np.add.at(weights, (rows, left), 1 - share)
    np.add.at(weights, (rows, np.minimum(left + 1, have - 1)), share)
    return weights


def _cubic(have: int, want: int, centres: Matrix) -> Matrix:
    left = np.floor(centres).astype(np.int64)
    rows, weights = np.arange(want), np.zeros((want, have))
    for tap in range(-1, 3):
        share = _cubic_kernel(centres - left - tap, _CUBIC)
        np.add.at(weights, (rows, np.clip(left + tap, 0, have - 1)), share)
    return weights


def _antialiased(kernel: str, have: int, want: int, step: float, offset: float) -> Matrix:
    """Kernels widened to the step when shrinking, and normalised at the borders."""
    width = max(step, 1.0)
    centres = (np.arange(want) + offset) * step + (0.5 - offset)
    samples = np.arange(have) + 0.5
    distance = (samples[None, :] - centres[:, None]) / width
    if kernel == "linear":
        weights: Matrix = np.maximum(0.0, 1.0 - np.abs(distance))
    else:
        weights = _cubic_kernel(distance, _CUBIC_ANTIALIAS)
    normalised: Matrix = weights / weights.sum(1, keepdims=True)
    return normalised


def _cubic_kernel(x: Matrix, a: float) -> Matrix:
    x = np.abs(x)
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    outer = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, inner, np.where(x < 2, outer, 0.0))
