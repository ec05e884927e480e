"""Factors of few columns that are nearly a matrix, found by products with random ones.

Source: Halko, Martinsson and Tropp, "Finding Structure with Randomness", 2011, algorithm 5.1.
"""

from __future__ import annotations

from teletensor import factories, ops
from teletensor.functions.shapes import adjoint
from teletensor.tensor import Tensor

Factors = tuple[Tensor, Tensor, Tensor]


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Factors:
    """`U`, `S` and `V` of `q` columns with `U @ diag(S) @ V.mH` nearly `A`, or `A - M`: (*, m, q), (*, q), (*, n, q).

    `niter` products more make it nearer. Draws random numbers.
    """
    rank, steps = 6 if q is None else q, 2 if niter is None else niter
    matrix = A if M is None else ops.sub(A, M)
    if matrix.shape[-2] >= matrix.shape[-1]:
        return _factors(matrix, rank, steps)
    # Of the adjoint, whose factors are exchanged, there are fewer columns to work on.
    V, S, U = _factors(adjoint(matrix), rank, steps)
    return U, S, V


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Factors:
    """`svd_lowrank` of samples in rows, less their mean unless told otherwise: `V` are the principal directions.

    `q` is at most, and by default 6 or, the smaller of both sizes. ValueError for another `q`, or a negative `niter`.
    """
    least = min(A.shape[-2:])
    rank = min(6, least) if q is None else q
    if not 0 <= rank <= least:
        raise ValueError(f"q(={rank}) must be non-negative integer and not greater than min(m, n)={least}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A, rank, niter, ops.mean(A, -2, True) if center else None)


def _factors(A: Tensor, q: int, niter: int) -> Factors:
    *batch, _, n = A.shape
    basis = ops.qr(ops.matmul(A, factories.randn(*batch, n, q, dtype=A.dtype, device=A.device))).Q
    for _ in range(niter):
        basis = ops.qr(ops.matmul(adjoint(A), basis)).Q
        basis = ops.qr(ops.matmul(A, basis)).Q
    U, S, Vh = ops.svd(ops.matmul(adjoint(basis), A), False)
    return ops.matmul(basis, U), S, adjoint(Vh)
