"""The Bernoulli distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, broadcast_all, check
from teletensor.distributions.probabilities import clamped, one_of
from teletensor.tensor import Tensor


class Bernoulli(Distribution):
    """1 with probability `probs`, or given by `logits`; else 0."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(
        self,
        probs: float | Tensor | None = None,
        logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        one_of(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
            check(
                "probs",
                (self.probs >= 0) & (self.probs <= 1),
                self.probs,
                repr(constraints.unit_interval),
                validate_args,
            )
            inside = clamped(self.probs)
            self.logits = inside.log() - functions.log1p(-inside)
        else:
            (self.logits,) = broadcast_all(logits)
            self.probs = functions.sigmoid(self.logits)
        super().__init__(self.probs.shape, validate_args=False)

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
        return self._counted(2, self.probs, expand)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities of these zeros and ones."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """The entropy."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")
