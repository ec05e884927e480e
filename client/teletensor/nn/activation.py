"""Activation layers: the functions of `nn.functional` with their options as attributes."""

import warnings
from typing import Any

import teletensor as tt
from teletensor.nn import functional as F
from teletensor.nn import init
from teletensor.nn.module import Module
from teletensor.nn.parameter import Parameter
from teletensor.tensor import Tensor


class _InplaceActivation(Module):
    """An activation whose only option is to write over its input."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return "inplace=True" if self.inplace else ""


class ReLU(_InplaceActivation):
    """`max(0, input)`."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.relu(input, self.inplace)


class SELU(_InplaceActivation):
    """`elu` scaled so that activations keep zero mean and unit variance through layers."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.selu(input, self.inplace)


class SiLU(_InplaceActivation):
    """`input * sigmoid(input)`, also called swish."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.silu(input, self.inplace)


class Mish(_InplaceActivation):
    """`input * tanh(softplus(input))`."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.mish(input, self.inplace)


class Hardsigmoid(Module):
    """A sigmoid of three straight lines."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """`input * hardsigmoid(input)`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.hardswish(input, self.inplace)


class LeakyReLU(Module):
    """`input` where it is positive, `negative_slope * input` elsewhere."""

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"negative_slope={self.negative_slope}{_inplace(self)}"


class PReLU(Module):
    """`LeakyReLU` with learned slopes: one, or one for each of the channels."""

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(tt.empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"num_parameters={self.num_parameters}"


class _AlphaActivation(Module):
    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"alpha={self.alpha}{_inplace(self)}"


class ELU(_AlphaActivation):
    """`input` where it is positive, `alpha * (exp(input) - 1)` elsewhere."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.elu(input, self.alpha, self.inplace)


class CELU(_AlphaActivation):
    """`max(0, input) + min(0, alpha * (exp(input / alpha) - 1))`."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.celu(input, self.alpha, self.inplace)


class GELU(Module):
    """`input` times the normal distribution function of it."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"approximate={self.approximate!r}"


class Hardtanh(Module):
    """`input` limited to `[min_val, max_val]`."""

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, value in (("min_value", min_value), ("max_value", max_value)):
            if value is not None:
                warnings.warn(
                    f"keyword argument `{old}` is deprecated and renamed to `{old[:-2]}`",
                    FutureWarning,
                    stacklevel=2,
                )
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        if self.min_val >= self.max_val:
            raise AssertionError(f"max_val must be larger than min_val, got {self.min_val} and {self.max_val}")
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"min_val={self.min_val}, max_val={self.max_val}{_inplace(self)}"


class ReLU6(Hardtanh):
    """`min(max(0, input), 6)`."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.relu6(input, self.inplace)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return "inplace=True" if self.inplace else ""


class Threshold(Module):
    """`input` where it is above `threshold`, `value` elsewhere."""

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"threshold={self.threshold}, value={self.value}{_inplace(self)}"


def _inplace(module: Any) -> str:
    return ", inplace=True" if module.inplace else ""


class RReLU(Module):
    """Negative numbers times a slope that is drawn for each in training, and between the bounds otherwise."""

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower, self.upper, self.inplace = lower, upper, inplace

    def forward(self, input: Tensor) -> Tensor:
        """The activations."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")
