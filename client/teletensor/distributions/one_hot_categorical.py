"""Categorical distributions of one-hot vectors."""

from __future__ import annotations

from typing import Any

from teletensor import factories
from teletensor.distributions import constraints
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.probabilities import OfCategorical
from teletensor.tensor import Tensor


class OneHotCategorical(OfCategorical):
    """The categorical distribution, of numbers as one-hot vectors."""

    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self.param_shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        """The probabilities."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        return self._vectors(self._categorical.mode)

    @property
    def variance(self) -> Tensor:
        """`probs * (1 - probs)`."""
        return self.probs * (1 - self.probs)

    def _vectors(self, index: Tensor) -> Tensor:
        from teletensor.nn.functional import one_hot

        return one_hot(index, self._event_shape[0]).to(self.probs.dtype)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Vectors with a single one."""
        return self._vectors(self._categorical.sample(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        made: Tensor = self._categorical.log_prob(self._checked(value).argmax(-1))
        return made

    def entropy(self) -> Tensor:
        """The entropy."""
        made: Tensor = self._categorical.entropy()
        return made

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """All vectors: shape (K, *batch_shape, K), or (K, 1, ..., K) unexpanded."""
        count, param = self._event_shape[0], self._categorical._param
        values = factories.eye(count, dtype=param.dtype, device=param.device)
        values = values.reshape((count, *[1] * len(self._batch_shape), count))
        return values.expand((count, *self._batch_shape, count)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot vectors whose gradients go straight to the probabilities."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples with the probabilities' gradient."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
