"""Working on large arrays piece by piece, so that what is computed on the way stays in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any


def pieces(xp: Any, *arrays: Any) -> Iterator[tuple[Any, ...]]:
    """The same part of each array, part by part; the arrays as they are where that gains nothing.

    For element-by-element work that is written in place: the parts are views.
    """
    size, first = xp.elements_at_once, arrays[0]
    if not size or first.size <= size or not all(x.flags.c_contiguous for x in arrays):
        yield arrays
        return
    flat = [x.reshape(-1) for x in arrays]
    for start in range(0, first.size, size):
        yield tuple([x[start : start + size] for x in flat])


def rows_at_once(xp: Any, x: Any, times: int = 1) -> Iterator[slice]:
    """Ranges of the first dimension whose elements fit the cache; all of it where that gains nothing.

    `times` as many where little is done with each.
    """
    rows = x.shape[0] if x.ndim else 1
    step = max(times * xp.elements_at_once * rows // max(x.size, 1), 1) if xp.elements_at_once else max(rows, 1)
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))


def computed(xp: Any, formula: Callable[..., Any], *inputs: Any) -> Any:
    """`formula(*inputs)`, which works element by element on arrays of one shape and dtype, piece by piece."""
    size, first = xp.elements_at_once, inputs[0]
    if not size or first.size <= size or not all(x.flags.c_contiguous and x.shape == first.shape for x in inputs):
        return formula(*inputs)
    out = xp.empty(first.shape, first.dtype)
    for target, *parts in pieces(xp, out, *inputs):
        target[...] = formula(*parts)
    return out


def pieces_of_lists(xp: Any, *lists: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The same part of the i-th array of each list, for every i; None for a list that is empty.

    The parts have dimensions: what is computed from arrays without is a number to NumPy, which `out` cannot be.
    """
    present = [arrays for arrays in lists if arrays]
    for arrays in zip(*present, strict=True):
        for parts in pieces(xp, *(arrays if arrays[0].ndim else [x.reshape(1) for x in arrays])):
            found = iter(parts)
            yield tuple([next(found) if some else None for some in lists])
