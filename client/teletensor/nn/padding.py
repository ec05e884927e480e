"""Layers that pad: with zeros, a constant, a reflection, the border or the other side."""

from teletensor.nn import functional as F
from teletensor.nn.module import Module
from teletensor.nn.types import Sizes, repeat
from teletensor.tensor import Tensor


class _PadNd(Module):
    """Padding of the last `ndim` dimensions, (before, after) of the last one first."""

    ndim: int
    mode: str

    def __init__(self, padding: Sizes) -> None:
        super().__init__()
        self.padding = repeat(padding, 2 * self.ndim)

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    def __init__(self, padding: Sizes, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """The padded input."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """A constant around the last dimension."""

    ndim = 1


class ConstantPad2d(_ConstantPadNd):
    """A constant around the last two dimensions."""

    ndim = 2


class ConstantPad3d(_ConstantPadNd):
    """A constant around the last three dimensions."""

    ndim = 3


class _ZeroPadNd(_ConstantPadNd):
    def __init__(self, padding: Sizes) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"{self.padding}"


class ZeroPad1d(_ZeroPadNd):
    """Zeros around the last dimension."""

    ndim = 1


class ZeroPad2d(_ZeroPadNd):
    """Zeros around the last two dimensions."""

    ndim = 2


class ZeroPad3d(_ZeroPadNd):
    """Zeros around the last three dimensions."""

    ndim = 3


class _ReflectionPadNd(_PadNd):
    mode = "reflect"


class ReflectionPad1d(_ReflectionPadNd):
    """A mirror image, without the border itself, around the last dimension."""

    ndim = 1


class ReflectionPad2d(_ReflectionPadNd):
    """A mirror image, without the border itself, around the last two dimensions."""

    ndim = 2


class ReflectionPad3d(_ReflectionPadNd):
    """A mirror image, without the border itself, around the last three dimensions."""

    ndim = 3


class _ReplicationPadNd(_PadNd):
    mode = "replicate"


class ReplicationPad1d(_ReplicationPadNd):
    """The border repeated around the last dimension."""

    ndim = 1


class ReplicationPad2d(_ReplicationPadNd):
    """The border repeated around the last two dimensions."""

    ndim = 2


class ReplicationPad3d(_ReplicationPadNd):
    """The border repeated around the last three dimensions."""

    ndim = 3


class _CircularPadNd(_PadNd):
    mode = "circular"


class CircularPad1d(_CircularPadNd):
    """The other end around the last dimension."""

    ndim = 1


class CircularPad2d(_CircularPadNd):
    """The other ends around the last two dimensions."""

    ndim = 2


class CircularPad3d(_CircularPadNd):
    """The other ends around the last three dimensions."""

    ndim = 3
