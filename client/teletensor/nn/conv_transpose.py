"""Transposed convolutions."""

from collections.abc import Sequence
from typing import Any

from teletensor.nn import functional as F
from teletensor.nn.conv import _ConvNd
from teletensor.nn.types import Sizes, repeat
from teletensor.tensor import Tensor


class _ConvTranspose(_ConvNd):
    """A transposed convolution of `ndim` spatial dimensions."""

    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {self.__class__.__name__}')
        super().__init__(
            in_channels,
            out_channels,
            repeat(kernel_size, self.ndim),
            repeat(stride, self.ndim),
            repeat(padding, self.ndim),
            repeat(dilation, self.ndim),
            True,
            repeat(output_padding, self.ndim),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The transposed convolution; `output_size` chooses among the sizes that are possible."""
        conv = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[self.ndim - 1]
        extra = self.output_padding
        if output_size is not None:
            extra = self._output_padding(input, list(output_size))
        return conv(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            extra,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input: Tensor, output_size: list[int]) -> tuple[int, ...]:
        """The output padding that gives `output_size`; ValueError if none does."""
        has_batch = input.ndim == self.ndim + 2
        leading = 2 if has_batch else 1
        if len(output_size) == leading + self.ndim:
            output_size = output_size[leading:]
        if len(output_size) != self.ndim:
            raise ValueError(
                f"ConvTranspose{self.ndim}D: for {input.ndim}D input, output_size must have "
                f"{self.ndim} or {leading + self.ndim} elements (got {len(output_size)})"
            )
        space = input.shape[leading:]
        least = [
            (size - 1) * step - 2 * pad + gap * (kernel - 1) + 1
            for size, step, pad, gap, kernel in zip(
                space, self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [low + step - 1 for low, step in zip(least, self.stride, strict=True)]
        for size, low, high in zip(output_size, least, most, strict=True):
            if not low <= size <= high:
                raise ValueError(
                    f"requested an output size of {tuple(output_size)}, but valid sizes range from "
                    f"{least} to {most} (for an input of {space})"
                )
        return tuple(size - low for size, low in zip(output_size, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution over (N, C, L) or (C, L)."""

    ndim = 1


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution over (N, C, H, W) or (C, H, W)."""

    ndim = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution over (N, C, D, H, W) or (C, D, H, W)."""

    ndim = 3
