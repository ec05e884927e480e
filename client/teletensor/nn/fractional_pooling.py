"""Pooling over windows at pseudorandom places."""

from __future__ import annotations

from typing import Any

from teletensor.nn import functional as F
from teletensor.nn.module import Module
from teletensor.tensor import Tensor
from teletensor.types import Sizes


class _FractionalMaxPoolNd(Module):
    dimensions = 0

    def __init__(
        self, kernel_size: Sizes, output_size: Sizes | None = None, output_ratio: Any = None,
        return_indices: bool = False, _random_samples: Tensor | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        if (output_size is None) == (output_ratio is None):
            given = "only one of output_size and output_ratio may be specified"
            needed = f"{name} requires specifying either an output size, or a pooling ratio"
            raise ValueError(needed if output_size is None else given)
        self.kernel_size = self._each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else self._each(output_size)
        self.output_ratio = None if output_ratio is None else self._each(output_ratio)
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _each(self, value: Any) -> Any:
        return (value,) * self.dimensions if isinstance(value, (int, float)) else tuple(value)

    def forward(self, input: Tensor) -> Any:
        """The maxima; with `return_indices` also where they are, int64."""
        pool = F.fractional_max_pool2d if self.dimensions == 2 else F.fractional_max_pool3d
        return pool(
            input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
            _random_samples=self._random_samples,
        )  # fmt: skip


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Maxima over windows of (N, C, H, W) or (C, H, W) at pseudorandom places; see `functional`."""

    dimensions = 2


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Maxima over windows of (N, C, T, H, W) or (C, T, H, W) at pseudorandom places; see `functional`."""

    dimensions = 3
