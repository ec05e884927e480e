"""Linear layers."""

from teletensor.nn.linear import Bilinear, Identity, Linear, NonDynamicallyQuantizableLinear

__all__ = ["Bilinear", "Identity", "Linear", "NonDynamicallyQuantizableLinear"]
