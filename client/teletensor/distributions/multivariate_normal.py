"""The multivariate normal distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor.distributions import constraints
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.matrices import OfMatrix, log_diagonal, mahalanobis, times
from teletensor.distributions.utils import standard_normal
from teletensor.tensor import Tensor


class MultivariateNormal(OfMatrix, Distribution):
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
        if loc.dim() < 1:
            raise ArgumentError("loc must be at least one-dimensional.")
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        batch = self._take_matrix(given, loc.shape[:-1], ArgumentError)
        self.loc = loc.expand((*batch, loc.shape[-1]))
        super().__init__(batch, loc.shape[-1:], validate_args)
        self._factorize()

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
        return self.loc + times(self._factor, standard_normal(self._extended_shape(sample_shape), self.loc))

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        distance = mahalanobis(self._factor, self._checked(value) - self.loc)
        constant = self._event_shape[0] * math.log(2 * math.pi)
        result: Tensor = -0.5 * (constant + distance) - log_diagonal(self._factor)
        return result

    def entropy(self) -> Tensor:
        """The entropy."""
        constant = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi))
        result: Tensor = (constant + log_diagonal(self._factor)).expand(self._batch_shape)
        return result
