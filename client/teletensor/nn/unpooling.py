"""Layers over `max_unpool1d` to `3d`."""

from __future__ import annotations

from typing import Any

from teletensor.nn import functional as F
from teletensor.nn.module import Module
from teletensor.tensor import Tensor
from teletensor.types import Sizes


class _MaxUnpoolNd(Module):
    dimensions = 0

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size = self._each(kernel_size)
        self.stride = self.kernel_size if stride is None else self._each(stride)
        self.padding = self._each(padding)

    def _each(self, value: Any) -> Any:
        return (value,) * self.dimensions if isinstance(value, int) else tuple(value)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    """The maxima of MaxPool1d where they were, zeros elsewhere."""

    dimensions = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """The larger tensor."""
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    """The maxima of MaxPool2d where they were, zeros elsewhere."""

    dimensions = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """The larger tensor."""
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    """The maxima of MaxPool3d where they were, zeros elsewhere."""

    dimensions = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """The larger tensor."""
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
