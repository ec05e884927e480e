"""The Bernoulli distribution."""

from __future__ import annotations

from typing import Any

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.probabilities import OfOdds
from teletensor.distributions.utils import broadcast_all
from teletensor.tensor import Tensor


class Bernoulli(OfOdds, ExponentialFamily):
    """1 with probability `probs`, or given by `logits`; else 0."""

    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0

    def __init__(
        self, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits)
        super().__init__(self.param_shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`probs`."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The more probable of 0 and 1; NaN where they are equally probable."""
        made = (self.probs >= 0.5).to(self.probs.dtype)
        return functions.where(functions.eq(self.probs, 0.5), float("nan"), made)

    @property
    def variance(self) -> Tensor:
        """`probs * (1 - probs)`."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Zeros and ones, in the parameters' dtype."""
        with grad_mode.no_grad():
            return functions.bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1: shape (2, *batch_shape), or (2, 1, ...) unexpanded."""
        return self._counted(2, self._param, expand)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities of these zeros and ones."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        value = self._checked(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """The entropy."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (functions.logit(self.probs),)

    def _log_normalizer(self, x: Tensor) -> Tensor:
        return functions.log1p(functions.exp(x))
