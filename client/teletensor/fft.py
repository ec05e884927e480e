"""`torch.fft`: discrete Fourier transforms. `norm` is "backward" (the default), "ortho" or "forward"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError

from teletensor import factories, ops
from teletensor import missing as _missing
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import DeviceLike, DType

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn", "ifftshift",
    "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

Dims = int | Sequence[int] | None


def fft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The transform along a dimension, complex; the input is cut, or filled with zeros, to `n`."""
    return _complex(input, n, dim, norm, True, out)


def ifft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `fft`."""
    return _complex(input, n, dim, norm, False, out)


def fftn(
    input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The transform over several dimensions, all by default."""
    return _complex(input, s, dim, norm, True, out)


def ifftn(
    input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `fftn`."""
    return _complex(input, s, dim, norm, False, out)


def fft2(
    input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The transform over two dimensions."""
    return _complex(input, s, dim, norm, True, out)


def ifft2(
    input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `fft2`."""
    return _complex(input, s, dim, norm, False, out)


def rfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The first `n // 2 + 1` terms of the transform of real numbers, which give the others."""
    return _from_real(input, n, dim, norm, True, out)


def rfftn(
    input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The transform of real numbers over several dimensions; half of the last one's terms."""
    return _from_real(input, s, dim, norm, True, out)


def rfft2(
    input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The transform of real numbers over two dimensions; half of the last one's terms."""
    return _from_real(input, s, dim, norm, True, out)


def ihfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `hfft`: half of the terms of the inverse transform of real numbers."""
    return _from_real(input, n, dim, norm, False, out)


def ihfftn(
    input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `hfftn`."""
    return _from_real(input, s, dim, norm, False, out)


def ihfft2(
    input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `hfft2`."""
    return _from_real(input, s, dim, norm, False, out)


def irfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `rfft`: `n` real numbers, by default twice as many as terms, less two."""
    return _to_real(input, n, dim, norm, False, out)


def irfftn(
    input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `rfftn`."""
    return _to_real(input, s, dim, norm, False, out)


def irfft2(
    input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The inverse of `rfft2`."""
    return _to_real(input, s, dim, norm, False, out)


def hfft(
    input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """The transform, real, of a signal of which one half is given and the other its mirrored conjugate."""
    return _to_real(input, n, dim, norm, True, out)


def hfftn(
    input: Tensor, s: Dims = None, dim: Dims = None, norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`hfft` over several dimensions."""
    return _to_real(input, s, dim, norm, True, out)


def hfft2(
    input: Tensor, s: Dims = None, dim: Dims = (-2, -1), norm: str | None = None, *, out: Tensor | None = None
) -> Tensor:
    """`hfft` over two dimensions."""
    return _to_real(input, s, dim, norm, True, out)


# -- the three kinds ---------------------------------------------------------------------------------------------------


def _complex(input: Tensor, size: Dims, dim: Dims, norm: str | None, forward: bool, out: Tensor | None) -> Tensor:
    dims, sizes = _axes(input, size, dim)
    x = _resized(_as_complex(input), dims, sizes)
    made = ops.fft_c2c(x, dims, _scale(x, dims, norm, forward), forward) if dims else x
    return made if out is None else store(made, out)


def _from_real(input: Tensor, size: Dims, dim: Dims, norm: str | None, forward: bool, out: Tensor | None) -> Tensor:
    if input.is_complex():
        raise DTypeError(f"rfft expects a real input tensor, but got {input.dtype!r}")
    dims, sizes = _axes(input, size, dim)
    if not dims:
        raise ShapeError("rfftn must transform at least one axis")
    x = _resized(_floating(input), dims, sizes)
    made = ops.fft_r2c(x, dims, _scale(x, dims, norm, forward))
    made = made if forward else ops.conj(made)
    return made if out is None else store(made, out)


def _to_real(input: Tensor, size: Dims, dim: Dims, norm: str | None, forward: bool, out: Tensor | None) -> Tensor:
    dims, sizes = _axes(input, size, dim)
    if not dims:
        raise ShapeError("irfftn must transform at least one axis")
    x = _as_complex(input)
    last = sizes[-1] if size is not None and sizes[-1] is not None else 2 * (x.shape[dims[-1]] - 1)
    if last < 1:
        raise ShapeError(f"Invalid number of data points ({last}) specified")
    x = _resized(x, dims, [*sizes[:-1], last // 2 + 1])
    scale = _scale(x, dims[:-1], norm, forward) * _factor(last, norm, forward)
    made = ops.fft_c2r(ops.conj(x) if forward else x, dims, last, scale)
    return made if out is None else store(made, out)


def _as_complex(input: Tensor) -> Tensor:
    x = _floating(input)
    return x if x.is_complex() else x.to(x.dtype.to_complex())


def _floating(input: Tensor) -> Tensor:
    if input.dtype.is_half:
        raise DTypeError(f"Unsupported dtype {input.dtype.title}")
    return input if input.dtype.category >= dtypes.FLOAT else input.to(dtypes.default_dtype())


def _axes(input: Tensor, size: Dims, dim: Dims) -> tuple[tuple[int, ...], list[int | None]]:
    """The dimensions, counted from the first, and the size that each is cut or filled to; None leaves it."""
    sizes = [size] if isinstance(size, int) else size
    if dim is None:
        count = input.ndim if sizes is None else len(sizes)
        dims: Sequence[int] = range(input.ndim - count, input.ndim)
    else:
        dims = [dim] if isinstance(dim, int) else dim
    if sizes is not None and len(sizes) != len(dims):
        raise ArgumentError(f"When given, dim and shape arguments must have the same length, got {dims} and {sizes}")
    wanted: list[int | None] = [None] * len(dims) if sizes is None else [None if n == -1 else n for n in sizes]
    if any(n is not None and n < 1 for n in wanted):
        raise ShapeError(f"Invalid number of data points ({min(n for n in wanted if n is not None)}) specified")
    return tuple(d + input.ndim if d < 0 else d for d in dims), wanted


def _resized(x: Tensor, dims: Sequence[int], sizes: Sequence[int | None]) -> Tensor:
    """The tensor, cut or filled with zeros at the ends of dimensions."""
    for d, n in zip(dims, sizes, strict=True):
        if n is None or not 0 <= d < x.ndim or n == x.shape[d]:
            continue
        missing = n - x.shape[d]
        after = (0, 0) * (x.ndim - 1 - d) + (0, missing)
        x = ops.slice(x, d, 0, n) if missing < 0 else ops.constant_pad(x, after, 0.0)
    return x


def _scale(x: Tensor, dims: Sequence[int], norm: str | None, forward: bool) -> float:
    return math.prod(_factor(x.shape[d], norm, forward) for d in dims if -x.ndim <= d < x.ndim)


def _factor(count: int, norm: str | None, forward: bool) -> float:
    if norm not in (None, "backward", "ortho", "forward"):
        raise ArgumentError(f'Invalid normalization mode: "{norm}"')
    if norm == "ortho":
        return 1 / math.sqrt(max(count, 1))
    return 1 / max(count, 1) if forward is (norm == "forward") else 1.0


# -- frequencies -------------------------------------------------------------------------------------------------------


def fftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of the terms of an `fft` of `n` samples, `d` apart: zero, the positive, the negative ones."""
    made = factories.arange(n, dtype=dtype or dtypes.default_dtype(), device=device)
    half = (n + 1) // 2
    made = ops.mul(ops.where(ops.ge(made, half), ops.sub(made, n), made), 1 / (n * d))
    made = made if out is None else store(made, out)
    return made.requires_grad_(requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: DType | None = None, device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The frequencies of the terms of an `rfft` of `n` samples, `d` apart."""
    made = ops.mul(factories.arange(n // 2 + 1, dtype=dtype or dtypes.default_dtype(), device=device), 1 / (n * d))
    made = made if out is None else store(made, out)
    return made.requires_grad_(requires_grad)


def fftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """The terms with the zero frequency in the middle."""
    dims = _every(input, dim)
    return ops.roll(input, [input.shape[d] // 2 for d in dims], dims)


def ifftshift(input: Tensor, dim: Dims = None) -> Tensor:
    """The inverse of `fftshift`."""
    dims = _every(input, dim)
    return ops.roll(input, [-(input.shape[d] // 2) for d in dims], dims)


def _every(input: Tensor, dim: Dims) -> list[int]:
    return list(range(input.ndim)) if dim is None else [dim] if isinstance(dim, int) else list(dim)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
