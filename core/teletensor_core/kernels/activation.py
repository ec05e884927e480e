"""GELU and SiLU and their slopes, piece by piece and in place on their own temporaries."""

from __future__ import annotations

import math
from typing import Any

from teletensor_core.kernels.pieces import computed

TANH_SCALE, CUBIC = math.sqrt(2 / math.pi), 0.044715


def _squashed(xp: Any, x: Any) -> Any:
    """tanh(sqrt(2 / pi) (x + 0.044715 x^3)): PyTorch's approximation of erf(x / sqrt 2)."""
    out = xp.multiply(x, x, out=xp.empty_like(x))
    out *= CUBIC * TANH_SCALE
    out += TANH_SCALE
    out *= x
    return xp.tanh(out, out=out)


def gelu(xp: Any, x: Any, approximate: str) -> Any:
    """`x` times the normal distribution function of x."""
    return computed(xp, lambda x: _gelu(xp, x, approximate == "tanh"), x)


def _gelu(xp: Any, x: Any, tanh: bool) -> Any:
    if tanh:
        out = _squashed(xp, x)
        out += 1
        out *= 0.5
    else:
        out = xp.normal_cdf(x)
    out *= x
    return out


def gelu_backward(xp: Any, g: Any, x: Any, approximate: str) -> Any:
    """`g` times the slope of gelu at `x`."""
    slope = _tanh_slope if approximate == "tanh" else _exact_slope
    return computed(xp, lambda g, x: slope(xp, x) * g, g, x)


def _exact_slope(xp: Any, x: Any) -> Any:
    density = xp.multiply(x, x, out=xp.empty_like(x))
    density *= -0.5
    xp.exp(density, out=density)
    density *= 1 / math.sqrt(2 * math.pi)
    density *= x
    density += xp.normal_cdf(x)
    return density


def _tanh_slope(xp: Any, x: Any) -> Any:
    inner = _squashed(xp, x)
    out = xp.multiply(inner, inner, out=xp.empty_like(x))
    xp.subtract(1, out, out=out)
    bend = x * x
    bend *= 3 * CUBIC * TANH_SCALE
    bend += TANH_SCALE
    bend *= x
    out *= bend
    out += inner
    out += 1
    out *= 0.5
    return out


def silu_backward(xp: Any, g: Any, x: Any) -> Any:
    """`g` times the slope of x sigmoid(x)."""
    return computed(xp, lambda g, x: _silu_slope(xp, x) * g, g, x)


def _silu_slope(xp: Any, x: Any) -> Any:
    share = xp.sigmoid(x)
    out = xp.subtract(1, share, out=xp.empty_like(x))
    out *= x
    out += 1
    out *= share
    return out
