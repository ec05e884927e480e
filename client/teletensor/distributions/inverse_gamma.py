"""The inverse gamma distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import PowerTransform
from teletensor.tensor import Tensor


class InverseGamma(TransformedDistribution):
    """The distribution of the inverse of a gamma distributed number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.positive
    has_rsample = True

    base_dist: Gamma

    def __init__(self, concentration: float | Tensor, rate: float | Tensor, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args)
        super().__init__(base, PowerTransform(base.rate.new_full((), -1.0)), validate_args)

    @property
    def concentration(self) -> Tensor:
        """The shape."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """The gamma's rate, this one's scale."""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        """`rate / (concentration - 1)`; infinite for a shape up to 1."""
        return functions.where(self.concentration > 1, self.rate / (self.concentration - 1), math.inf)

    @property
    def mode(self) -> Tensor:
        """`rate / (concentration + 1)`."""
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        """The variance; infinite for a shape up to 2."""
        a = self.concentration
        return functions.where(a > 2, self.rate.square() / ((a - 1).square() * (a - 2)), math.inf)

    def entropy(self) -> Tensor:
        """The entropy."""
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()
