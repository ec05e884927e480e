"""Pooling over windows chosen so that the output has a given size."""

from typing import Any

from teletensor.nn import functional as F
from teletensor.nn.module import Module
from teletensor.nn.types import OutputSize
from teletensor.tensor import Tensor


class _AdaptiveAvgPoolNd(Module):
    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Means over windows chosen so that the last size becomes `output_size`."""

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Means over windows chosen so that the last two sizes become `output_size`."""

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Means over windows chosen so that the last three sizes become `output_size`."""

    def forward(self, input: Tensor) -> Tensor:
        """The means."""
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPoolNd(Module):
    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Maxima over windows chosen so that the last size becomes `output_size`."""

    def forward(self, input: Tensor) -> Any:
        """The maxima, with `return_indices` a pair of them and their positions."""
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Maxima over windows chosen so that the last two sizes become `output_size`."""

    def forward(self, input: Tensor) -> Any:
        """The maxima, with `return_indices` a pair of them and their positions."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Maxima over windows chosen so that the last three sizes become `output_size`."""

    def forward(self, input: Tensor) -> Any:
        """The maxima, with `return_indices` a pair of them and their positions."""
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
