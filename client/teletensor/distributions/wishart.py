"""The Wishart distribution."""

from __future__ import annotations

import math
import warnings
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, linalg
from teletensor.compiler import is_compiling
from teletensor.distributions import constraints
from teletensor.distributions.chi2 import Chi2
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.matrices import OfMatrix, log_diagonal
from teletensor.distributions.utils import standard_normal
from teletensor.special import multigammaln
from teletensor.tensor import Tensor


class Wishart(OfMatrix, ExponentialFamily):
    """The distribution of the sum of `df` products of normal vectors with themselves: positive definite matrices.

    The vectors' covariance matrix is given as itself, its inverse, or its factor. Warns of a `df` below the matrix's
    size, of which samples are singular, and that is a wait; ArgumentError for one that is smaller by 1 or more.
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    def __init__(
        self, df: float | Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        batch = self._take_matrix(given, df.shape if isinstance(df, Tensor) else (), AssertionError)
        size = self._given.shape[-1]
        freedom = df if isinstance(df, Tensor) else self._given.new_full((), float(df))
        self.df = freedom.expand(batch)
        super().__init__(batch, self._given.shape[-2:], validate_args)
        if self._validate_args and not is_compiling():
            _check_freedom(df, freedom, size)
        self._factorize()

    @property
    def arg_constraints(self) -> dict[str, Constraint]:  # type: ignore[override]
        """The parameters' constraints, of which one depends on the matrix's size."""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    @property
    def mean(self) -> Tensor:
        """`df` times the covariance matrix."""
        return self.df[..., None, None] * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        """The most probable matrix; NaN for a `df` up to the matrix's size and 1."""
        factor = self.df - self._event_shape[-1] - 1
        factor = functions.where(factor <= 0, math.nan, factor)
        return factor[..., None, None] * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        """The variances of the elements."""
        matrix = self.covariance_matrix
        diagonal = matrix.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (matrix.pow(2) + diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2))

    def rsample(self, sample_shape: Any = (), max_try_correction: int | None = None) -> Tensor:
        """Samples, differentiable by the parameters. One that is singular is drawn again, `max_try_correction` times,
        or once.
        """
        made = self._bartlett(sample_shape)
        for _ in range(1 if max_try_correction is None else max_try_correction):
            sound = self.support.check(made.detach())
            made = functions.where(sound[..., None, None], made, self._bartlett(sample_shape))
        return made

    def _bartlett(self, sample_shape: Any) -> Tensor:
        """Bartlett's decomposition: normal numbers below a diagonal of roots of chi-squared ones."""
        shape, size = self._extended_shape(sample_shape), self._event_shape[-1]
        freedom = self.df.unsqueeze(-1) - factories.arange(size, dtype=self.df.dtype, device=self.df.device)
        roots = Chi2(freedom, validate_args=False).rsample(sample_shape).sqrt()
        roots = roots.clamp(min=functions.finfo(roots.dtype).eps)
        factor = self._factor @ (functions.diag_embed(roots) + standard_normal(shape, self._factor).tril(-1))
        return factor @ factor.mT

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        value, size = self._checked(value), self._event_shape[-1]
        trace = functions.cholesky_solve(value, self._factor).diagonal(dim1=-2, dim2=-1).sum(-1)
        result: Tensor = (
            (self.df - size - 1) / 2 * linalg.slogdet(value).logabsdet
            - self.df * (size * math.log(2) / 2 + log_diagonal(self._factor))
            - multigammaln(self.df / 2, size)
            - trace / 2
        )
        return result

    def entropy(self) -> Tensor:
        """The entropy."""
        size, half = self._event_shape[-1], self.df / 2
        steps = factories.arange(size, dtype=half.dtype, device=half.device) / 2
        slope = functions.digamma(half.unsqueeze(-1) - steps).sum(-1)
        result: Tensor = (
            (size + 1) * (size * math.log(2) / 2 + log_diagonal(self._factor))
            + multigammaln(half, size)
            - (self.df - size - 1) / 2 * slope
            + self.df * size / 2
        )
        return result

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:
        size = self._event_shape[-1]
        half = y + (size + 1) / 2
        result: Tensor = half * (size * math.log(2) - linalg.slogdet(-2 * x).logabsdet) + multigammaln(half, size)
        return result


def _check_freedom(given: Any, freedom: Tensor, size: int) -> None:
    least = float(freedom.min())
    if least <= size - 1:
        raise ArgumentError(f"Value of df={given} expected to be greater than ndim - 1 = {size - 1}.")
    if least < size:
        warnings.warn(
            "Low df values detected. Singular samples are highly likely to occur for ndim - 1 < df < ndim.",
            stacklevel=3,
        )
