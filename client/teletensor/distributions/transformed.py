"""Distributions of functions of random numbers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.composed import sum_rightmost
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.normal import Normal
from teletensor.distributions.transforms import ComposeTransform, ExpTransform, Transform
from teletensor.tensor import Tensor


class TransformedDistribution(Distribution):
    """The distribution of what transforms make of a base's samples."""

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | list[Transform],
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        self.base_dist = base_distribution
        shape = base_distribution.batch_shape + base_distribution.event_shape
        events = max(len(base_distribution.event_shape), ComposeTransform(self.transforms).event_dim)
        super().__init__(shape[: len(shape) - events], shape[len(shape) - events :])

    @constraints.dependent_property
    def support(self) -> Constraint:
        """Where the last transform leads, for whole events."""
        if not self.transforms:
            base: Constraint = self.base_dist.support
            return base
        region: Constraint = self.transforms[-1].codomain
        more = len(self.event_shape) - region.event_dim
        return constraints.independent(region, more) if more > 0 else region

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has differentiable samples."""
        return self.base_dist.has_rsample

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of the base, transformed."""
        with grad_mode.no_grad():
            return self._through(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Differentiable samples of the base, transformed."""
        return self._through(self.base_dist.rsample(sample_shape))

    def _through(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        """The base's density at the inverse, less the logarithm of the Jacobian."""
        events, y, change = len(self._event_shape), value, None
        for transform in reversed(self.transforms):
            x = transform._inv_call(y)
            term = sum_rightmost(transform.log_abs_det_jacobian(x, y), events - transform.event_dim)
            change = term if change is None else change + term
            y = x
        base = sum_rightmost(self.base_dist.log_prob(y), events - len(self.base_dist.event_shape))
        return base if change is None else base - change

    def cdf(self, value: Tensor) -> Tensor:
        """The base's distribution function at the inverse; turned round by a decreasing transform."""
        sign: Any = 1
        for transform in reversed(self.transforms):
            value = transform._inv_call(value)
            sign = sign * transform.sign
        return _turned(sign, self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return self._through(self.base_dist.icdf(_turned(sign, value)))


def _turned(sign: Any, p: Tensor) -> Tensor:
    if isinstance(sign, int) and sign == 1:
        return p
    made: Tensor = sign * (p - 0.5) + 0.5
    return made


class LogNormal(TransformedDistribution):
    """The distribution of the exponential of a normal number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive

    base_dist: Normal

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        super().__init__(Normal(loc, scale, validate_args), ExpTransform())

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


class InverseGamma(Distribution):
    """The distribution of the inverse of a gamma distributed number."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.positive
    has_rsample = True

    def __init__(self, concentration: float | Tensor, rate: float | Tensor, validate_args: bool | None = None) -> None:
        self._gamma = Gamma(concentration, rate, validate_args)
        super().__init__(self._gamma.batch_shape, validate_args=False)

    @property
    def concentration(self) -> Tensor:
        """The shape."""
        return self._gamma.concentration

    @property
    def rate(self) -> Tensor:
        """The gamma's rate, this one's scale."""
        return self._gamma.rate

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

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        return self._gamma.rsample(sample_shape).reciprocal()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return self._gamma.log_prob(value.reciprocal()) - 2 * value.log()

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return 1 - self._gamma.cdf(value.reciprocal())

    def entropy(self) -> Tensor:
        """The entropy."""
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()
