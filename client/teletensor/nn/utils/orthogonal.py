"""A matrix that stays orthogonal while it is trained."""

from __future__ import annotations

import teletensor as tt
from teletensor import linalg, ops
from teletensor.nn.module import Module
from teletensor.nn.utils import parametrize
from teletensor.tensor import Tensor

_MAPS = ("matrix_exp", "cayley", "householder")


class _Orthogonal(Module):
    """An orthogonal matrix from any matrix, at `base` when that is kept."""

    base: Tensor

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """The orthogonal matrix, of the shape of X."""
        transposed = X.shape[-2] < X.shape[-1]
        X = X.mT if transposed else X
        Q = self._reflected(X) if self.orthogonal_map == "householder" else self._turned(X)
        if hasattr(self, "base"):
            Q = self.base @ Q
        return Q.mT if transposed else Q

    def _turned(self, X: Tensor) -> Tensor:
        """By the exponential, or Cayley's map, of a skew-symmetric matrix."""
        n, k = X.shape[-2:]
        X = X.tril()
        if n != k:
            X = tt.cat([X, X.new_zeros(*X.shape[:-2], n, n - k)], dim=-1)
        A = X - X.mH
        if self.orthogonal_map == "matrix_exp":
            return tt.matrix_exp(A)[..., :k]
        one = tt.eye(n, dtype=A.dtype, device=A.device)
        return linalg.solve(tt.add(one, A, alpha=-0.5), tt.add(one, A, alpha=0.5))[..., :k]

    def _reflected(self, X: Tensor) -> Tensor:
        """By reflections, and signs that the diagonal of X holds."""
        A = X.tril(diagonal=-1)
        tau = 2.0 / (1.0 + (A * A).sum(dim=-2))
        return linalg.householder_product(A, tau) * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)

    @tt.no_grad()
    def right_inverse(self, Q: Tensor) -> Tensor:
        """What gives Q, or the orthogonal matrix of its QR decomposition; NotImplementedError where none is known."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        transposed = Q.shape[-2] < Q.shape[-1]
        tall = Q.mT if transposed else Q
        if hasattr(self, "base"):
            self.base = _completed(tall)
            start = tt.zeros_like(Q)
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        made = ops.geqrf(tall.detach())
        A, tau = made.a, made.tau
        diagonal = A.diagonal(dim1=-2, dim2=-1)
        # A reflection that is not used turns nothing round.
        diagonal.copy_(tt.where(tau == 0, -diagonal.sign(), diagonal.sign()))
        return A.mT if transposed else A


def _completed(Q: Tensor) -> Tensor:
    """An orthogonal square matrix that begins with Q, or with the orthogonal matrix nearest in direction."""
    *batch, n, k = Q.shape
    if n != k:
        more = tt.randn(*batch, n, n - k, dtype=Q.dtype, device=Q.device)
        return _orthonormal(tt.cat([Q, more], dim=-1))
    one = tt.eye(k, dtype=Q.dtype, device=Q.device)
    is_orthogonal = tt.allclose(Q.mH @ Q, one, atol=10.0 * n * tt.finfo(Q.dtype).eps)
    return Q.clone() if is_orthogonal else _orthonormal(Q)


def _orthonormal(A: Tensor) -> Tensor:
    """The Q of the QR decomposition in which R has a positive diagonal."""
    Q, R = linalg.qr(A)
    return Q * R.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """The module, whose matrix (or batch of matrices) is from now on orthogonal, or unitary.

    `orthogonal_map` is "matrix_exp" (for square and complex ones unless given), "cayley" or "householder". Unless
    `use_trivialization` is False, the map acts around the matrix there is, kept as a buffer. Raises ValueError for
    another map, and for what is no matrix. Source: Lezcano-Casado, "Trivializations for Gradient-Based Optimization on
    Manifolds", 2019.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    if orthogonal_map not in _MAPS:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    made = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, made, unsafe=True)
