"""Student's distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import broadcast_all, standard_normal
from teletensor.functions.sampling import standard_gamma
from teletensor.tensor import Tensor


class StudentT(Distribution):
    """Student's distribution of `df` degrees of freedom, moved and scaled."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "df": constraints.positive,
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True

    def __init__(
        self, df: float | Tensor, loc: float | Tensor = 0.0, scale: float | Tensor = 1.0,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`loc`; NaN for a `df` up to 1."""
        return functions.where(self.df <= 1, math.nan, self.loc)

    @property
    def mode(self) -> Tensor:
        """`loc`."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variance: infinite for a `df` up to 2, NaN up to 1."""
        made = self.scale.pow(2) * self.df / (self.df - 2)
        made = functions.where(self.df > 2, made, math.inf)
        return functions.where(self.df <= 1, math.nan, made)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by all parameters."""
        shape = self._extended_shape(sample_shape)
        squares = standard_gamma((self.df * 0.5).expand(shape)) * 2
        return self.loc + self.scale * standard_normal(shape, self.df) * functions.rsqrt(squares / self.df)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        y, half = (self._checked(value) - self.loc) / self.scale, 0.5 * self.df
        constant = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi)
        constant = constant + functions.lgamma(half) - functions.lgamma(half + 0.5)
        return -0.5 * (self.df + 1.0) * functions.log1p(y**2.0 / self.df) - constant

    def entropy(self) -> Tensor:
        """The entropy."""
        half = 0.5 * self.df
        beta = functions.lgamma(half) + math.lgamma(0.5) - functions.lgamma(half + 0.5)
        spread = functions.digamma(half + 0.5) - functions.digamma(half)
        return self.scale.log() + (half + 0.5) * spread + 0.5 * self.df.log() + beta
