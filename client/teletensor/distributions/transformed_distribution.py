"""Distributions of functions of random numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.independent import Independent
from teletensor.distributions.transforms import ComposeTransform, Transform
from teletensor.distributions.utils import sum_rightmost
from teletensor.tensor import Tensor


class TransformedDistribution(Distribution):
    """The distribution of what transforms make of a base's samples."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    base_dist: Any
    transforms: Any

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | list[Transform],
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self.transforms = _listed(transforms)
        whole = ComposeTransform(self.transforms)
        shape = base_distribution.batch_shape + base_distribution.event_shape
        events, wanted = len(base_distribution.event_shape), whole.domain.event_dim
        if len(shape) < wanted:
            raise ArgumentError(f"base_distribution needs to have shape with size at least {wanted}, but got {shape}.")
        after = whole.forward_shape(shape)
        expanded = whole.inverse_shape(after)
        if shape != expanded:
            base_distribution = base_distribution.expand(expanded[: len(expanded) - events])
        if wanted > events:
            base_distribution = Independent(base_distribution, wanted - events)
        self.base_dist = base_distribution
        cut = len(after) - whole.codomain.event_dim - max(events - wanted, 0)
        super().__init__(after[:cut], after[cut:], validate_args)

    @constraints.dependent_property
    def support(self) -> Constraint:
        """Where the last transform leads, for whole events."""
        region: Constraint = self.transforms[-1].codomain if self.transforms else self.base_dist.support
        more = len(self.event_shape) - region.event_dim
        return constraints.independent(region, more) if more > 0 else region

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has differentiable samples."""
        made: bool = self.base_dist.has_rsample
        return made

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Samples of the base, transformed."""
        with grad_mode.no_grad():
            return self._through(self.base_dist.sample(sample_shape))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Differentiable samples of the base, transformed."""
        return self._through(self.base_dist.rsample(sample_shape))

    def _through(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Tensor) -> Tensor:
        """The base's density at the inverse, less the logarithm of the Jacobian."""
        events, y, change = len(self._event_shape), self._checked(value), None
        for transform in reversed(self.transforms):
            x = transform._inv_call(y)
            events += transform.domain.event_dim - transform.codomain.event_dim
            term = sum_rightmost(transform.log_abs_det_jacobian(x, y), events - transform.domain.event_dim)
            change = term if change is None else change + term
            y = x
        base = sum_rightmost(self.base_dist.log_prob(y), events - len(self.base_dist.event_shape))
        return base if change is None else base - change

    def cdf(self, value: Tensor) -> Tensor:
        """The base's distribution function at the inverse; turned round by a decreasing transform."""
        for transform in reversed(self.transforms):
            value = transform._inv_call(value)
        return self._turned(self.base_dist.cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of the distribution function."""
        return self._through(self.base_dist.icdf(self._turned(value)))

    def _turned(self, p: Tensor) -> Tensor:
        sign = ComposeTransform(self.transforms).sign
        if isinstance(sign, int) and sign == 1:
            return p
        made: Tensor = sign * (p - 0.5) + 0.5
        return made


def _listed(transforms: Any) -> list[Transform]:
    if isinstance(transforms, Transform):
        return [transforms]
    if not isinstance(transforms, list):
        raise ArgumentError(f"transforms must be a Transform or list, but was {transforms}")
    if not all(isinstance(t, Transform) for t in transforms):
        raise ArgumentError("transforms must be a Transform or a list of Transforms")
    return transforms
