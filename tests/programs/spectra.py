# ruff: noqa: E501  (a table)
"""Fourier transforms: values and gradients, of every function, norm and size."""


def _x(t, *shape, dtype=None):
    count = 1
    for n in shape:
        count *= n
    numbers = (t.arange(count, dtype=t.float64) * 7 % 11 - 4.5).reshape(shape) / 3
    x = numbers if dtype is None else t.complex(numbers, numbers.flip(0) * 0.5)
    return x.requires_grad_()


def _both(function, *shape, dtype=None):
    """The value of a function of one tensor, and the gradient of a sum of it."""

    def program(t):
        x = _x(t, *shape, dtype=dtype and t.complex128)
        y = function(t, x)
        weight = t.arange(1.0, y.numel() + 1, dtype=t.float64).reshape(y.shape)
        (gradient,) = t.autograd.grad(
            ((t.view_as_real(y.resolve_conj()) if y.is_complex() else y.unsqueeze(-1)) * weight.unsqueeze(-1)).sum(), x
        )
        return [y, gradient]

    return program


def _complex(function, *shape):
    return _both(function, *shape, dtype=True)


CALLS = {
    **{f"fft {norm}": _complex(lambda t, x, n=norm: t.fft.fft(x, norm=n), 3, 5) for norm in ("backward", "ortho", "forward")},
    **{f"ifft {norm}": _complex(lambda t, x, n=norm: t.fft.ifft(x, norm=n), 3, 4) for norm in ("backward", "ortho", "forward")},
    **{f"rfft {norm}": _both(lambda t, x, n=norm: t.fft.rfft(x, norm=n), 3, 5) for norm in ("backward", "ortho", "forward")},
    **{f"irfft {norm}": _complex(lambda t, x, n=norm: t.fft.irfft(x, norm=n), 3, 4) for norm in ("backward", "ortho", "forward")},
    **{f"hfft {norm}": _complex(lambda t, x, n=norm: t.fft.hfft(x, norm=n), 3, 4) for norm in ("backward", "ortho", "forward")},
    **{f"ihfft {norm}": _both(lambda t, x, n=norm: t.fft.ihfft(x, norm=n), 3, 4) for norm in ("backward", "ortho", "forward")},
    "fft of real numbers": _both(lambda t, x: t.fft.fft(x), 2, 5),
    "fft cut": _complex(lambda t, x: t.fft.fft(x, 3, dim=0), 5, 2),
    "fft filled": _complex(lambda t, x: t.fft.fft(x, n=7), 2, 5),
    "fft of integers": lambda t: [t.fft.fft(t.arange(4)), t.fft.rfft(t.tensor([True, False, True]))],
    "rfft filled": _both(lambda t, x: t.fft.rfft(x, 8, dim=0), 5, 2),
    "irfft odd": _complex(lambda t, x: t.fft.irfft(x, n=5), 2, 3),
    "irfft cut": _complex(lambda t, x: t.fft.irfft(x, n=4), 2, 5),
    "irfft of real numbers": _both(lambda t, x: t.fft.irfft(x), 2, 5),
    "fft2": _complex(lambda t, x: t.fft.fft2(x), 2, 3, 4),
    "ifft2": _complex(lambda t, x: t.fft.ifft2(x, s=(4, 2)), 2, 3, 4),
    "rfft2": _both(lambda t, x: t.fft.rfft2(x, norm="ortho"), 2, 3, 4),
    "irfft2": _complex(lambda t, x: t.fft.irfft2(x, s=(3, 5)), 2, 3, 3),
    "hfft2": _complex(lambda t, x: t.fft.hfft2(x), 3, 3),
    "ihfft2": _both(lambda t, x: t.fft.ihfft2(x), 3, 4),
    "fftn": _complex(lambda t, x: t.fft.fftn(x), 2, 3, 2),
    "fftn of the last": _complex(lambda t, x: t.fft.fftn(x, s=(4,)), 2, 3),
    "ifftn": _complex(lambda t, x: t.fft.ifftn(x, dim=(0, 2), norm="forward"), 2, 3, 2),
    "rfftn": _both(lambda t, x: t.fft.rfftn(x, dim=(2, 0)), 2, 3, 4),
    "irfftn": _complex(lambda t, x: t.fft.irfftn(x), 2, 3, 3),
    "hfftn": _complex(lambda t, x: t.fft.hfftn(x, norm="ortho"), 3, 3),
    "ihfftn": _both(lambda t, x: t.fft.ihfftn(x), 2, 4),
    "frequencies": lambda t: [t.fft.fftfreq(5, 0.1), t.fft.fftfreq(4, dtype=t.float64), t.fft.rfftfreq(5), t.fft.rfftfreq(6, 2.0)],
    "shifts": lambda t: [t.fft.fftshift(t.arange(5)), t.fft.ifftshift(t.arange(6).reshape(2, 3), dim=1), t.fft.fftshift(t.arange(6).reshape(2, 3))],
    "there and back": lambda t: t.fft.irfft(t.fft.rfft(t.arange(5.0)), n=5),
    "second derivative": lambda t: t.autograd.functional.hessian(lambda x: t.fft.rfft(x).abs().pow(3).sum(), _x(t, 4).detach()),
    "stft": _both(lambda t, x: t.stft(x, 8, return_complex=True), 2, 20),
    "stft of a vector": _both(lambda t, x: t.stft(x, 6, 2, window=t.hann_window(6, dtype=t.float64), return_complex=True), 20),
    "stft narrow": _both(lambda t, x: x.stft(8, 3, 5, window=t.hamming_window(5, dtype=t.float64), center=False, normalized=True, return_complex=True), 20),
    "stft twosided": _complex(lambda t, x: t.stft(x, 4, 2, pad_mode="constant"), 2, 12),
    "stft real": _both(lambda t, x: t.stft(x, 4, onesided=False, return_complex=False), 12),
    "istft": _complex(lambda t, x: t.istft(x, 8, 2, window=t.hann_window(8, dtype=t.float64)), 2, 5, 9),
    "istft of a length": _complex(lambda t, x: t.istft(x, 8, 4, length=27, normalized=True), 5, 7),
    "istft longer": _complex(lambda t, x: t.istft(x, 4, 2, length=15), 3, 6),
    "istft complex": lambda t: t.istft(_x(t, 4, 5, dtype=True), 4, 2, onesided=False, return_complex=True),
    "stft without saying": lambda t: t.stft(t.ones(20), 8),
    "stft with a wrong window": lambda t: t.stft(t.ones(20), 8, window=t.ones(7), return_complex=True),
    "istft with a gap": lambda t: t.istft(t.ones(5, 4, dtype=t.complex128), 8, 8, window=t.hann_window(8, dtype=t.float64)),
    "rfft of complex numbers": lambda t: t.fft.rfft(t.ones(3, dtype=t.complex64)),
    "fft of nothing": lambda t: t.fft.fft(t.ones(2, 0)),
    "fft cut to nothing": lambda t: t.fft.fft(t.ones(2), 0),
    "fft with a wrong norm": lambda t: t.fft.fft(t.ones(2), norm="other"),
    "fft along a dimension that is not there": lambda t: t.fft.fft(t.ones(2), dim=1),
    "fftn along one twice": lambda t: t.fft.fftn(t.ones(2, 2), dim=(0, 0)),
    "fft in half precision": lambda t: t.fft.fft(t.ones(4, dtype=t.float16)),
}  # fmt: skip
