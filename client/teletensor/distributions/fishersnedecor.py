"""The Fisher-Snedecor distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor import functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import broadcast_all
from teletensor.functions.sampling import standard_gamma
from teletensor.tensor import Tensor


class FisherSnedecor(Distribution):
    """The distribution of the ratio of two chi-squared numbers over their degrees of freedom."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: float | Tensor, df2: float | Tensor, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = broadcast_all(df1, df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`df2 / (df2 - 2)`; NaN up to 2."""
        freedom = functions.where(self.df2 <= 2, math.nan, self.df2)
        return freedom / (freedom - 2)

    @property
    def mode(self) -> Tensor:
        """The most probable number; NaN for a `df1` up to 2."""
        made = (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2)
        return functions.where(self.df1 <= 2, math.nan, made)

    @property
    def variance(self) -> Tensor:
        """The variance; NaN for a `df2` up to 4."""
        freedom = functions.where(self.df2 <= 4, math.nan, self.df2)
        return 2 * freedom.pow(2) * (self.df1 + freedom - 2) / (self.df1 * (freedom - 2).pow(2) * (freedom - 4))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        shape = self._extended_shape(sample_shape)
        first = standard_gamma((self.df1 * 0.5).expand(shape)) / self.df1
        second = standard_gamma((self.df2 * 0.5).expand(shape)) / self.df2
        tiny = functions.finfo(second.dtype).tiny
        return (first / second.clamp(min=tiny)).clamp(min=tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value = self._checked(value)
        half1, half2, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        beta = functions.lgamma(half1) + functions.lgamma(half2) - functions.lgamma(half1 + half2)
        powers = half1 * ratio.log() + (half1 - 1) * value.log()
        return powers - (half1 + half2) * functions.log1p(ratio * value) - beta
