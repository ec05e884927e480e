"""Normal vectors with a covariance matrix of low rank, and a diagonal."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import functions, linalg
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.matrices import log_diagonal, mahalanobis, on_diagonal, solved, times
from teletensor.distributions.utils import lazy_property, standard_normal
from teletensor.tensor import Tensor


class LowRankMultivariateNormal(Distribution):
    """Normal vectors with mean `loc` and covariance `cov_factor @ cov_factor.mT + diag(cov_diag)`.

    Its inverse and determinant come, by the lemmas of Woodbury and of the determinant, from the small matrix
    `I + cov_factor.mT @ diag(1 / cov_diag) @ cov_factor`.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc: Tensor, cov_factor: Tensor, cov_diag: Tensor, validate_args: bool | None = None) -> None:
        _check_shapes(loc, cov_factor, cov_diag)
        try:
            batch = functions.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        except RuntimeError as error:
            raise ArgumentError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, cov_diag {cov_diag.shape}"
            ) from error
        self.loc, self.cov_diag = (x.expand((*batch, x.shape[-1])) for x in (loc, cov_diag))
        self.cov_factor = cov_factor.expand((*batch, *cov_factor.shape[-2:]))
        self._W, self._D = cov_factor, cov_diag
        super().__init__(batch, loc.shape[-1:], validate_args)
        self._small = linalg.cholesky(on_diagonal(self._scaled @ cov_factor, 1))

    @property
    def _scaled(self) -> Tensor:
        """The factor's transpose, over the diagonal."""
        return self._W.mT / self._D.unsqueeze(-2)

    def _for_batch(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + self._event_shape * 2)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    mode = mean

    @lazy_property
    def variance(self) -> Tensor:
        """The covariance matrix's diagonal."""
        return (self._W.pow(2).sum(-1) + self._D).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangular factor of the covariance matrix."""
        root = self._D.sqrt().unsqueeze(-1)
        scaled = self._W / root
        return self._for_batch(root * linalg.cholesky(on_diagonal(scaled @ scaled.mT, 1)))

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance matrix."""
        return self._for_batch(self._W @ self._W.mT + functions.diag_embed(self._D))

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance matrix."""
        half = solved(self._small, self._scaled)
        return self._for_batch(functions.diag_embed(self._D.reciprocal()) - half.mT @ half)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        shape = self._extended_shape(sample_shape)
        common = times(self._W, standard_normal((*shape[:-1], self._W.shape[-1]), self.loc))
        return self.loc + common + self._D.sqrt() * standard_normal(shape, self.loc)

    def _distance(self, gap: Tensor) -> Tensor:
        """The squared length of vectors, measured by the inverse of the covariance matrix."""
        return (gap.pow(2) / self._D).sum(-1) - mahalanobis(self._small, times(self._scaled, gap))

    def _log_determinant(self) -> Tensor:
        """The logarithm of the covariance matrix's determinant."""
        return 2 * log_diagonal(self._small) + self._D.log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        distance = self._distance(self._checked(value) - self.loc)
        result: Tensor = -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_determinant() + distance)
        return result

    def entropy(self) -> Tensor:
        """The entropy."""
        constant = self._event_shape[0] * (1.0 + math.log(2 * math.pi))
        result: Tensor = (0.5 * (constant + self._log_determinant())).expand(self._batch_shape)
        return result


def _check_shapes(loc: Tensor, cov_factor: Tensor, cov_diag: Tensor) -> None:
    if loc.dim() < 1:
        raise ArgumentError("loc must be at least one-dimensional.")
    event = loc.shape[-1:]
    if cov_factor.dim() < 2:
        raise ArgumentError("cov_factor must be at least two-dimensional, with optional leading batch dimensions")
    if cov_factor.shape[-2:-1] != event:
        raise ArgumentError(f"cov_factor must be a batch of matrices with shape {event[0]} x m")
    if cov_diag.shape[-1:] != event:
        raise ArgumentError(f"cov_diag must be a batch of vectors with shape {event}")
