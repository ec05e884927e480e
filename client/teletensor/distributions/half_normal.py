"""The half-normal distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.normal import Normal
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import AbsTransform
from teletensor.tensor import Tensor


class HalfNormal(TransformedDistribution):
    """The distribution of the size of a normal number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: float | Tensor, validate_args: bool | None = None) -> None:
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args)

    @property
    def scale(self) -> Tensor:
        """The standard deviation of the number."""
        made: Tensor = self.base_dist.scale
        return made

    @property
    def mean(self) -> Tensor:
        """`scale * sqrt(2 / pi)`."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Tensor:
        """0."""
        return factories.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        """`scale ** 2 * (1 - 2 / pi)`."""
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density; minus infinity below 0."""
        value = self._checked(value)
        return functions.where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        result: Tensor = 2 * self.base_dist.cdf(self._checked(value)) - 1
        return result

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        made: Tensor = self.base_dist.icdf((value + 1) / 2)
        return made

    def entropy(self) -> Tensor:
        """The entropy."""
        made: Tensor = self.base_dist.entropy() - math.log(2)
        return made
