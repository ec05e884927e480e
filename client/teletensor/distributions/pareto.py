"""The Pareto distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import AffineTransform, ExpTransform
from teletensor.distributions.utils import broadcast_all, lazy_property
from teletensor.tensor import Tensor


class Pareto(TransformedDistribution):
    """The Pareto distribution from `scale` on, of exponent `alpha`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"alpha": constraints.positive, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, scale: float | Tensor, alpha: float | Tensor, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        Distribution.__init__(self, self.scale.shape, validate_args=validate_args)

    @lazy_property
    def base_dist(self) -> Any:
        """The logarithm of a number over the scale."""
        return Exponential(self.alpha, validate_args=False)

    @lazy_property
    def transforms(self) -> Any:
        """From there to the number."""
        return [ExpTransform(), AffineTransform(0, self.scale)]

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Constraint:
        """From `scale` on."""
        return constraints.greater_than_eq(self.scale)

    @property
    def mean(self) -> Tensor:
        """`alpha * scale / (alpha - 1)`; infinite for an `alpha` up to 1."""
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        """`scale`."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """The variance; infinite for an `alpha` up to 2."""
        a = self.alpha.clamp(min=2)
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        noise = self.alpha.new_empty(self._extended_shape(sample_shape)).exponential_()
        return self.scale * functions.exp(noise / self.alpha)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(value)
        return self.alpha.log() + self.alpha * self.scale.log() - (self.alpha + 1) * value.log()

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 1 - (self.scale / value).pow(self.alpha)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self.scale * (1 - value).pow(-1 / self.alpha)

    def entropy(self) -> Tensor:
        """The entropy."""
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())
