"""Window functions, symmetric unless `sym` is False, which makes them periodic."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from teletensor import factories, functions
from teletensor.functions.windows import cosines
from teletensor.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, **options: Any) -> Tensor:
    """`a[0] - a[1] cos(x) + a[2] cos(2 x) - ...`, x going once round. ValueError for no weights."""
    weights = tuple(_iterable(a))
    if not weights:
        raise ValueError("Coefficients cannot be empty")
    return cosines(_length(M), not sym, weights, **_options(**options))


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **options: Any) -> Tensor:
    """`alpha - (1 - alpha) cos(x)`."""
    return general_cosine(M, a=(alpha, 1.0 - alpha), sym=sym, **options)


def hamming(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`0.54 - 0.46 cos(x)`."""
    return general_hamming(M, sym=sym, **options)


def hann(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`0.5 - 0.5 cos(x)`."""
    return general_hamming(M, alpha=0.5, sym=sym, **options)


def blackman(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """`0.42 - 0.5 cos(x) + 0.08 cos(2 x)`."""
    return general_cosine(M, a=(0.42, 0.5, 0.08), sym=sym, **options)


def nuttall(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """The four cosines of Nuttall's window with the lowest sidelobes. Source: Nuttall, 1981."""
    return general_cosine(M, a=(0.3635819, 0.4891775, 0.1365995, 0.0106411), sym=sym, **options)


def bartlett(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """A triangle with zeros at its ends."""
    return functions.bartlett_window(_length(M), not sym, **options)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **options: Any) -> Tensor:
    """`i0(beta sqrt(1 - x ** 2)) / i0(beta)`, x going from -1 to 1. ValueError for a negative `beta`."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return functions.kaiser_window(_length(M), not sym, beta, **options)


def cosine(M: int, *, sym: bool = True, **options: Any) -> Tensor:
    """Half a period of a sine."""
    step = math.pi / (max(M, 1) if sym or M == 1 else M + 1)
    return _of(M, 0.5, step, lambda x: x.sin(), options)


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """`exp(-|n - center| / tau)`, around the middle. ValueError for a `center` with `sym`, or no positive `tau`."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    middle = _middle(M, sym) if center is None else center
    return _of(M, -middle, 1 / tau, lambda x: (-x.abs()).exp(), options)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, **options: Any) -> Tensor:
    """`exp(-n ** 2 / (2 std ** 2))`, n counting from the middle. ValueError for no positive `std`."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _of(M, -_middle(M, sym), 1 / (std * math.sqrt(2)), lambda x: (-(x**2)).exp(), options)


def _of(M: int, start: float, step: float, shape: Any, options: dict[str, Any]) -> Tensor:
    given = _options(**options)
    requires_grad = given.pop("requires_grad")
    if _length(M) == 0:
        made = factories.empty(0, **given)
    else:
        made = shape(factories.linspace(start * step, (start + M - 1) * step, M, **given))
    return made.requires_grad_(requires_grad)


def _options(dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False) -> dict[str, Any]:
    return {"dtype": dtype, "device": device, "requires_grad": requires_grad}


def _middle(M: int, sym: bool) -> float:
    return (M - 1 if sym or M == 1 else M) / 2


def _length(M: int) -> int:
    if M < 0:
        raise ValueError(f"requires non-negative window length, got M={M}")
    return M


def _iterable(a: Any) -> Iterable[float]:
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    return a
