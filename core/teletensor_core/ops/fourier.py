"""Discrete Fourier transforms over several dimensions, without a norm of their own: `scale` multiplies the result."""

from teletensor_core import dtypes
from teletensor_core.errors import DimensionError, DTypeError, ShapeError
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_c64, _c128, _f64 = dtypes.complex64, dtypes.complex128, dtypes.float64


def _dims(input, dims):
    normal = [d + input.ndim if d < 0 else d for d in dims]
    for asked, d in zip(dims, normal, strict=True):
        if not 0 <= d < input.ndim:
            raise DimensionError(
                f"Dimension out of range (expected to be in [{-input.ndim}, {input.ndim - 1}], but got {asked})"
            )
    if not dims or len(set(normal)) != len(normal):
        raise ShapeError("FFT dims must be unique, and at least one")
    if any(input.shape[d] < 1 for d in normal):
        raise ShapeError("Invalid number of data points (0) specified")
    return normal


def _checked(input, dims, wanted):
    """The dimensions. DTypeError for a tensor that is not complex, or not real, as wanted."""
    if input.dtype.category != wanted or input.dtype.is_half:
        raise DTypeError(f"Unsupported dtype {input.dtype.title}")
    return _dims(input, dims)


def _c2c_spec(input, *, dims, scale, forward):
    _checked(input, dims, dtypes.COMPLEX)
    return spec(input.shape, input.dtype)


def _scaled(out, scale):
    return out if scale == 1.0 else out * scale


@op(
    infer=_c2c_spec,
    namespaces=(),
    opmath=False,
    samples=calls(
        *[Sample(T(3, 4, dtype=d), dims=(1,), scale=1.0, forward=True) for d in (_c64, _c128)],
        Sample(T(2, 3, 5, dtype=_c128), dims=(-1, 0), scale=0.25, forward=False),
        Sample(T(1, dtype=_c128), dims=(0,), scale=1.0, forward=False),
    ),
)
def fft_c2c(xp, input, *, dims, scale, forward):
    """Sums of the elements times exp(-2 pi i j k / n) (`forward`), or exp(2 pi i j k / n), along each dimension."""
    return _scaled(xp.fft_complex(input, dims, forward), scale)


@fft_c2c.vjp("input")
def _(ops, g, out, input, *, dims, scale, forward):
    return ops.fft_c2c(g, dims=dims, scale=scale, forward=not forward)


def _r2c_spec(input, *, dims, scale):
    last = _checked(input, dims, dtypes.FLOAT)[-1]
    shape = tuple(n // 2 + 1 if d == last else n for d, n in enumerate(input.shape))
    return spec(shape, input.dtype.to_complex())


@op(
    infer=_r2c_spec,
    namespaces=(),
    opmath=False,
    samples=calls(
        *[Sample(T(3, 4, dtype=d), dims=(1,), scale=1.0) for d in (dtypes.float32, _f64)],
        Sample(T(3, 5, dtype=_f64), dims=(1, 0), scale=0.5),
        Sample(T(2, 3, 5, dtype=_f64), dims=(0, -1), scale=0.5),
        Sample(T(1, dtype=_f64), dims=(0,), scale=1.0),
    ),
)
def fft_r2c(xp, input, *, dims, scale):
    """The forward transform of real numbers: the first n // 2 + 1 terms of the last dimension."""
    return _scaled(xp.fft_from_real(input, dims), scale)


@fft_r2c.vjp("input")
def _(ops, g, out, input, *, dims, scale):
    last = dims[-1] % len(input.shape)
    missing = input.shape[last] - g.shape[last]
    pad = (0, 0) * (len(input.shape) - 1 - last) + (0, missing)
    whole = ops.constant_pad(g, pad=pad, value=0.0) if missing else g
    return ops.real(ops.fft_c2c(whole, dims=dims, scale=scale, forward=False))


def _c2r_spec(input, *, dims, size, scale):
    last = _checked(input, dims, dtypes.COMPLEX)[-1]
    if size < 1 or size // 2 + 1 != input.shape[last]:
        raise ShapeError(f"Invalid number of data points ({size}) specified")
    return spec(tuple(size if d == last else n for d, n in enumerate(input.shape)), input.dtype.to_real())


@op(
    infer=_c2r_spec,
    namespaces=(),
    opmath=False,
    samples=calls(
        *[Sample(T(3, 3, dtype=d), dims=(1,), size=4, scale=1.0) for d in (_c64, _c128)],
        Sample(T(3, 4, dtype=_c128), dims=(1, 0), size=5, scale=0.5),
        Sample(T(3, 3, 2, dtype=_c128), dims=(-1, 1), size=4, scale=0.5),
        Sample(T(1, dtype=_c128), dims=(0,), size=1, scale=1.0),
    ),
)
def fft_c2r(xp, input, *, dims, size, scale):
    """The real numbers of which `fft_r2c` gives these terms, times their number; `size` in the last dimension."""
    return _scaled(xp.fft_to_real(input, dims, size), scale)


@fft_c2r.vjp("input")
def _(ops, g, out, input, *, dims, size, scale):
    last = dims[-1] % len(input.shape)
    terms = ops.fft_r2c(g, dims=dims, scale=scale)
    twice = size - input.shape[last]
    if not twice:
        return terms
    parts = [ops.slice(terms, dim=last, start=a, end=b) for a, b in ((0, 1), (1, 1 + twice), (1 + twice, size))]
    return ops.cat([parts[0], ops.mul(parts[1], 2), parts[2]], dim=last)
