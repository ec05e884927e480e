"""The geometric distribution."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, grad_mode
from teletensor.compiler import is_compiling
from teletensor.distributions import constraints
from teletensor.distributions.probabilities import OfOdds
from teletensor.distributions.utils import broadcast_all
from teletensor.tensor import Tensor


class Geometric(OfOdds):
    """How many trials fail before the first success."""

    support = constraints.nonnegative_integer

    def __init__(
        self, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits)
        super().__init__(self.param_shape, validate_args=validate_args)

    def _check_parameters(self) -> None:
        """Raise ArgumentError for odds that are none, of 0 too, which the constraint allows. One wait for both."""
        given = vars(self).get("probs")
        if given is None or is_compiling():
            super()._check_parameters()
        elif not bool(functions.all((given > 0) & (given <= 1))):
            super()._check_parameters()
            raise ArgumentError(
                f"Expected parameter probs ({type(given).__name__} of shape {tuple(given.shape)}) of distribution "
                f"{self!r} to be positive but found invalid values:\n{given.detach()[given <= 0]}"
            )

    @property
    def mean(self) -> Tensor:
        """`1 / probs - 1`."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        """0."""
        return factories.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        """`(1 / probs - 1) / probs`."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts."""
        with grad_mode.no_grad():
            noise = self.probs.new_empty(self._extended_shape(sample_shape)).exponential_()
            return (noise / -functions.log1p(-self.probs)).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        value, probs = broadcast_all(self._checked(value), self.probs)
        certain = functions.logical_and(functions.eq(probs, 1), functions.eq(value, 0))
        return value * functions.log1p(-functions.where(certain, 0.0, probs)) + self.probs.log()

    def entropy(self) -> Tensor:
        """The entropy."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs
