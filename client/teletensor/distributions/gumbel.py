"""The Gumbel distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import AffineTransform, ExpTransform
from teletensor.distributions.uniform import Uniform
from teletensor.distributions.utils import broadcast_all, euler_constant, lazy_property
from teletensor.tensor import Tensor


class Gumbel(TransformedDistribution):
    """The Gumbel distribution: of the greatest of many."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        Distribution.__init__(self, self.loc.shape, validate_args=validate_args)

    @lazy_property
    def base_dist(self) -> Any:
        """A number between 0 and 1."""
        info = functions.finfo(self.loc.dtype)
        low, high = factories.full_like(self.loc, info.tiny), factories.full_like(self.loc, 1 - info.eps)
        return Uniform(low, high, validate_args=False)

    @lazy_property
    def transforms(self) -> Any:
        """From there to the number: the logarithm, twice."""
        turned = AffineTransform(0, -factories.ones_like(self.scale))
        return [ExpTransform().inv, turned, ExpTransform().inv, AffineTransform(self.loc, -self.scale)]

    @property
    def mean(self) -> Tensor:
        """`loc + scale * Euler's constant`."""
        return self.loc + self.scale * euler_constant

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """`pi / sqrt(6) * scale`."""
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        """The square of `stddev`."""
        return self.stddev.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `loc` and `scale`."""
        noise = self.loc.new_empty(self._extended_shape(sample_shape)).exponential_()
        return self.loc - self.scale * noise.log()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return functions.exp(-functions.exp((self.loc - value) / self.scale))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Tensor:
        """The entropy."""
        return self.scale.log() + (1 + euler_constant)
