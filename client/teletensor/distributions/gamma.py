"""The gamma distribution and its kin: chi-squared, beta, Dirichlet, Fisher-Snedecor, Student."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, broadcast_all, check
from teletensor.functions.sampling import standard_gamma
from teletensor.tensor import Tensor

_POSITIVE = "GreaterThan(lower_bound=0.0)"


def _log_beta(a: Tensor, b: Tensor) -> Tensor:
    return functions.lgamma(a) + functions.lgamma(b) - functions.lgamma(a + b)


class Gamma(Distribution):
    """The gamma distribution of shape `concentration` and rate `rate`."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration: float | Tensor, rate: float | Tensor, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """`concentration / rate`."""
        return self.concentration / self.rate

    @property
    def mode(self) -> Tensor:
        """`(concentration - 1) / rate`, at least 0."""
        return ((self.concentration - 1) / self.rate).clamp(min=0)

    @property
    def variance(self) -> Tensor:
        """`concentration / rate ** 2`."""
        return self.concentration / self.rate.pow(2)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both parameters."""
        shape = self._extended_shape(sample_shape)
        made = standard_gamma(self.concentration.expand(shape)) / self.rate.expand(shape)
        return made.clamp(min=functions.finfo(made.dtype).tiny)

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density."""
        value = factories.as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        powers = functions.xlogy(self.concentration, self.rate) + functions.xlogy(self.concentration - 1, value)
        made: Tensor = powers - self.rate * value - functions.lgamma(self.concentration)
        return made

    def cdf(self, value: Tensor) -> Tensor:
        """The distribution function."""
        return functions.igamma(*broadcast_all(self.concentration, self.rate * value))

    def entropy(self) -> Tensor:
        """The entropy."""
        a = self.concentration
        return a - self.rate.log() + functions.lgamma(a) + (1.0 - a) * functions.digamma(a)


class Chi2(Gamma):
    """The distribution of the sum of `df` squared standard normal numbers."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {"df": constraints.positive}

    def __init__(self, df: float | Tensor, validate_args: bool | None = None) -> None:
        (freedom,) = broadcast_all(df)
        check("df", freedom > 0, freedom, _POSITIVE, validate_args)
        super().__init__(0.5 * freedom, freedom.new_tensor(0.5), validate_args=False)

    @property
    def df(self) -> Tensor:
        """The degrees of freedom."""
        return self.concentration * 2


class Dirichlet(Distribution):
    """The Dirichlet distribution: over probabilities along the last dimension."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration": constraints.independent(constraints.positive, 1)
    }
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Tensor, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ArgumentError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """The shares of the concentrations."""
        return self.concentration / self.concentration.sum(-1, keepdim=True)

    @property
    def mode(self) -> Tensor:
        """The most probable probabilities: where all concentrations are below 1, all of the greatest's."""
        above = (self.concentration - 1).clamp(min=0.0)
        made = above / above.sum(-1, keepdim=True)
        none = (self.concentration < 1).all(dim=-1, keepdim=True)
        corner = _one_hot(made.nan_to_num(0.0).argmax(dim=-1), self.concentration)
        return functions.where(none, corner, made)

    @property
    def variance(self) -> Tensor:
        """The variances."""
        total = self.concentration.sum(-1, keepdim=True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the concentrations."""
        made = standard_gamma(self.concentration.expand(self._extended_shape(sample_shape)))
        return made / made.sum(-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return (
            functions.xlogy(self.concentration - 1.0, value).sum(-1)
            + functions.lgamma(self.concentration.sum(-1))
            - functions.lgamma(self.concentration).sum(-1)
        )

    def entropy(self) -> Tensor:
        """The entropy."""
        count, total = self.concentration.size(-1), self.concentration.sum(-1)
        return (
            functions.lgamma(self.concentration).sum(-1)
            - functions.lgamma(total)
            - (count - total) * functions.digamma(total)
            - ((self.concentration - 1.0) * functions.digamma(self.concentration)).sum(-1)
        )


def _one_hot(index: Tensor, like: Tensor) -> Tensor:
    from teletensor.nn.functional import one_hot

    return one_hot(index, like.shape[-1]).to(like.dtype)


class Beta(Distribution):
    """The beta distribution."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, concentration1: float | Tensor, concentration0: float | Tensor, validate_args: bool | None = None
    ) -> None:
        one, zero = broadcast_all(concentration1, concentration0)
        check("concentration1", one > 0, one, _POSITIVE, validate_args)
        check("concentration0", zero > 0, zero, _POSITIVE, validate_args)
        self._dirichlet = Dirichlet(functions.stack([one, zero], -1), validate_args=False)
        super().__init__(one.shape, validate_args=False)

    @property
    def concentration1(self) -> Tensor:
        """The first concentration."""
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Tensor:
        """The second concentration."""
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Tensor:
        """The first concentration's share."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Tensor:
        """The most probable number."""
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Tensor:
        """The variance."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by both concentrations."""
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        return self._dirichlet.log_prob(functions.stack([value, 1.0 - value], -1))

    def entropy(self) -> Tensor:
        """The entropy."""
        return self._dirichlet.entropy()


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
        return first / second.clamp(min=functions.finfo(second.dtype).tiny)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        half1, half2, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        return (
            half1 * ratio.log()
            + (half1 - 1) * value.log()
            - (half1 + half2) * functions.log1p(ratio * value)
            - _log_beta(half1, half2)
        )


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
        normal = factories.randn(shape, dtype=self.df.dtype, device=self.df.device)
        squares = standard_gamma((self.df * 0.5).expand(shape)) * 2
        return self.loc + self.scale * normal * functions.rsqrt(squares / self.df)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        y, half = (value - self.loc) / self.scale, 0.5 * self.df
        constant = self.scale.log() + 0.5 * self.df.log() + 0.5 * math.log(math.pi)
        constant = constant + functions.lgamma(half) - functions.lgamma(half + 0.5)
        return -0.5 * (self.df + 1.0) * functions.log1p(y**2.0 / self.df) - constant

    def entropy(self) -> Tensor:
        """The entropy."""
        half = 0.5 * self.df
        beta = functions.lgamma(half) + math.lgamma(0.5) - functions.lgamma(half + 0.5)
        spread = functions.digamma(half + 0.5) - functions.digamma(half)
        return self.scale.log() + (half + 0.5) * spread + 0.5 * self.df.log() + beta
