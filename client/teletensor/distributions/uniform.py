"""The uniform distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, broadcast_all, check
from teletensor.tensor import Tensor


class Uniform(Distribution):
    """The uniform distribution on [low, high)."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"low": constraints.dependent, "high": constraints.dependent}
    has_rsample = True

    def __init__(self, low: float | Tensor, high: float | Tensor, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape)
        check("high", self.high > self.low, self.high, "GreaterThan(low)", validate_args)

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
    def variance(self) -> Tensor:
        """`(high - low) ** 2 / 12`."""
        return (self.high - self.low) ** 2 / 12

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `low` and `high`."""
        shape = self._extended_shape(sample_shape)
        return self.low + factories.rand(shape, dtype=self.low.dtype, device=self.low.device) * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density: minus infinity outside."""
        inside = (self.low <= value) & (self.high > value)
        return functions.log(inside.to(self.low.dtype)) - functions.log(self.high - self.low)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """The entropy."""
        return functions.log(self.high - self.low)
