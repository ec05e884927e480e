"""The von Mises distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import functions, grad_mode, ops
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import broadcast_all, lazy_property
from teletensor.functions.sampling import von_mises
from teletensor.tensor import Tensor


class VonMises(Distribution):
    """Angles around `loc`, which for large concentrations are as good as normal numbers of that precision."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc: float | Tensor, concentration: float | Tensor, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc`, the mean direction."""
        return self.loc

    mode = mean

    @lazy_property
    def variance(self) -> Tensor:
        """The circular variance."""
        return 1 - ops.i1e(self.concentration) / ops.i0e(self.concentration)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Angles from -pi to pi."""
        with grad_mode.no_grad():
            around = von_mises(self.concentration.expand(self._extended_shape(sample_shape)))
            return functions.remainder(around + math.pi + self.loc, 2 * math.pi) - math.pi

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        gap = functions.cos(self._checked(value) - self.loc) - 1
        return self.concentration * gap - math.log(2 * math.pi) - ops.i0e(self.concentration).log()
