"""The continuous Bernoulli distribution.

Source: Loaiza-Ganem and Cunningham, "The continuous Bernoulli: fixing a pervasive error in variational autoencoders",
2019.
"""

from __future__ import annotations

import math
from typing import Any

from teletensor import functions
from teletensor.distributions import constraints, utils
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.probabilities import OfOdds
from teletensor.distributions.utils import lazy_property
from teletensor.tensor import Tensor


class ContinuousBernoulli(OfOdds, ExponentialFamily):
    """Numbers from 0 to 1, of density in proportion to `probs ** x * (1 - probs) ** (1 - x)`.

    Between `lims`, where the formulas divide 0 by 0, their series at 0.5 are taken.
    """

    support = constraints.unit_interval
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        lims: tuple[float, float] = (0.499, 0.501), validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits)
        self._lims = lims
        super().__init__(self.param_shape, validate_args=validate_args)
        if probs is not None:
            self.probs = utils.clamp_probs(self.probs)

    @lazy_property
    def probs(self) -> Tensor:
        """The probabilities, none of them 0 or 1."""
        return utils.clamp_probs(utils.logits_to_probs(self.logits, is_binary=True))

    @lazy_property
    def _far(self) -> Tensor:
        """Where the formulas hold."""
        return functions.logical_or(self.probs <= self._lims[0], self.probs > self._lims[1])

    @lazy_property
    def _cut(self) -> Tensor:
        """The probabilities where the formulas hold, and a limit elsewhere."""
        return functions.where(self._far, self.probs, self._lims[0])

    @lazy_property
    def _slope(self) -> Tensor:
        """`log(1 - p) - log(p)` of those."""
        return functions.log1p(-self._cut) - self._cut.log()

    def _cont_bern_log_norm(self) -> Tensor:
        """The logarithm of what the density is multiplied by."""
        made = self._slope.abs().log() - (1 - 2 * self._cut).abs().log()
        x = (self.probs - 0.5).pow(2)
        return functions.where(self._far, made, math.log(2.0) + (4.0 / 3.0 + 104.0 / 45.0 * x) * x)

    @property
    def mean(self) -> Tensor:
        """The mean."""
        made = self._cut / (2.0 * self._cut - 1.0) + 1.0 / self._slope
        x = self.probs - 0.5
        return functions.where(self._far, made, 0.5 + (1.0 / 3.0 + 16.0 / 45.0 * x.pow(2)) * x)

    @property
    def variance(self) -> Tensor:
        """The variance."""
        made = self._cut * (self._cut - 1.0) / (1.0 - 2.0 * self._cut).pow(2) + 1.0 / self._slope.pow(2)
        x = (self.probs - 0.5).pow(2)
        return functions.where(self._far, made, 1.0 / 12.0 - (1.0 / 15.0 - 128.0 / 945.0 * x) * x)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        return self.icdf(utils.uniform(self._extended_shape(sample_shape), self._param))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        value = self._checked(value)
        logits, value = utils.broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._cont_bern_log_norm()

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        value, cut = self._checked(value), self._cut
        made = (cut.pow(value) * (1.0 - cut).pow(1.0 - value) + cut - 1.0) / (2.0 * cut - 1.0)
        made = functions.where(self._far, made, value)
        return functions.where(value <= 0, 0.0, functions.where(value >= 1, 1.0, made))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        failure = functions.log1p(-self._cut)
        made = (failure - functions.log1p(-self._cut + value * (2.0 * self._cut - 1.0))) / self._slope
        return functions.where(self._far, made, value)

    def entropy(self) -> Tensor:
        """The entropy."""
        failure = functions.log1p(-self.probs)
        return self.mean * (failure - self.probs.log()) - self._cont_bern_log_norm() - failure

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (self.logits,)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        low, high = (limit - 0.5 for limit in self._lims)
        far = functions.logical_or(x <= low, x > high)
        cut = functions.where(far, x, low)
        made = cut.expm1().abs().log() - cut.abs().log()
        return functions.where(far, made, 0.5 * x + x.pow(2) / 24.0 - x.pow(4) / 2880.0)
