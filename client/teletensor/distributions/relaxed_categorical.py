"""Relaxed one-hot vectors.

Source: Maddison, Mnih and Teh, "The Concrete Distribution", 2017.
"""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.probabilities import OfCategorical
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import ExpTransform
from teletensor.distributions.utils import broadcast_all
from teletensor.tensor import Tensor


class ExpRelaxedCategorical(OfCategorical):
    """The logarithms of RelaxedOneHotCategorical's points."""

    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, temperature: float | Tensor, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._categorical = Categorical(probs, logits, validate_args)
        like = self._categorical._param
        self.temperature = temperature if isinstance(temperature, Tensor) else like.new_full((), float(temperature))
        super().__init__(self._categorical.batch_shape, self.param_shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        noise = self.logits.new_empty(self._extended_shape(sample_shape)).exponential_()
        return functions.log_softmax((self.logits - noise.log()) / self.temperature, -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        count = self._event_shape[0]
        logits, value = broadcast_all(self.logits, self._checked(value))
        score = functions.log_softmax(logits - value * self.temperature, -1).sum(-1)
        scale = functions.lgamma(factories.full_like(self.temperature, float(count)))
        result: Tensor = score + scale + (count - 1) * self.temperature.log()
        return result


class RelaxedOneHotCategorical(TransformedDistribution):
    """Points of the simplex, the nearer to its corners the lower the temperature; also called Gumbel-softmax."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True
    base_dist: ExpRelaxedCategorical

    def __init__(
        self, temperature: float | Tensor, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args)
        super().__init__(base, ExpTransform(), validate_args)

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
        """Their logarithms."""
        return self.base_dist.logits
