"""The generalized Pareto distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints, utils
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.tensor import Tensor


class GeneralizedPareto(Distribution):
    """Excesses over a threshold `loc`: of a tail that ends, is exponential or is a power, as `concentration` is
    negative, 0 or positive.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(
        self, loc: float | Tensor, scale: float | Tensor, concentration: float | Tensor,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self.loc, self.scale, self.concentration = utils.broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Constraint:
        """From `loc` to where the tail ends."""
        end = self.loc - self.scale / self.concentration
        return constraints.interval(self.loc, functions.where(self.concentration < 0, end, math.inf))

    def _safe(self) -> tuple[Tensor, Tensor]:
        """Where the tail is exponential, and concentrations to divide by, 1 there."""
        exponential = functions.isclose(self.concentration, factories.zeros_like(self.concentration))
        return exponential, functions.where(exponential, 1.0, self.concentration)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        return self.icdf(utils.uniform(self._extended_shape(sample_shape), self.loc))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        z = (self._checked(value) - self.loc) / self.scale
        exponential, c = self._safe()
        y = 1 / c + factories.ones_like(z)
        made = functions.where(functions.eq(y, 0), y, y * functions.log1p(c * z))
        return -self.scale.log() - functions.where(exponential, z, made)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """The logarithm of the probability of more than `value`."""
        z = (self._checked(value) - self.loc) / self.scale
        exponential, c = self._safe()
        return functions.where(exponential, -z, -functions.log1p(c * z) / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """The logarithm of the distribution function."""
        return functions.log1p(-self.log_survival_function(value).exp())

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return self.log_cdf(value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        exponential, c = self._safe()
        log = functions.log1p(-value)
        made = self.loc + self.scale / c * functions.expm1(-c * log)
        return functions.where(exponential, self.loc - self.scale * log, made)

    @property
    def mean(self) -> Tensor:
        """The mean; NaN for a concentration of 1 or more."""
        valid = self.concentration < 1
        made = self.loc + self.scale / (1 - functions.where(valid, self.concentration, 0.5))
        return functions.where(valid, made, math.nan)

    @property
    def variance(self) -> Tensor:
        """The variance; NaN for a concentration of 0.5 or more."""
        valid = self.concentration < 0.5
        c = functions.where(valid, self.concentration, 0.25)
        return functions.where(valid, self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)), math.nan)

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    def entropy(self) -> Tensor:
        """The entropy."""
        return (self.scale.log() + self.concentration + 1).expand(self._batch_shape)
