"""Cauchy, half-normal, half-Cauchy, Pareto and Weibull distributions."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, broadcast_all
from teletensor.tensor import Tensor

_POSITIVE = "GreaterThan(lower_bound=0.0)"
_EULER = 0.5772156649015329


class Cauchy(Distribution):
    """The Cauchy distribution."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """NaN: there is none."""
        return factories.full_like(self.loc, math.nan)

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """Infinity."""
        return factories.full_like(self.loc, math.inf)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `loc` and `scale`."""
        return self.loc + self.scale * self.loc.new_empty(self._extended_shape(sample_shape)).cauchy_()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return -math.log(math.pi) - self.scale.log() - functions.log1p(((value - self.loc) / self.scale) ** 2)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return functions.atan((value - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return functions.tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self) -> Tensor:
        """The entropy."""
        return math.log(4 * math.pi) + self.scale.log()


class HalfNormal(Distribution):
    """The distribution of the size of a normal number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: float | Tensor, validate_args: bool | None = None) -> None:
        (self.scale,) = broadcast_all(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

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

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `scale`."""
        shape = self._extended_shape(sample_shape)
        return (self.scale * factories.randn(shape, dtype=self.scale.dtype, device=self.scale.device)).abs()

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density; minus infinity below 0."""
        value = factories.as_tensor(value, dtype=self.scale.dtype, device=self.scale.device)
        normal = -(value**2) / (2 * self.scale**2) - self.scale.log() - math.log(math.sqrt(2 * math.pi))
        return functions.where(value >= 0, normal + math.log(2), -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return functions.erf(value / (self.scale * math.sqrt(2)))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self.scale * functions.erfinv(value) * math.sqrt(2)

    def entropy(self) -> Tensor:
        """The entropy."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log() - math.log(2)


class HalfCauchy(Distribution):
    """The distribution of the size of a Cauchy number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: float | Tensor, validate_args: bool | None = None) -> None:
        (self.scale,) = broadcast_all(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """Infinity."""
        return factories.full_like(self.scale, math.inf)

    @property
    def mode(self) -> Tensor:
        """0."""
        return factories.zeros_like(self.scale)

    variance = mean

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by `scale`."""
        return (self.scale * self.scale.new_empty(self._extended_shape(sample_shape)).cauchy_()).abs()

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density; minus infinity below 0."""
        value = factories.as_tensor(value, dtype=self.scale.dtype, device=self.scale.device)
        made = math.log(2 / math.pi) - self.scale.log() - functions.log1p((value / self.scale) ** 2)
        return functions.where(value >= 0, made, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 2 * functions.atan(value / self.scale) / math.pi

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return functions.tan(math.pi / 2 * value) * self.scale

    def entropy(self) -> Tensor:
        """The entropy."""
        return math.log(2 * math.pi) + self.scale.log()


class Pareto(Distribution):
    """The Pareto distribution from `scale` on, of exponent `alpha`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"alpha": constraints.positive, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, scale: float | Tensor, alpha: float | Tensor, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        super().__init__(self.scale.shape, validate_args=validate_args)

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


class Weibull(Distribution):
    """The Weibull distribution of a scale and a shape `concentration`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "scale": constraints.positive,
        "concentration": constraints.positive,
    }
    support = constraints.positive
    has_rsample = True

    def __init__(self, scale: float | Tensor, concentration: float | Tensor, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        super().__init__(self.scale.shape, validate_args=validate_args)

    def _moment(self, n: int) -> Tensor:
        return functions.exp(functions.lgamma(1 + n * self.concentration.reciprocal()))

    @property
    def mean(self) -> Tensor:
        """The mean."""
        return self.scale * self._moment(1)

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        """The variance."""
        return self.scale.pow(2) * (self._moment(2) - self._moment(1).pow(2))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        noise = self.scale.new_empty(self._extended_shape(sample_shape)).exponential_()
        return self.scale * noise.pow(self.concentration.reciprocal())

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        k, ratio = self.concentration, value / self.scale
        return k.log() - self.scale.log() + (k - 1) * ratio.log() - ratio.pow(k)

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 1 - functions.exp(-(value / self.scale).pow(self.concentration))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self.scale * (-functions.log1p(-value)).pow(self.concentration.reciprocal())

    def entropy(self) -> Tensor:
        """The entropy."""
        inverse = self.concentration.reciprocal()
        return _EULER * (1 - inverse) + (self.scale * inverse).log() + 1
