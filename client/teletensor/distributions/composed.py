"""Distributions made of others: independent dimensions, mixtures, one-hot numbers, relaxations."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, broadcast_all, check
from teletensor.distributions.probabilities import clamped, one_of
from teletensor.size import Size
from teletensor.tensor import Tensor


class Independent(Distribution):
    """The last dimensions of a batch of distributions as one event."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        count, batch = reinterpreted_batch_ndims, base_distribution.batch_shape
        if count > len(batch):
            raise ArgumentError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {count} vs {len(batch)}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, count
        shape = batch + base_distribution.event_shape
        cut = len(batch) - count
        super().__init__(shape[:cut], shape[cut:])

    @constraints.dependent_property
    def support(self) -> Constraint:
        """The base's, of whole events."""
        return constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has differentiable samples."""
        return self.base_dist.has_rsample

    @property
    def mean(self) -> Tensor:
        """The base's."""
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        """The base's."""
        return self.base_dist.mode  # type: ignore[attr-defined, no-any-return]

    @property
    def variance(self) -> Tensor:
        """The base's."""
        return self.base_dist.variance

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """The base's."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The base's."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """The sums of the base's over an event."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        """The sums of the base's over an event."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"


def sum_rightmost(value: Tensor, count: int) -> Tensor:
    """The tensor summed over its last `count` dimensions."""
    return value.sum(tuple(range(-count, 0))) if count else value


class MixtureSameFamily(Distribution):
    """A mixture of the distributions along the last dimension of a batch, weighted by a Categorical."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ArgumentError(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        if mixture_distribution.param_shape[-1] != component_distribution.batch_shape[-1]:
            raise ArgumentError(
                "`mixture_distribution component` does not equal `component_distribution.batch_shape[-1]`"
            )
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        super().__init__(component_distribution.batch_shape[:-1], component_distribution.event_shape)

    @constraints.dependent_property
    def support(self) -> Constraint:
        """That of the components."""
        made: Constraint = self.component_distribution.support
        return made

    @property
    def mixture_distribution(self) -> Categorical:
        """The weights."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """What is mixed."""
        return self._component_distribution

    def _weights(self) -> Tensor:
        probs = self._mixture_distribution.probs
        return probs.reshape((*probs.shape, *[1] * len(self._event_shape)))

    def _mixed(self, value: Tensor) -> Tensor:
        return (self._weights() * value).sum(-1 - len(self._event_shape))

    @property
    def mean(self) -> Tensor:
        """The weighted mean of the means."""
        return self._mixed(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances, and the variance of the means."""
        gap = self._component_distribution.mean - self.mean.unsqueeze(-1 - len(self._event_shape))
        return self._mixed(self._component_distribution.variance) + self._mixed(gap.pow(2))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of components that are drawn first."""
        with grad_mode.no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            events = len(self._event_shape)
            index = chosen.reshape((*chosen.shape, *[1] * (events + 1)))
            index = index.expand((*chosen.shape, 1, *self._event_shape))
            return drawn.gather(drawn.ndim - 1 - events, index).squeeze(drawn.ndim - 1 - events)

    def cdf(self, value: Tensor) -> Tensor:
        """The weighted distribution function."""
        return (self._component_distribution.cdf(value.unsqueeze(-1)) * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the weighted density."""
        parts = self._component_distribution.log_prob(value.unsqueeze(-1 - len(self._event_shape)))
        return functions.logsumexp(parts + functions.log_softmax(self._mixture_distribution.logits, -1), -1)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"


class OneHotCategorical(Distribution):
    """The categorical distribution, of numbers as one-hot vectors."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits, validate_args)
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:])

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
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self) -> Tensor:
        """The entropy."""
        return self._categorical.entropy()


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot vectors whose gradients go straight to the probabilities."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples with the probabilities' gradient."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class RelaxedOneHotCategorical(Distribution):
    """Points of the simplex, the nearer to its corners the lower the temperature; also called Gumbel-softmax.

    Source: Maddison, Mnih and Teh, "The Concrete Distribution", 2017.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(
        self, temperature: float | Tensor, probs: Tensor | None = None, logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self._categorical = Categorical(probs, logits, validate_args)
        like = self._categorical.logits
        self.temperature = temperature if isinstance(temperature, Tensor) else like.new_tensor(float(temperature))
        super().__init__(self._categorical.batch_shape, self._categorical.param_shape[-1:])

    @property
    def probs(self) -> Tensor:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Tensor:
        """Their logarithms."""
        return self._categorical.logits

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        noise = self.logits.new_empty(self._extended_shape(sample_shape)).exponential_()
        return functions.softmax((self.logits - noise.log()) / self.temperature, -1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        count = self._event_shape[0]
        score = self.logits - self.temperature * value.log()
        score = (score - functions.logsumexp(score, -1, True)).sum(-1)
        scale = functions.lgamma(factories.full_like(self.temperature, float(count)))
        made: Tensor = score + scale + (count - 1) * self.temperature.log() - value.log().sum(-1)
        return made


class RelaxedBernoulli(Distribution):
    """Numbers between 0 and 1, the nearer to them the lower the temperature."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, temperature: float | Tensor, probs: float | Tensor | None = None, logits: float | Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
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
        like = self.logits
        self.temperature = temperature if isinstance(temperature, Tensor) else like.new_tensor(float(temperature))
        super().__init__(Size(self.logits.shape), validate_args=False)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        shape = self._extended_shape(sample_shape)
        uniform = clamped(factories.rand(shape, dtype=self.logits.dtype, device=self.logits.device))
        noise = uniform.log() - functions.log1p(-uniform)
        return functions.sigmoid((noise + self.logits) / self.temperature)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        inner = value.log() - functions.log1p(-value)
        gap = self.logits - inner * self.temperature
        density = self.temperature.log() + gap - 2 * functions.log1p(functions.exp(gap))
        return density - value.log() - functions.log1p(-value)
