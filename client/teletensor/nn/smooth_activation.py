"""Activation layers without an in-place form."""

from teletensor.nn import functional as F
from teletensor.nn.module import Module
from teletensor.tensor import Tensor


class Sigmoid(Module):
    """`1 / (1 + exp(-input))`."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return input.sigmoid()


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return input.tanh()


class LogSigmoid(Module):
    """`log(sigmoid(input))`, without overflow."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.logsigmoid(input)


class Softsign(Module):
    """`input / (1 + |input|)`."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.softsign(input)


class Tanhshrink(Module):
    """`input - tanh(input)`."""

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.tanhshrink(input)


class Softplus(Module):
    """`log(1 + exp(beta * input)) / beta`, the input itself above the threshold."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"beta={self.beta}, threshold={self.threshold}"


class Softshrink(Module):
    """`input` moved towards zero by `lambd`, and zero within `lambd` of it."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return str(self.lambd)


class Hardshrink(Module):
    """`input`, but zero within `lambd` of zero."""

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        """The activated input."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return str(self.lambd)


class GLU(Module):
    """First half of the input along `dim`, times the sigmoid of the second half."""

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """The activated input, half as large along `dim`."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"dim={self.dim}"


class _Distribution(Module):
    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def extra_repr(self) -> str:
        """What `repr` shows of the options."""
        return f"dim={self.dim}"


class Softmax(_Distribution):
    """`exp(input)` divided by its sum along `dim`."""

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities."""
        return F.softmax(input, self.dim, _stacklevel=5)


class LogSoftmax(_Distribution):
    """The log of `Softmax`."""

    def forward(self, input: Tensor) -> Tensor:
        """The log-probabilities."""
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmin(_Distribution):
    """`Softmax` of the negated input."""

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities."""
        return F.softmin(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """`Softmax` over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Tensor) -> Tensor:
        """The probabilities."""
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
