"""Distributions of counts: Poisson, geometric, binomial, negative binomial, multinomial."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import UnsupportedError

from teletensor import factories, functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, broadcast_all, check_probabilities
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.probabilities import clamped, one_of
from teletensor.tensor import Tensor


class Poisson(Distribution):
    """The Poisson distribution of this rate."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: float | Tensor, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`rate`."""
        return self.rate

    variance = mean

    @property
    def mode(self) -> Tensor:
        """`rate`, rounded down."""
        return self.rate.floor()

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Counts, in the rate's dtype."""
        with grad_mode.no_grad():
            return functions.poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        rate, value = broadcast_all(self.rate, value)
        return functions.xlogy(value, rate) - rate - functions.lgamma(value + 1)


class _Trials(Distribution):
    """Given by the probability of a success, or its logit."""

    probs: Tensor
    logits: Tensor

    def _take(self, probs: Any, logits: Any, validate: bool | None) -> None:
        one_of(probs, logits)
        if probs is not None:
            (self.probs,) = broadcast_all(probs)
            check_probabilities(self.probs, validate)
            inside = clamped(self.probs)
            self.logits = inside.log() - functions.log1p(-inside)
        else:
            (self.logits,) = broadcast_all(logits)
            self.probs = functions.sigmoid(self.logits)


class Geometric(_Trials):
    """How many trials fail before the first success."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(
        self, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits, validate_args)
        super().__init__(self.probs.shape, validate_args=False)

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
        shape = self._extended_shape(sample_shape)
        with grad_mode.no_grad():
            noise = self.probs.new_empty(shape).exponential_()
            return (noise / -functions.log1p(-self.probs.expand(shape))).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        value, probs = broadcast_all(value, self.probs)
        impossible = functions.logical_and(functions.eq(probs, 1), functions.eq(value, 0))
        return value * functions.log1p(-functions.where(impossible, 0.0, probs)) + self.probs.log()

    def entropy(self) -> Tensor:
        """The entropy."""
        from teletensor.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class Binomial(_Trials):
    """How many of `total_count` trials succeed."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }

    def __init__(
        self, total_count: int | Tensor = 1, probs: float | Tensor | None = None,
        logits: float | Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits, validate_args)
        count = total_count if isinstance(total_count, Tensor) else self.probs.new_tensor(float(total_count))
        self.total_count, self.probs = functions.broadcast_tensors(count.to(self.probs.dtype), self.probs)
        self.logits = self.logits.expand(self.probs.shape)
        super().__init__(self.probs.shape, validate_args=False)

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

        ways = functions.lgamma(value + 1) + functions.lgamma(self.total_count - value + 1)
        failures = self.total_count * logsigmoid(-self.logits)
        return value * self.logits + failures + functions.lgamma(self.total_count + 1) - ways

    def entropy(self) -> Tensor:
        """The entropy, by adding up. Waits. UnsupportedError where the counts differ."""
        most = int(self.total_count.max().item())
        if int(self.total_count.min().item()) != most:
            raise UnsupportedError("Inhomogeneous total count not supported by `entropy`.")
        logs = self.log_prob(self.enumerate_support(False))
        return -(functions.exp(logs) * logs).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Every count, along a new first dimension. Waits."""
        most = 1 + int(self.total_count.max().item())
        values = factories.arange(most, dtype=self.probs.dtype, device=self.probs.device)
        values = values.reshape((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values


class NegativeBinomial(_Trials):
    """How many trials succeed before `total_count` fail."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(
        self, total_count: float | Tensor, probs: float | Tensor | None = None,
        logits: float | Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._take(probs, logits, validate_args)
        count = total_count if isinstance(total_count, Tensor) else self.probs.new_tensor(float(total_count))
        self.total_count, self.probs = functions.broadcast_tensors(count.to(self.probs.dtype), self.probs)
        self.logits = self.logits.expand(self.probs.shape)
        super().__init__(self.probs.shape, validate_args=False)

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

        weight = self.total_count * logsigmoid(-self.logits) + value * logsigmoid(self.logits)
        ways = functions.lgamma(self.total_count + value) - functions.lgamma(value + 1)
        return weight + ways - functions.lgamma(self.total_count)


class Multinomial(Distribution):
    """How often each of K numbers comes in `total_count` draws."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(
        self, total_count: int = 1, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(total_count, int):
            raise UnsupportedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits, validate_args=validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:])

    @constraints.dependent_property(is_discrete=True, event_dim=1)
    def support(self) -> Constraint:
        """Counts of `total_count` in all, at most."""
        return constraints.multinomial(self.total_count)

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self._categorical.logits

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
        extra = self._extended_shape(sample_shape)[: -1 or None]
        lead = tuple(extra)[: len(extra) - len(self._batch_shape)]
        with grad_mode.no_grad():
            drawn = self._categorical.sample((self.total_count, *lead))
            counts = factories.zeros_like(self.probs.expand(self._extended_shape(sample_shape)))
            index = drawn.movedim(0, -1)
            return counts.scatter_add(-1, index, factories.ones_like(index).to(counts.dtype))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithms of the probabilities."""
        logits, value = broadcast_all(self.logits, value)
        ways = functions.lgamma(value.sum(-1) + 1) - functions.lgamma(value + 1).sum(-1)
        impossible = functions.logical_and(functions.eq(value, 0), functions.eq(logits, -float("inf")))
        return ways + (functions.where(impossible, 0.0, logits) * value).sum(-1)

    def entropy(self) -> Tensor:
        """The entropy, by adding up over the counts of each number."""
        n = self.probs.new_tensor(float(self.total_count))
        support = Binomial(self.total_count, self.probs).enumerate_support()[1:]
        weights = functions.exp(Binomial(self.total_count, self.probs).log_prob(support))
        terms = (weights * functions.lgamma(support + 1)).sum((0, -1))
        return n * self._categorical.entropy() - functions.lgamma(n + 1) + terms
