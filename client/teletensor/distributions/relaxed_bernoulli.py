"""Relaxed zeros and ones.

Source: Maddison, Mnih and Teh, "The Concrete Distribution", 2017.
"""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import functions
from teletensor.distributions import constraints, utils
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.probabilities import OfOdds
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import SigmoidTransform
from teletensor.tensor import Tensor


class LogitRelaxedBernoulli(OfOdds):
    """The logits of RelaxedBernoulli's numbers."""

    support = constraints.real
    has_rsample = True

    def __init__(
        self, temperature: float | Tensor, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits)
        like = self._param
        self.temperature = temperature if isinstance(temperature, Tensor) else like.new_full((), float(temperature))
        super().__init__(self.param_shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        uniform = utils.clamp_probs(utils.uniform(self._extended_shape(sample_shape), self._param))
        noise = uniform.log() - functions.log1p(-uniform)
        odds = utils.probs_to_logits(self.probs, is_binary=True)
        return (noise + odds) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(value)
        logits, value = utils.broadcast_all(self.logits, value)
        gap = logits - value * self.temperature
        return self.temperature.log() + gap - 2 * functions.log1p(gap.exp())


class RelaxedBernoulli(TransformedDistribution):
    """Numbers between 0 and 1, the nearer to them the lower the temperature."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    base_dist: LogitRelaxedBernoulli

    def __init__(
        self, temperature: float | Tensor, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        base = LogitRelaxedBernoulli(temperature, probs, logits, validate_args)
        super().__init__(base, SigmoidTransform(), validate_args)

    @property
    def temperature(self) -> Tensor:
        """The temperature."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self.base_dist.probs

    @property
    def logits(self) -> Tensor:
        """The logits."""
        return self.base_dist.logits
