"""The gamma distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.utils import broadcast_all
from teletensor.functions.sampling import standard_gamma
from teletensor.tensor import Tensor


class Gamma(ExponentialFamily):
    """The gamma distribution of shape `concentration` and rate `rate`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(self, concentration: float | Tensor, rate: float | Tensor, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`concentration / rate`."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        """`(concentration - 1) / rate`, at least 0."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        """`concentration / rate ** 2`."""
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        shape = self._extended_shape(sample_shape)
        made = standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        return made.clamp(min=functions.finfo(made.dtype).tiny)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(factories.as_tensor(value, dtype=self.rate.dtype, device=self.rate.device))
        powers = functions.xlogy(self.concentration, self.rate) + functions.xlogy(self.concentration - 1, value)
        result: Tensor = powers - self.rate * value - functions.lgamma(self.concentration)
        return result

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return functions.igamma(*broadcast_all(self.concentration, self.rate * self._checked(value)))

    def entropy(self) -> Tensor:
        """The entropy."""
        a = self.concentration
        return a - self.rate.log() + functions.lgamma(a) + (1.0 - a) * functions.digamma(a)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return self.concentration - 1, -self.rate

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        return functions.lgamma(x + 1) + (x + 1) * functions.log(-y.reciprocal())
