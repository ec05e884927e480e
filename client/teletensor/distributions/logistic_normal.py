"""The logistic normal distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.normal import Normal
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.transforms import StickBreakingTransform
from teletensor.tensor import Tensor


class LogisticNormal(TransformedDistribution):
    """Probabilities that normal vectors become by breaking a stick: one more of them than the vector has numbers."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True
    base_dist: Any

    def __init__(self, loc: float | Tensor, scale: float | Tensor, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args)
        super().__init__(base if base.batch_shape else base.expand([1]), StickBreakingTransform(), validate_args)

    @property
    def loc(self) -> Tensor:
        """The normal vectors' mean."""
        made: Tensor = self.base_dist.base_dist.loc
        return made

    @property
    def scale(self) -> Tensor:
        """The normal vectors' standard deviation."""
        made: Tensor = self.base_dist.base_dist.scale
        return made
