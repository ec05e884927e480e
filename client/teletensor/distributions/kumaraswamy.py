"""The Kumaraswamy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import AffineTransform, PowerTransform
from teletensor.distributions.uniform import Uniform
from teletensor.distributions.utils import broadcast_all, euler_constant, lazy_property
from teletensor.tensor import Tensor


class Kumaraswamy(TransformedDistribution):
    """Numbers from 0 to 1 with the distribution function `1 - (1 - x ** concentration1) ** concentration0`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, concentration1: float | Tensor, concentration0: float | Tensor, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        Distribution.__init__(self, self.concentration1.shape, validate_args=validate_args)

    @lazy_property
    def base_dist(self) -> Any:
        """A number from 0 to 1."""
        zeros = factories.zeros_like(self.concentration0)
        return Uniform(zeros, zeros + 1, validate_args=False)

    @lazy_property
    def transforms(self) -> Any:
        """From there to the number: powers of it, and of what it leaves."""
        powers = [PowerTransform(c.reciprocal()) for c in (self.concentration0, self.concentration1)]
        return [powers[0], AffineTransform(1.0, -1.0), powers[1]]

    def _moment(self, n: int) -> Tensor:
        first, b = 1 + n / self.concentration1, self.concentration0
        return b * (functions.lgamma(first) + functions.lgamma(b) - functions.lgamma(first + b)).exp()

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self._moment(1)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self._moment(2) - self.mean.pow(2)

    @property
    def mode(self) -> Tensor:
        """The formula for the most probable number; NaN where a concentration is below 1."""
        a, b = self.concentration1, self.concentration0
        made = b.reciprocal() * functions.log1p(-b) - functions.log1p(-b * a)
        return functions.where(functions.logical_or(b < 1, a < 1), math.nan, made).exp()

    def entropy(self) -> Tensor:
        """The entropy."""
        a, b = self.concentration1, self.concentration0
        harmonic = functions.digamma(b + 1) + euler_constant
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - a.log() - b.log()
