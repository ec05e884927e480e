"""The multinomial distribution."""

from __future__ import annotations

import math
from typing import Any

from teletensor_core.errors import UnsupportedError

from teletensor import factories, functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.binomial import Binomial
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.probabilities import OfCategorical
from teletensor.distributions.utils import broadcast_all
from teletensor.tensor import Tensor


class Multinomial(OfCategorical):
    """How often each of K numbers comes in `total_count` draws."""

    def __init__(
        self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(total_count, int):
            raise UnsupportedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self.param_shape[-1:], validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Constraint:
        """Counts of `total_count` in all, at most."""
        return constraints.multinomial(self.total_count)

    @property
    def mean(self) -> Tensor:
        """`total_count * probs`."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Tensor:
        """`total_count * probs * (1 - probs)`."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts."""
        shape = self._extended_shape(sample_shape)
        lead = shape[: len(shape) - len(self._batch_shape) - 1]
        with grad_mode.no_grad():
            drawn = self._categorical.sample((self.total_count, *lead)).movedim(0, -1)
            counts = self.probs.new_zeros(shape)
            return counts.scatter_add(-1, drawn, factories.ones_like(drawn).to(counts.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        logits, value = broadcast_all(self.logits, self._checked(value))
        ways = functions.lgamma(value.sum(-1) + 1) - functions.lgamma(value + 1).sum(-1)
        certain = functions.logical_and(functions.eq(value, 0), functions.eq(logits, -math.inf))
        return ways + (functions.where(certain, 0.0, logits) * value).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy, by adding up over the counts of each number."""
        of_each = Binomial(self.total_count, self.probs, validate_args=False)
        counts = of_each._counted(1 + self.total_count, self.probs, expand=False)[1:]
        terms = (functions.exp(of_each.log_prob(counts)) * functions.lgamma(counts + 1)).sum((0, -1))
        result: Tensor = self.total_count * self._categorical.entropy() - math.lgamma(self.total_count + 1) + terms
        return result
