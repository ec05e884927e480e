"""Factors of random correlation matrices.

Source: Lewandowski, Kurowicka and Joe, "Generating random correlation matrices based on vines and extended onion
method", 2009.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, grad_mode
from teletensor.distributions import constraints
from teletensor.distributions.beta import Beta
from teletensor.distributions.constraints import Constraint
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.utils import broadcast_all, lazy_property, standard_normal
from teletensor.special import multigammaln
from teletensor.tensor import Tensor


class LKJCholesky(Distribution):
    """Lower triangular factors of correlation matrices of size `dim`, with a density in proportion to the power
    `concentration - 1` of the matrix's determinant.
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim: int, concentration: float | Tensor = 1.0, validate_args: bool | None = None) -> None:
        if dim < 2:
            raise ArgumentError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args)

    @lazy_property
    def _beta(self) -> Beta:
        """The squared lengths of rows, without their last elements."""
        like = self.concentration
        offset = factories.arange(-1, self.dim - 1, dtype=like.dtype, device=like.device).clamp(min=0)
        rest = self.concentration + 0.5 * (self.dim - 2)
        return Beta(offset + 0.5, rest.unsqueeze(-1) - 0.5 * offset, validate_args=False)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Factors, by the onion method: a row after another, in a random direction."""
        with grad_mode.no_grad():
            squared = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = standard_normal(self._extended_shape(sample_shape), squared).tril(-1)
            # The first row of the triangle is zeros, which have no direction.
            length = normal.square().sum(-1, keepdim=True).sqrt()
            rows = squared.sqrt() * normal / functions.where(length > 0, length, 1.0)
            last = (1 - rows.square().sum(-1)).clamp(min=functions.finfo(rows.dtype).tiny).sqrt()
            return rows + functions.diag_embed(last)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the density."""
        diagonal = self._checked(value).diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = self.dim - factories.arange(2, self.dim + 1, device=self.concentration.device)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + order
        rest = self.dim - 1
        alpha = self.concentration + 0.5 * rest
        normalizer = 0.5 * rest * math.log(math.pi) + multigammaln(alpha - 0.5, rest)
        return (order * diagonal.log()).sum(-1) - (normalizer - functions.lgamma(alpha) * rest)
