"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, linalg
from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution, check
from teletensor.size import Size
from teletensor.tensor import Tensor


class MultivariateNormal(Distribution):
    """Normal vectors with mean `loc` and a covariance matrix, given as one of itself, its inverse, or its factor."""

    arg_constraints: ClassVar[dict[str, Constraint]] = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = [m for m in (covariance_matrix, precision_matrix, scale_tril) if m is not None]
        if len(given) != 1:
            raise ArgumentError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        if loc.dim() < 1:
            raise ArgumentError("loc must be at least one-dimensional.")
        (matrix,) = given
        if matrix.dim() < 2:
            raise ArgumentError("the matrix must be at least two-dimensional, with optional leading batch dimensions")
        batch = functions.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.loc = loc.expand((*batch, loc.shape[-1]))
        self._given = matrix.expand((*batch, *matrix.shape[-2:]))
        kinds = {"covariance": covariance_matrix, "precision": precision_matrix, "scale": scale_tril}
        self._kind = next(kind for kind, m in kinds.items() if m is not None)
        self._shown = ("scale_tril" if self._kind == "scale" else f"{self._kind}_matrix",)
        super().__init__(batch, loc.shape[-1:], validate_args=False)
        if self._kind == "scale":
            diagonal = matrix.diagonal(dim1=-2, dim2=-1)
            check("scale_tril", diagonal > 0, matrix, "LowerCholesky()", validate_args)
        else:
            symmetric = functions.isclose(matrix, matrix.mT, atol=1e-6)
            check(f"{self._kind}_matrix", symmetric, matrix, "PositiveDefinite()", validate_args)
        self._factor = self._made_factor()

    def _made_factor(self) -> Tensor:
        if self._kind == "scale":
            return self._given
        if self._kind == "covariance":
            return linalg.cholesky(self._given)
        # The factor of the inverse: that of the matrix read backwards, inverted.
        backwards = linalg.cholesky(functions.flip(self._given, (-2, -1)))
        return linalg.inv(functions.flip(backwards, (-2, -1)).mT)

    @property
    def scale_tril(self) -> Tensor:
        """The lower triangular factor of the covariance matrix."""
        return self._factor

    @property
    def covariance_matrix(self) -> Tensor:
        """The covariance matrix."""
        return self._given if self._kind == "covariance" else self._factor @ self._factor.mT

    @property
    def precision_matrix(self) -> Tensor:
        """The inverse of the covariance matrix."""
        return self._given if self._kind == "precision" else functions.cholesky_inverse(self._factor)

    @property
    def mean(self) -> Tensor:
        """`loc`."""
        return self.loc

    mode = mean

    @property
    def variance(self) -> Tensor:
        """The covariance matrix's diagonal."""
        return self._factor.pow(2).sum(-1).expand(self._batch_shape + self._event_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Samples, differentiable by the parameters."""
        noise = factories.randn(self._extended_shape(sample_shape), dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + (self._factor @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        gap = (value - self.loc).unsqueeze(-1)
        factor = self._factor.expand(Size((*gap.shape[:-2], *self._factor.shape[-2:])))
        distance = linalg.solve_triangular(factor, gap, upper=False).squeeze(-1).pow(2).sum(-1)
        half = self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        made: Tensor = -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - half
        return made

    def entropy(self) -> Tensor:
        """The entropy."""
        half = self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        made: Tensor = (0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + half).expand(self._batch_shape)
        return made
