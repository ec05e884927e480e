"""A line search for the strong Wolfe conditions.

Source: Nocedal and Wright, "Numerical Optimization", 2006, algorithms 3.5 and 3.6; the interpolation and the limits on
it are those of PyTorch's L-BFGS, so that both take the same steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_ENOUGH_DECREASE, _FLAT_ENOUGH = 1e-4, 0.9


@dataclass
class Point:
    """The objective at one step size: loss, slope along the direction, gradient, and its largest element."""

    size: float
    loss: float
    slope: float
    gradient: Any
    steepest: float


def strong_wolfe(
    evaluate: Callable[[float], Point], start: Point, size: float, longest: float, smallest_change: float, most: int
) -> tuple[Point, int]:
    """The point found, and how often the objective was evaluated.

    `start` is the point at size 0, `longest` the direction's largest element, `most` how many evaluations may follow
    the first.
    """
    low, high, evaluations = _bracket(evaluate, start, size, most)
    if high is None:
        return low, evaluations
    left = most - (evaluations - 1)
    stuck = False
    while left > 0 and abs(high.size - low.size) * longest >= smallest_change:
        size, stuck = _inside(low, high, stuck)
        found = evaluate(size)
        evaluations += 1
        left -= 1
        if found.loss > start.loss + _ENOUGH_DECREASE * size * start.slope or found.loss >= low.loss:
            high = found
            if high.loss < low.loss:
                low, high = high, low
            continue
        done = abs(found.slope) <= -_FLAT_ENOUGH * start.slope
        if not done and found.slope * (high.size - low.size) >= 0:
            high = low
        low = found
        if done:
            break
    return low, evaluations


def _bracket(
    evaluate: Callable[[float], Point], start: Point, size: float, most: int
) -> tuple[Point, Point | None, int]:
    """Two points with a good one between them, the lower one first; or a good one and None."""
    before, now = start, evaluate(size)
    for taken in range(most):
        too_high = now.loss > start.loss + _ENOUGH_DECREASE * now.size * start.slope
        if too_high or (taken > 1 and now.loss >= before.loss):
            return *_ordered(before, now), taken + 1
        if abs(now.slope) <= -_FLAT_ENOUGH * start.slope:
            return now, None, taken + 1
        if now.slope >= 0:
            return *_ordered(before, now), taken + 1
        bounds = (now.size + 0.01 * (now.size - before.size), now.size * 10)
        before, now = now, evaluate(_cubic_minimum(before, now, bounds))
    return *_ordered(start, now), most + 1


def _ordered(a: Point, b: Point) -> tuple[Point, Point]:
    return (a, b) if a.loss <= b.loss else (b, a)


def _inside(low: Point, high: Point, stuck: bool) -> tuple[float, bool]:
    """A size between two points, not too near to either twice in a row; and whether this one is."""
    first, last = sorted((low.size, high.size))
    size = _cubic_minimum(low, high, (first, last))
    margin = 0.1 * (last - first)
    if min(last - size, size - first) >= margin:
        return size, False
    if not stuck and first < size < last:
        return size, True
    return (last - margin if abs(size - last) < abs(size - first) else first + margin), False


def _cubic_minimum(a: Point, b: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic through two points, with their slopes, is lowest; the middle of the bounds if nowhere."""
    if a.size > b.size:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.size - b.size)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return (bounds[0] + bounds[1]) / 2
    d2: float = square**0.5
    lowest = b.size - (b.size - a.size) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(lowest, bounds[0]), bounds[1])
