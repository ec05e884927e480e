"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.probabilities import OfOdds
from teletensor.tensor import Tensor


class NegativeBinomial(OfOdds):
    """How many trials succeed before `total_count` fail."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: float | Tensor, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self.param_shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`total_count * exp(logits)`."""
        return self.total_count * functions.exp(self.logits)

    @property
    def mode(self) -> Tensor:
        """The most probable count."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        """`mean / sigmoid(-logits)`."""
        return self.mean / functions.sigmoid(-self.logits)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts: Poisson numbers of gamma distributed rates."""
        with grad_mode.no_grad():
            rates = Gamma(self.total_count, functions.exp(-self.logits), validate_args=False).sample(sample_shape)
            return functions.poisson(rates)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        from teletensor.nn.functional import logsigmoid

        value = self._checked(value)
        weight = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        total = self.total_count + value
        ways = functions.lgamma(total) - functions.lgamma(value + 1) - functions.lgamma(self.total_count)
        return weight + ways.masked_fill(total == 0.0, 0.0)
