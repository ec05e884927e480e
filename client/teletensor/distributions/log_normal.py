"""The log-normal distribution."""

from __future__ import annotations

from typing import ClassVar

from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.normal import Normal
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import ExpTransform
from teletensor.tensor import Tensor


class LogNormal(TransformedDistribution):
    """The distribution of the exponential of a normal number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True
    base_dist: Normal

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform(), validate_args)

    @property
    def loc(self) -> Tensor:
        """The logarithm's mean."""
        return self.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The logarithm's standard deviation."""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        """`exp(loc + scale ** 2 / 2)`."""
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Tensor:
        """`exp(loc - scale ** 2)`."""
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Tensor:
        """The variance."""
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        """The entropy."""
        return self.base_dist.entropy() + self.loc
