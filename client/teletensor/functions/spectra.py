"""Short-time Fourier transforms."""

from __future__ import annotations

from teletensor_core.errors import ArgumentError, ShapeError

from teletensor import factories, ops
from teletensor.functions.shapes import reshape
from teletensor.tensor import Tensor

__all__ = ["istft", "stft"]
METHODS = ("istft", "stft")


def stft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, pad_mode: str = "reflect", normalized: bool = False,
    onesided: bool | None = None, return_complex: bool | None = None, align_to_window: bool | None = None,
) -> Tensor:  # fmt: skip
    """The transforms of overlapping parts of a signal: `(..., frequencies, frames)`.

    Parts are `n_fft` long, begin every `hop_length` (a quarter) samples, and are multiplied by a window. With `center`
    the signal is padded, so that frame t is about sample `t * hop_length`. Real results need `return_complex=False`.
    """
    hop, width = hop_length or n_fft // 4, win_length or n_fft
    real = not (input.is_complex() or (window is not None and window.is_complex()))
    if return_complex is None and real:
        raise ArgumentError("stft requires the return_complex parameter be given for real inputs")
    if input.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a 1D or 2D tensor, got {input.ndim}D")
    _check_window("stft", n_fft, hop, width, window)
    x = ops.unsqueeze(input, 0) if input.ndim == 1 else input
    if center:
        x = _padded(x, n_fft // 2, pad_mode)
    if not 0 < n_fft <= x.shape[-1]:
        raise ShapeError(f"stft: expected 0 < n_fft < {x.shape[-1]}, but got n_fft={n_fft}")
    frames = ops.unfold(x, -1, n_fft, hop)
    whole = _window(input, n_fft, width, window)
    frames = ops.mul(frames, whole) if whole is not None else frames
    scale = n_fft**-0.5 if normalized else 1.0
    if real if onesided is None else onesided:
        made = ops.fft_r2c(frames, (-1,), scale)
    else:
        made = ops.fft_c2c(frames if frames.is_complex() else frames.to(frames.dtype.to_complex()), (-1,), scale, True)
    made = ops.transpose(made, -2, -1)
    made = ops.squeeze(made, 0) if input.ndim == 1 else made
    return ops.view_as_real(made) if return_complex is False else made


def istft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, normalized: bool = False, onesided: bool | None = None,
    length: int | None = None, return_complex: bool = False,
) -> Tensor:  # fmt: skip
    """The signal of which `stft` gives these transforms: the least-squares estimate, by overlapping and adding.

    Raises ShapeError where the windows, added up, leave a gap. Source: Griffin and Lim, "Signal Estimation from
    Modified Short-Time Fourier Transform", 1984.
    """
    hop, width = hop_length or n_fft // 4, win_length or n_fft
    if not input.is_complex():
        raise ArgumentError("istft requires a complex-valued input tensor matching the output from stft")
    _check_window("istft", n_fft, hop, width, window)
    terms = ops.transpose(ops.unsqueeze(input, 0) if input.ndim == 2 else input, -2, -1)
    half = not return_complex and (terms.shape[-1] != n_fft if onesided is None else onesided)
    if terms.shape[-1] != (n_fft // 2 + 1 if half else n_fft):
        raise ShapeError(f"istft: expected {n_fft // 2 + 1 if half else n_fft} frequencies, got {terms.shape[-1]}")
    scale = n_fft**-0.5 if normalized else 1 / n_fft
    if half:
        frames = ops.fft_c2r(terms, (-1,), n_fft, scale)
    else:
        frames = ops.fft_c2c(terms, (-1,), scale, False)
        frames = frames if return_complex else ops.real(frames)
    whole = _window(frames, n_fft, width, window)
    if whole is None:
        whole = factories.ones(n_fft, dtype=frames.dtype.to_real(), device=frames.device)
    count = terms.shape[-2]
    added = _overlapped(ops.mul(frames, whole), hop)
    envelope = _overlapped(ops.expand(ops.square(whole), (1, count, n_fft)), hop)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else added.shape[-1] - (n_fft // 2 if center else 0)
    added, envelope = (ops.slice(t, 1, start, min(end, t.shape[-1])) for t in (added, envelope))
    if float(ops.amin(ops.abs(envelope))) < 1e-11:
        raise ShapeError("istft: window overlap add min is below 1e-11: the windows leave a gap")
    made = ops.div(added, envelope)
    if length is not None and made.shape[-1] < length:
        made = ops.constant_pad(made, (0, length - made.shape[-1]), 0.0)
    return ops.squeeze(made, 0) if input.ndim == 2 else made


def _check_window(name: str, n_fft: int, hop: int, width: int, window: Tensor | None) -> None:
    if hop <= 0:
        raise ShapeError(f"{name}: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < width <= n_fft:
        raise ShapeError(f"{name}: expected 0 < win_length <= n_fft, but got win_length={width}")
    if window is not None and (window.ndim != 1 or window.shape[0] != width):
        raise ShapeError(
            f"{name}: expected a 1D window tensor of size equal to win_length={width}, but got window with size "
            f"{list(window.shape)}"
        )


def _window(like: Tensor, n_fft: int, width: int, window: Tensor | None) -> Tensor | None:
    """The window in the middle of `n_fft` samples; None for one that changes nothing."""
    if width == n_fft:
        return window
    given = window if window is not None else factories.ones(width, dtype=like.dtype.to_real(), device=like.device)
    left = (n_fft - width) // 2
    return ops.constant_pad(given, (left, n_fft - width - left), 0.0)


def _padded(x: Tensor, amount: int, mode: str) -> Tensor:
    from teletensor.nn.functional import pad

    return ops.squeeze(pad(ops.unsqueeze(x, 1), (amount, amount), mode), 1)


def _overlapped(frames: Tensor, hop: int) -> Tensor:
    """Frames `(batch, count, size)`, each begun `hop` after the one before, added up."""
    batch, count, size = frames.shape
    starts = ops.unsqueeze(factories.arange(0, count * hop, hop, device=frames.device), 1)
    places = ops.add(starts, factories.arange(size, device=frames.device))
    out = factories.zeros(batch, (count - 1) * hop + size, dtype=frames.dtype, device=frames.device)
    return ops.index_add(out, 1, reshape(places, (-1,)), reshape(frames, (batch, -1)))
