"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import UnsupportedError

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.probabilities import OfOdds
from teletensor.tensor import Tensor


class Binomial(OfOdds):
    """How many of `total_count` trials succeed."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(
        self, total_count: int | Tensor = 1, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        (count,) = self._take(probs, logits, total_count)
        self.total_count = count.type_as(self._param)
        super().__init__(self.param_shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Constraint:
        """From 0 to `total_count`."""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        """`total_count * probs`."""
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        """The most probable count."""
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        """`total_count * probs * (1 - probs)`."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts, in the probabilities' dtype."""
        shape = self._extended_shape(sample_shape)
        with grad_mode.no_grad():
            return functions.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        from teletensor.nn.functional import logsigmoid

        value = self._checked(value)
        ways = functions.lgamma(value + 1) + functions.lgamma(self.total_count - value + 1)
        failures = self.total_count * logsigmoid(-self.logits)
        return value * self.logits + failures + functions.lgamma(self.total_count + 1) - ways

    def _most(self, what: str) -> int:
        """The count, once it is known to be the same for all. Waits."""
        least, most = functions.stack([self.total_count.min(), self.total_count.max()]).tolist()
        if least != most:
            raise UnsupportedError(f"Inhomogeneous total count not supported by `{what}`.")
        return int(most)

    def entropy(self) -> Tensor:
        """The entropy, by adding up. Waits. UnsupportedError where the counts differ."""
        logs = self.log_prob(self._counted(1 + self._most("entropy"), self._param, expand=False))
        return -(functions.exp(logs) * logs).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Every count, along a new first dimension. Waits. UnsupportedError where the counts differ."""
        return self._counted(1 + self._most("enumerate_support"), self._param, expand)
