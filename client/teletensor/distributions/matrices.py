"""Distributions with a positive definite matrix among their parameters, and what they compute of its factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, linalg
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import lazy_property
from teletensor.size import Size
from teletensor.tensor import Tensor


class OfMatrix(Distribution):
    """Given by a covariance matrix, its inverse, or its lower triangular factor; the others are computed when asked
    for. The factor that is computed with keeps the given batch.
    """

    _given: Tensor
    _factor: Tensor

    def _take_matrix(self, given: dict[str, Tensor | None], batch: Sequence[int], refusal: type[Exception]) -> Size:
        """Keep the one matrix that is given, for the whole batch, whose shape comes back. Errors for none or two."""
        matrices = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(matrices) != 1:
            raise refusal("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        ((name, matrix),) = matrices.items()
        if matrix.dim() < 2:
            raise ArgumentError(
                f"{name} matrix must be at least two-dimensional, with optional leading batch dimensions"
            )
        shape = functions.broadcast_shapes(matrix.shape[:-2], batch)
        setattr(self, name, matrix.expand((*shape, *matrix.shape[-2:])))
        self._given = matrix
        return Size(shape)

    def _factorize(self) -> None:
        if "scale_tril" in vars(self):
            self._factor = self._given
        elif "covariance_matrix" in vars(self):
            self._factor = linalg.cholesky(self._given)
        else:
            self._factor = _factor_of_inverse(self._given)

    def _for_batch(self, matrix: Tensor) -> Tensor:
        return matrix.expand(self._batch_shape + matrix.shape[-2:])

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The lower triangular factor of the covariance matrix."""
        return self._for_batch(self._factor)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """The covariance matrix."""
        return self._for_batch(self._factor @ self._factor.mT)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance matrix."""
        return self._for_batch(functions.cholesky_inverse(self._factor))


def _factor_of_inverse(matrix: Tensor) -> Tensor:
    """The lower factor of a matrix's inverse: that of the matrix read backwards, inverted."""
    backwards = linalg.cholesky(functions.flip(matrix, (-2, -1)))
    identity = factories.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return linalg.solve_triangular(functions.flip(backwards, (-2, -1)).mT, identity, upper=False)


def times(matrix: Tensor, vector: Tensor) -> Tensor:
    """The product with a vector, for a batch of each."""
    return (matrix @ vector.unsqueeze(-1)).squeeze(-1)


def solved(factor: Tensor, right: Tensor) -> Tensor:
    """The solution X of `factor X = right` for a lower triangular factor, for a batch of each."""
    batch = functions.broadcast_shapes(factor.shape[:-2], right.shape[:-2])
    factor, right = factor.expand((*batch, *factor.shape[-2:])), right.expand((*batch, *right.shape[-2:]))
    return linalg.solve_triangular(factor, right, upper=False)


def mahalanobis(factor: Tensor, gap: Tensor) -> Tensor:
    """The squared length of vectors, measured by the inverse of the factor's matrix."""
    if factor.dim() == 2:
        # All vectors as columns of one system.
        columns = solved(factor, gap.reshape(-1, gap.shape[-1]).mT)
        return columns.pow(2).sum(-2).reshape(gap.shape[:-1])
    return solved(factor, gap.unsqueeze(-1)).pow(2).sum((-2, -1))


def squares(matrix: Tensor) -> Tensor:
    """The sum of the squares of matrices' elements."""
    return matrix.pow(2).sum((-2, -1))


def log_diagonal(factor: Tensor) -> Tensor:
    """The logarithm of a triangular matrix's determinant."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def on_diagonal(matrix: Tensor, number: Any) -> Tensor:
    """The matrix with the number added along its diagonal."""
    result: Tensor = matrix + number * factories.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
    return result
