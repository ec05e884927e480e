"""The Weibull distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import AffineTransform, PowerTransform
from teletensor.distributions.utils import broadcast_all, euler_constant, lazy_property
from teletensor.tensor import Tensor


class Weibull(TransformedDistribution):
    """The Weibull distribution of a scale and a shape `concentration`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "scale": constraints.positive,
        "concentration": constraints.positive,
    }
    support = constraints.positive
    has_rsample = True

    def __init__(self, scale: float | Tensor, concentration: float | Tensor, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        Distribution.__init__(self, self.scale.shape, validate_args=validate_args)

    @lazy_property
    def base_dist(self) -> Any:
        """A power of a number over the scale."""
        return Exponential(factories.ones_like(self.scale), validate_args=False)

    @lazy_property
    def concentration_reciprocal(self) -> Tensor:
        """`1 / concentration`."""
        return self.concentration.reciprocal()

    @lazy_property
    def transforms(self) -> Any:
        """From there to the number."""
        return [PowerTransform(self.concentration_reciprocal), AffineTransform(0, self.scale)]

    def _moment(self, n: int) -> Tensor:
        return functions.exp(functions.lgamma(1 + n * self.concentration_reciprocal))

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.scale * self._moment(1)

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.scale.pow(2) * (self._moment(2) - self._moment(1).pow(2))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        noise = self.scale.new_empty(self._extended_shape(sample_shape)).exponential_()
        return self.scale * noise.pow(self.concentration_reciprocal)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(value)
        k, ratio = self.concentration, value / self.scale
        return k.log() - self.scale.log() + (k - 1) * ratio.log() - ratio.pow(k)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 1 - functions.exp(-(value / self.scale).pow(self.concentration))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self.scale * (-functions.log1p(-value)).pow(self.concentration_reciprocal)

    def entropy(self) -> Tensor:
        """The entropy."""
        inverse = self.concentration_reciprocal
        return euler_constant * (1 - inverse) + (self.scale * inverse).log() + 1
