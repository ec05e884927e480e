"""Distributions over real numbers."""

from __future__ import annotations

import math
from typing import Any

from teletensor import factories, functions
from teletensor.distributions.distribution import Distribution, broadcast_all, check
from teletensor.tensor import Tensor

_EULER = 0.5772156649015329


class Normal(Distribution):
    """The normal distribution with mean `loc` and standard deviation `scale`."""

    has_rsample = True

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape)
        check("scale", self.scale > 0, self.scale, "GreaterThan(lower_bound=0.0)", validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        """`scale ** 2`."""
        return self.scale**2

    @property
    def stddev(self) -> Tensor:
        """`scale`."""
        return self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `loc` and `scale`."""
        shape = self._extended_shape(sample_shape)
        return self.loc + self.scale * factories.randn(shape, dtype=self.loc.dtype, device=self.loc.device)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 0.5 * (1 + functions.erf((value - self.loc) * self.scale.reciprocal() / math.sqrt(2)))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self.loc + self.scale * functions.erfinv(2 * value - 1) * math.sqrt(2)

    def entropy(self) -> Tensor:
        """The entropy."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Uniform(Distribution):
    """The uniform distribution on [low, high)."""

    has_rsample = True

    def __init__(self, low: float | Tensor, high: float | Tensor, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape)
        check("high", self.high > self.low, self.high, "GreaterThan(low)", validate_args)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

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


class Exponential(Distribution):
    """The exponential distribution of this rate."""

    has_rsample = True

    def __init__(self, rate: float | Tensor, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape)
        check("rate", self.rate > 0, self.rate, "GreaterThan(lower_bound=0.0)", validate_args)

    @property
    def mean(self) -> Tensor:
        """`1 / rate`."""
        return self.rate.reciprocal()

    stddev = mean

    @property
    def variance(self) -> Tensor:
        """`1 / rate ** 2`."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `rate`."""
        shape = self._extended_shape(sample_shape)
        return self.rate.new_empty(shape).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 1 - functions.exp(-self.rate * value)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return -functions.log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        """The entropy."""
        return 1.0 - functions.log(self.rate)


class Laplace(Distribution):
    """The Laplace distribution around `loc`."""

    has_rsample = True

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape)
        check("scale", self.scale > 0, self.scale, "GreaterThan(lower_bound=0.0)", validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """`2 * scale ** 2`."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """`sqrt(2) * scale`."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `loc` and `scale`."""
        u = self.loc.new_empty(self._extended_shape(sample_shape)).uniform_(2.0**-24 - 1, 1)
        return self.loc - self.scale * u.sign() * functions.log1p(-u.abs())

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return -functions.log(2 * self.scale) - functions.abs(value - self.loc) / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        distance = value - self.loc
        return 0.5 - 0.5 * distance.sign() * functions.expm1(-distance.abs() / self.scale)

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * functions.log1p(-2 * term.abs())

    def entropy(self) -> Tensor:
        """The entropy."""
        return 1 + functions.log(2 * self.scale)


class Gumbel(Distribution):
    """The Gumbel distribution: of the greatest of many."""

    has_rsample = True

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape)
        check("scale", self.scale > 0, self.scale, "GreaterThan(lower_bound=0.0)", validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc + scale * Euler's constant`."""
        return self.loc + self.scale * _EULER

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
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return functions.exp(-functions.exp((self.loc - value) / self.scale))

    def entropy(self) -> Tensor:
        """The entropy."""
        return self.scale.log() + (1 + _EULER)
