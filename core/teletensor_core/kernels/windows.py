"""Sliding windows over the last dimensions, gathered into columns for matrix products and spread back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from teletensor_core.errors import ShapeError

Sizes = Sequence[int]
Key = tuple[Any, ...]

# Columns are made in pieces of at most so many bytes, unless the namespace knows what its device likes better.
_WORKSPACE = 64 << 20


class Geometry(NamedTuple):
    """How the windows of a convolution lie in its input."""

    stride: Sizes
    padding: Sizes
    dilation: Sizes
    groups: int


def workspace(xp: Any) -> int:
    """How many bytes of temporaries a kernel should work with at once."""
    size: int = getattr(xp, "workspace", _WORKSPACE)
    return size


def padded(xp: Any, x: Any, padding: Sizes) -> Any:
    """The array with zeros around its last dimensions; itself when there is nothing to add."""
    if not any(padding):
        return x
    lead = x.ndim - len(padding)
    sizes = [n + 2 * p for n, p in zip(x.shape[lead:], padding, strict=True)]
    out = xp.zeros((*x.shape[:lead], *sizes), x.dtype)
    out[inside(x.shape[lead:], padding)] = x
    return out


def inside(sizes: Sizes, padding: Sizes) -> Key:
    """The key of what padding was put around."""
    return (Ellipsis, *(slice(p, p + n) for n, p in zip(sizes, padding, strict=True)))


def view(xp: Any, x: Any, kernel: Sizes, places: Sizes, stride: Sizes, dilation: Sizes, lead: int = 2) -> Any:
    """Windows of a padded (N, C, d1, ...) without copying: (N, C, k1, ..., places1, ...).

    `lead` dimensions come before the windows' own; any that come after stay where they are. Raises ShapeError for
    windows that are not all inside: there, memory is somebody else's.
    """
    end = lead + len(kernel)
    for size, k, n, step, spread in zip(x.shape[lead:end], kernel, places, stride, dilation, strict=True):
        if min(k, step, spread) < 1 or n < 0 or (n and (n - 1) * step + (k - 1) * spread >= size):
            raise ShapeError(
                f"{n} windows of {k} elements, {step} apart and {spread} dilated, are not inside {size} elements"
            )
    within = [s * d for s, d in zip(x.strides[lead:end], dilation, strict=True)]
    between = [s * step for s, step in zip(x.strides[lead:end], stride, strict=True)]
    shape = (*x.shape[:lead], *kernel, *places, *x.shape[end:])
    return xp.as_strided(x, shape, (*x.strides[:lead], *within, *between, *x.strides[end:]))


def taps(kernel: Sizes, places: Sizes, stride: Sizes, dilation: Sizes) -> Iterator[tuple[tuple[int, ...], Key]]:
    """For each offset in the kernel, the key of the elements that all windows have there."""
    for offset in itertools.product(*map(range, kernel)):
        steps = zip(offset, dilation, stride, places, strict=True)
        yield offset, (Ellipsis, *(slice(o * d, o * d + s * (n - 1) + 1, s) for o, d, s, n in steps))


def pieces(xp: Any, batch: int, places: Sizes, bytes_per_place: int) -> Iterator[tuple[slice, slice]]:
    """Ranges of the batch, and of the first window dimension, whose columns fit the workspace."""
    limit = workspace(xp)
    sample = math.prod(places) * bytes_per_place
    if sample <= limit or places[0] == 1:
        count = max(limit // max(sample, 1), 1)
        for start in range(0, batch, count):
            yield slice(start, min(start + count, batch)), slice(0, places[0])
        return
    rows = max(limit // max(sample // places[0], 1), 1)
    for n, start in itertools.product(range(batch), range(0, places[0], rows)):
        yield slice(n, n + 1), slice(start, min(start + rows, places[0]))
