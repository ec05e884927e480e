"""What kernels ask a namespace for as a whole, in steps that every backend has; one that knows a better way overrides.

A step that is cheap here may be dear there: a CPU wants few passes over memory that is not in its cache, a GPU few
launches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.kernels import pooling


class Composites:
    """The base of every namespace `xp`."""

    # -- windows -----------------------------------------------------------------------------------------------------

    def max_pool(self, x: Any, how: pooling.Pool, sizes: Sequence[int]) -> tuple[Any, Any]:
        """Of each window of the padded `x`, the greatest element and the number of its place; NaN is the greatest."""
        return pooling.greatest(self, x, how, sizes)

    def max_pool_backward(self, g: Any, place: Any, shape: Sequence[int], how: pooling.Pool) -> Any:
        """An array of `shape` with each window's gradient at its place."""
        return pooling.spread(self, g, place, shape, how)
