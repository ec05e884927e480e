"""The exponential distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.utils import broadcast_all
from teletensor.tensor import Tensor


class Exponential(ExponentialFamily):
    """The exponential distribution of this rate."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, rate: float | Tensor, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`1 / rate`."""
        return self.rate.reciprocal()

    stddev = mean

    @property
    def mode(self) -> Tensor:
        """0."""
        return factories.zeros_like(self.rate)

    @property
    def variance(self) -> Tensor:
        """`1 / rate ** 2`."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `rate`."""
        return self.rate.new_empty(self._extended_shape(sample_shape)).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return self.rate.log() - self.rate * self._checked(value)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 1 - functions.exp(-self.rate * self._checked(value))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return -functions.log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        """The entropy."""
        return 1.0 - functions.log(self.rate)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (-self.rate,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return -functions.log(-x)
