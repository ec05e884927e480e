"""How a chain looks at its arrays: as rows and columns."""

from __future__ import annotations

import math

from teletensor_core.spec import Shape


def grid(shape: Shape, flat: bool) -> tuple[int, int]:
    """Rows and columns of a chain's results; rows of one element when nothing is broadcast."""
    if flat or not shape:
        return math.prod(shape), 1
    return math.prod(shape[:-1]), shape[-1]


def is_column(shape: Shape, whole: Shape) -> bool:
    """Whether an array has one value for each row of the last dimension."""
    return len(shape) == len(whole) > 0 and shape[-1] == 1 and shape[:-1] == whole[:-1]


def is_row(shape: Shape, whole: Shape) -> bool:
    """Whether an array has one value for each place in the last dimension."""
    return bool(shape and whole) and shape[-1] == whole[-1] and math.prod(shape) == whole[-1]
