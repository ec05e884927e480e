"""Batches of distributions as distributions of larger events."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError, UnsupportedError

from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import sum_rightmost
from teletensor.tensor import Tensor


class Independent(Distribution):
    """The last dimensions of a batch of distributions as one event."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {}

    def __init__(
        self, base_distribution: Any, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        count, batch = reinterpreted_batch_ndims, base_distribution.batch_shape
        if count > len(batch):
            raise ArgumentError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {count} vs {len(batch)}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, count
        shape, cut = batch + base_distribution.event_shape, len(batch) - count
        super().__init__(shape[:cut], shape[cut:], validate_args)

    @constraints.dependent_property
    def support(self) -> Constraint:
        """The base's, of whole events."""
        made: Constraint = self.base_dist.support
        count = self.reinterpreted_batch_ndims
        return constraints.independent(made, count) if count else made

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base has differentiable samples."""
        made: bool = self.base_dist.has_rsample
        return made

    @property
    def has_enumerate_support(self) -> bool:  # type: ignore[override]
        """Whether the base's values can be counted, and an event is one of them."""
        return not self.reinterpreted_batch_ndims and bool(self.base_dist.has_enumerate_support)

    @property
    def mean(self) -> Tensor:
        """The base's."""
        made: Tensor = self.base_dist.mean
        return made

    @property
    def mode(self) -> Tensor:
        """The base's."""
        made: Tensor = self.base_dist.mode
        return made

    @property
    def variance(self) -> Tensor:
        """The base's."""
        made: Tensor = self.base_dist.variance
        return made

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """The base's."""
        made: Tensor = self.base_dist.sample(sample_shape)
        return made

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """The base's."""
        made: Tensor = self.base_dist.rsample(sample_shape)
        return made

    def log_prob(self, value: Tensor) -> Tensor:
        """The sums of the base's over an event."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        """The sums of the base's over an event."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """The base's. UnsupportedError for events of several of them."""
        if self.reinterpreted_batch_ndims > 0:
            raise UnsupportedError("Enumeration over cartesian product is not implemented")
        made: Tensor = self.base_dist.enumerate_support(expand=expand)
        return made

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"
