"""The uniform distribution."""

from __future__ import annotations

from typing import Any

from teletensor import factories, functions
from teletensor.distributions import constraints, utils
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.tensor import Tensor


class Uniform(Distribution):
    """The uniform distribution on [low, high)."""

    has_rsample = True

    def __init__(self, low: float | Tensor, high: float | Tensor, validate_args: bool | None = None) -> None:
        self.low, self.high = utils.broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)

    @property
    def arg_constraints(self) -> dict[str, Constraint]:  # type: ignore[override]
        """Each bound's, which depends on the other's value."""
        return {"low": constraints.less_than(self.high), "high": constraints.greater_than(self.low)}

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Constraint:
        """From `low` to `high`."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """NaN: none is more probable than others."""
        return factories.full_like(self.high, float("nan"))

    @property
    def stddev(self) -> Tensor:
        """`(high - low) / sqrt(12)`."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Tensor:
        """`(high - low) ** 2 / 12`."""
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `low` and `high`."""
        return self.low + utils.uniform(self._extended_shape(sample_shape), self.low) * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density: minus infinity outside."""
        value = self._checked(value)
        inside = (self.low <= value) & (self.high > value)
        return functions.log(inside.to(self.low.dtype)) - functions.log(self.high - self.low)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return ((self._checked(value) - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """The entropy."""
        return functions.log(self.high - self.low)
