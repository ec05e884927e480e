"""The Laplace distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import broadcast_all
from teletensor.tensor import Tensor


class Laplace(Distribution):
    """The Laplace distribution around `loc`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """`2 * scale ** 2`."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """`sqrt(2) * scale`."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `loc` and `scale`."""
        u = self.loc.new_empty(self._extended_shape(sample_shape)).uniform_(functions.finfo(self.loc.dtype).eps - 1, 1)
        return self.loc - self.scale * u.sign() * functions.log1p(-u.abs())

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return -functions.log(2 * self.scale) - functions.abs(self._checked(value) - self.loc) / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        distance = self._checked(value) - self.loc
        return 0.5 - 0.5 * distance.sign() * functions.expm1(-distance.abs() / self.scale)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * functions.log1p(-2 * term.abs())

    def entropy(self) -> Tensor:
        """The entropy."""
        return 1 + functions.log(2 * self.scale)
