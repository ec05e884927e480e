"""The half-Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.cauchy import Cauchy
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import AbsTransform
from teletensor.tensor import Tensor


class HalfCauchy(TransformedDistribution):
    """The distribution of the size of a Cauchy number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: float | Tensor, validate_args: bool | None = None) -> None:
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args)

    @property
    def scale(self) -> Tensor:
        """The scale of the number."""
        made: Tensor = self.base_dist.scale
        return made

    @property
    def mean(self) -> Tensor:
        """Infinity."""
        return self.scale.new_full(self._extended_shape(), math.inf)

    @property
    def mode(self) -> Tensor:
        """0."""
        return factories.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        """Infinity."""
        made: Tensor = self.base_dist.variance
        return made

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density; minus infinity below 0."""
        value = factories.as_tensor(self._checked(value), dtype=self.scale.dtype, device=self.scale.device)
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
