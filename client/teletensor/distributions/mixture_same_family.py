"""Mixtures of distributions of one kind."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.tensor import Tensor


class MixtureSameFamily(Distribution):
    """A mixture of the distributions along the last dimension of a batch, weighted by a Categorical."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ArgumentError(" The Mixture distribution needs to be an  instance of torch.distributions.Categorical")
        if not isinstance(component_distribution, Distribution):
            raise ArgumentError(
                "The Component distribution needs to be an instance of torch.distributions.Distribution"
            )
        batch, parts = mixture_distribution.batch_shape, component_distribution.batch_shape
        if any(1 != i != j != 1 for i, j in zip(reversed(batch), reversed(parts[:-1]), strict=False)):
            raise ArgumentError(
                f"`mixture_distribution.batch_shape` ({batch}) is not compatible with "
                f"`component_distribution.batch_shape`({parts[:-1]})"
            )
        count = mixture_distribution.param_shape[-1]
        if count != parts[-1]:
            raise ArgumentError(
                f"`mixture_distribution component` ({count}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({parts[-1]})"
            )
        self._mixture_distribution, self._component_distribution = mixture_distribution, component_distribution
        super().__init__(parts[:-1], component_distribution.event_shape, validate_args)

    def _expanded(self, name: str, value: Any, shape: Any) -> Any:
        if name == "_mixture_distribution":
            return value.expand(shape)
        return super()._expanded(name, value, shape)

    @constraints.dependent_property
    def support(self) -> Constraint:
        """What all components allow."""
        return constraints.MixtureSameFamilyConstraint(self.component_distribution.support)

    @property
    def mixture_distribution(self) -> Categorical:
        """The weights."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Distribution:
        """What is mixed."""
        return self._component_distribution

    @property
    def _dim(self) -> int:
        """The dimension of the components in what belongs to them."""
        return -1 - len(self._event_shape)

    def _mixed(self, value: Tensor) -> Tensor:
        probs = self._mixture_distribution.probs
        return (probs.reshape((*probs.shape, *[1] * len(self._event_shape))) * value).sum(self._dim)

    @property
    def mean(self) -> Tensor:
        """The weighted mean of the means."""
        return self._mixed(self._component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The mean of the variances, and the variance of the means."""
        gap = self._component_distribution.mean - self.mean.unsqueeze(self._dim)
        return self._mixed(self._component_distribution.variance) + self._mixed(gap.pow(2))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of components that are drawn first."""
        with grad_mode.no_grad():
            chosen = self._mixture_distribution.sample(sample_shape)
            drawn = self._component_distribution.sample(sample_shape)
            lead = drawn.shape[: drawn.dim() + self._dim]
            index = chosen.expand(lead).reshape((*lead, *[1] * -self._dim))
            dim = len(lead)
            return drawn.gather(dim, index.expand((*lead, 1, *self._event_shape))).squeeze(dim)

    def cdf(self, value: Tensor) -> Tensor:
        """The weighted distribution function."""
        each = self._component_distribution.cdf(value.unsqueeze(self._dim))
        return (each * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the weighted density."""
        parts = self._component_distribution.log_prob(self._checked(value).unsqueeze(self._dim))
        return functions.logsumexp(parts + functions.log_softmax(self._mixture_distribution.logits, -1), -1)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self._mixture_distribution},\n  {self._component_distribution})"
