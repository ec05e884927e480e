"""Transforms of vectors and matrices: to probabilities, and to factors and matrices that are positive definite."""

from __future__ import annotations

import math
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, linalg
from teletensor.distributions import constraints
from teletensor.distributions.pointwise_transforms import Plain, clipped_sigmoid
from teletensor.distributions.transform import enough
from teletensor.distributions.utils import tril_matrix_to_vec, vec_to_tril_matrix
from teletensor.tensor import Tensor


def _after(first: float, x: Tensor) -> Tensor:
    """The number, and the tensor's elements after it, along the last dimension."""
    return functions.cat([factories.full_like(x[..., :1], first), x], -1)


class SoftmaxTransform(Plain):
    """The softmax of the last dimension; its inverse is the logarithm, up to a constant."""

    domain = constraints.real_vector
    codomain = constraints.simplex

    def _call(self, x: Tensor) -> Tensor:
        return functions.softmax(x, -1)

    def _inverse(self, y: Tensor) -> Tensor:
        return y.log()

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        return enough(shape, 1)

    inverse_shape = forward_shape


class StickBreakingTransform(Plain):
    """Probabilities of one more number than there are: each takes its share, a sigmoid, of what is left."""

    domain = constraints.real_vector
    codomain = constraints.simplex
    bijective = True

    @staticmethod
    def _moved(x: Tensor) -> Tensor:
        """`x`, less the logarithms of how many shares come after: zeros then give equal probabilities."""
        count = x.shape[-1]
        return x - factories.arange(count, 0, -1, dtype=x.dtype, device=x.device).log()

    def _call(self, x: Tensor) -> Tensor:
        share = clipped_sigmoid(self._moved(x))
        left = (1 - share).cumprod(-1)
        return functions.cat([share, factories.ones_like(share[..., :1])], -1) * _after(1.0, left)

    def _inverse(self, y: Tensor) -> Tensor:
        taken = y[..., :-1]
        left = (1 - taken.cumsum(-1)).clamp(min=functions.finfo(y.dtype).tiny)
        count = taken.shape[-1]
        return taken.log() - left.log() + factories.arange(count, 0, -1, dtype=y.dtype, device=y.device).log()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """The sum of the shares' slopes, in logarithms."""
        from teletensor.nn.functional import logsigmoid

        moved = self._moved(x)
        return (-moved + logsigmoid(moved) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        shape = enough(shape, 1)
        return (*shape[:-1], shape[-1] + 1)

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of x for that of y."""
        shape = enough(shape, 1)
        return (*shape[:-1], shape[-1] - 1)


class LowerCholeskyTransform(Plain):
    """Lower triangular matrices, whose diagonal is the exponential of the given one."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.lower_cholesky

    def _call(self, x: Tensor) -> Tensor:
        return x.tril(-1) + functions.diag_embed(x.diagonal(dim1=-2, dim2=-1).exp())

    def _inverse(self, y: Tensor) -> Tensor:
        return y.tril(-1) + functions.diag_embed(y.diagonal(dim1=-2, dim2=-1).log())


class PositiveDefiniteTransform(Plain):
    """Positive definite matrices: products of LowerCholeskyTransform's with their transposes."""

    domain = constraints.independent(constraints.real, 2)
    codomain = constraints.positive_definite

    def _call(self, x: Tensor) -> Tensor:
        factor = LowerCholeskyTransform()._call(x)
        return factor @ factor.mT

    def _inverse(self, y: Tensor) -> Tensor:
        return LowerCholeskyTransform()._inverse(linalg.cholesky(y))


class CorrCholeskyTransform(Plain):
    """Lower triangular factors of correlation matrices, of vectors with D (D - 1) / 2 elements.

    Each row is a point of a half sphere, whose coordinates are shares, hyperbolic tangents, of what is left of its
    unit length. Source: Stan Reference Manual, "Cholesky factors of correlation matrices".
    """

    domain = constraints.real_vector
    codomain = constraints.corr_cholesky
    bijective = True

    def _call(self, x: Tensor) -> Tensor:
        eps = functions.finfo(x.dtype).eps
        share = vec_to_tril_matrix(x.tanh().clamp(min=-1 + eps, max=1 - eps), diag=-1)
        left = (1 - share.square()).sqrt().cumprod(-1)
        whole = share + factories.eye(share.shape[-1], dtype=x.dtype, device=x.device)
        return whole * _after(1.0, left[..., :-1])

    def _inverse(self, y: Tensor) -> Tensor:
        left = _after(1.0, (1 - y.square().cumsum(-1))[..., :-1])
        share = tril_matrix_to_vec(y, diag=-1) / tril_matrix_to_vec(left, diag=-1).sqrt()
        return (functions.log1p(share) - functions.log1p(-share)) / 2

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor, intermediates: Any = None) -> Tensor:
        """That of the elements below the diagonal by `x`. `intermediates` has no effect."""
        from teletensor.nn.functional import softplus

        left = tril_matrix_to_vec(1 - y.square().cumsum(-1), diag=-2)
        of_shares = -2 * (x + softplus(-2 * x) - math.log(2.0)).sum(-1)
        return 0.5 * left.log().sum(-1) + of_shares

    def forward_shape(self, shape: Any) -> Any:
        """The shape of y for that of x."""
        shape = enough(shape, 1)
        size = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != shape[-1]:
            raise ArgumentError("Input is not a flattened lower-diagonal number")
        return (*shape[:-1], size, size)

    def inverse_shape(self, shape: Any) -> Any:
        """The shape of x for that of y."""
        shape = enough(shape, 2)
        if shape[-2] != shape[-1]:
            raise ArgumentError("Input is not square")
        return (*shape[:-2], shape[-1] * (shape[-1] - 1) // 2)
