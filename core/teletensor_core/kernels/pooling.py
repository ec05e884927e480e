"""The greatest element of each window, and which of the window's places it has; the mean of each window."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from teletensor_core.kernels import windows
from teletensor_core.kernels.pieces import rows_at_once


class Pool(NamedTuple):
    """How windows lie over the last dimensions: one number a dimension."""

    kernel: Sequence[int]
    stride: Sequence[int]
    padding: Sequence[int]
    dilation: Sequence[int]

    @property
    def places(self) -> int:
        """How many elements a window has."""
        return math.prod(self.kernel)

    @property
    def place_dtype(self) -> str:
        """The dtype of a number of a place."""
        return "uint8" if self.places <= 256 else "int32"

    @property
    def overlaps(self) -> bool:
        """Whether an element may belong to several windows."""
        return any(d * (k - 1) >= s for k, s, d in zip(self.kernel, self.stride, self.dilation, strict=True))


def padded(xp: Any, x: Any, how: Pool, sizes: Sequence[int], value: Any) -> Any:
    """The input with a border wide enough for windows that give `sizes`; itself where none is needed."""
    n = len(how.kernel)
    need = windows_end(how, sizes)
    after = [max(w - s - p, 0) for w, s, p in zip(need, x.shape[-n:], how.padding, strict=True)]
    if not any(how.padding) and not any(after):
        return x
    border = ((0, 0),) * (x.ndim - n) + tuple(zip(how.padding, after, strict=True))
    return xp.pad(x, border, constant_values=value)


def windows_end(how: Pool, sizes: Sequence[int]) -> list[int]:
    """How long each padded dimension is up to the end of the last window."""
    values = zip(how.kernel, how.stride, how.dilation, sizes, strict=True)
    return [s * (o - 1) + d * (k - 1) + 1 for k, s, d, o in values]


def _taps(how: Pool, sizes: Sequence[int]) -> Iterator[tuple[int, Any]]:
    for number, (_, key) in enumerate(windows.taps(how.kernel, sizes, how.stride, how.dilation)):
        yield number, key


def greatest(xp: Any, x: Any, how: Pool, sizes: Sequence[int]) -> tuple[Any, Any]:
    """Of each window of the padded `x`, the greatest element and the number of its place; NaN is the greatest."""
    lead = x.shape[: x.ndim - len(sizes)]
    best, place = xp.empty((*lead, *sizes), x.dtype), xp.zeros((*lead, *sizes), how.place_dtype)
    for part in rows_at_once(xp, x, times=4):
        _greatest(xp, x[part], best[part], place[part], how, sizes)
    return best, place


def _greatest(xp: Any, x: Any, best: Any, place: Any, how: Pool, sizes: Sequence[int]) -> None:
    for number, key in _taps(how, sizes):
        if number == 0:
            best[...] = x[key]
            continue
        # Dense, and without a mask: both are many times faster on a CPU.
        candidate = xp.array(x[key], order="C")
        better = candidate > best
        if x.dtype.kind == "f":
            better |= candidate != candidate
        xp.maximum(best, candidate, out=best)
        # The numbers rise, so the greatest is the last that was better.
        xp.maximum(place, better * place.dtype.type(number), out=place)


def spread(xp: Any, g: Any, place: Any, shape: Sequence[int], how: Pool) -> Any:
    """Each window's gradient at the place that was the greatest, zero elsewhere: an array of the input's `shape`."""
    n, sizes = len(how.kernel), place.shape[place.ndim - len(how.kernel) :]
    ends = zip(windows_end(how, sizes), shape[len(shape) - n :], how.padding, strict=True)
    whole = [max(end, size + 2 * p) for end, size, p in ends]
    # Windows side by side that leave nothing out write to every element.
    covered = list(how.kernel) == list(how.stride) and whole == windows_end(how, sizes) and not how.overlaps
    out = (xp.empty if covered else xp.zeros)((*shape[:-n], *whole), g.dtype)
    for part in rows_at_once(xp, g, times=4):
        for number, key in _taps(how, sizes):
            chosen = place[part] == number
            if how.overlaps:
                out[part][key] += g[part] * chosen
            else:
                xp.multiply(g[part], chosen, out=out[part][key])
    inside = out[windows.inside(shape[-n:], how.padding)]
    return inside if inside.shape == out.shape else xp.ascontiguousarray(inside)


def pick(xp: Any, x: Any, place: Any, how: Pool) -> Any:
    """The elements of `x` at the places: what `spread` is the transpose of."""
    sizes = place.shape[place.ndim - len(how.kernel) :]
    x = padded(xp, x, how, sizes, 0)
    out = xp.zeros(place.shape, x.dtype)
    for number, key in _taps(how, sizes):
        out += x[key] * (place == number)
    return out


def flat_index(xp: Any, place: Any, plane: Sequence[int], how: Pool) -> Any:
    """Places in windows as indices into the flattened plane of the input."""
    n = len(how.kernel)
    steps = [math.prod(plane[i + 1 :]) for i in range(n)]
    offsets = itertools.product(*map(range, how.kernel))
    places = [sum(o * d * s for o, d, s in zip(offset, how.dilation, steps, strict=True)) for offset in offsets]
    flat = xp.take(xp.asarray(places, "q"), place)
    for i, step in enumerate(steps):
        starts = (xp.arange(place.shape[i - n]) * how.stride[i] - how.padding[i]) * step
        flat += starts.reshape((-1,) + (1,) * (n - 1 - i))
    return flat


# -- means -------------------------------------------------------------------------------------------------------------


def mean(xp: Any, x: Any, how: Pool, sizes: Sequence[int], include_pad: bool, override: float | None) -> Any:
    """The sum of each window over the number of its elements, or over `override`."""
    divisor = _divisors(xp, x.shape[-len(sizes) :], sizes, how, include_pad, override)
    x = padded(xp, x, how, sizes, 0)
    total = None
    for _, picks in _taps(how, sizes):
        total = xp.array(x[picks], order="C") if total is None else xp.add(total, x[picks], out=total)
    return total / divisor.astype(x.dtype)


def mean_backward(xp: Any, g: Any, shape: Sequence[int], how: Pool, include_pad: bool, override: float | None) -> Any:
    """Each window's gradient spread evenly over it: an array of the input's `shape`."""
    n = len(how.kernel)
    plane, sizes = shape[-n:], g.shape[-n:]
    share = g / _divisors(xp, plane, sizes, how, include_pad, override).astype(g.dtype)
    ends = zip(windows_end(how, sizes), plane, how.padding, strict=True)
    out = xp.zeros((*shape[:-n], *(max(end, s + 2 * p) for end, s, p in ends)), g.dtype)
    for _, picks in _taps(how, sizes):
        out[picks] += share
    return xp.array(out[windows.inside(plane, how.padding)], order="C")


def _divisors(
    xp: Any, plane: Sequence[int], sizes: Sequence[int], how: Pool, include_pad: bool, override: float | None
) -> Any:
    """How many elements each window's sum is divided by."""
    if override is not None:
        return xp.asarray(float(override))
    out = xp.ones(sizes)
    values = zip(plane, sizes, how.kernel, how.stride, how.padding, strict=True)
    for i, (s, o, k, step, p) in enumerate(values):
        start = xp.arange(o) * step - p
        end = xp.minimum(start + k, s + p)
        if not include_pad:
            start, end = xp.maximum(start, 0), xp.minimum(end, s)
        out = out * (end - start).reshape((-1,) + (1,) * (len(sizes) - 1 - i))
    return out
