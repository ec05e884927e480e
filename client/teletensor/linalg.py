"""`torch.linalg`: linear algebra on batches of matrices."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, LinAlgError, ShapeError
from teletensor_core.rules import normalize_dim

from teletensor import factories, ops, return_types
from teletensor import missing as _missing
from teletensor.arguments import as_dtype, ints
from teletensor.factorizations import (
    cholesky_ex,
    eig,
    eigvals,
    inv_ex,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
    solve_ex,
)
from teletensor.functions.indexed import where
from teletensor.functions.products import cross as _cross
from teletensor.functions.products import matrix_power
from teletensor.functions.shapes import movedim, reshape
from teletensor.functions.solvers import least_squares, matrix_exp, tensor_inverse, tensor_solve
from teletensor.graph import named
from teletensor.out import store
from teletensor.reflections import householder_product
from teletensor.size import Size
from teletensor.tensor import Tensor
from teletensor.types import Dims, DType

__all__ = [
    "LinAlgError", "cholesky", "cholesky_ex", "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals",
    "eigvalsh", "householder_product", "inv", "inv_ex", "lstsq", "lu", "lu_factor", "lu_factor_ex", "lu_solve",
    "matmul", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr",
    "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve", "vander",
    "vecdot", "vector_norm",
]  # fmt: skip


def cholesky(A: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """The lower triangular `L` with `L @ L.mH == A` (or upper, its conjugate transpose). LinAlgError if not positive
    definite.
    """
    made = ops.cholesky(A, upper)
    return made if out is None else store(made, out)


def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The determinant of each square matrix."""
    made = ops.det(A)
    return made if out is None else store(made, out)


def slogdet(A: Tensor) -> return_types.linalg_slogdet:
    """The determinant's sign and the logarithm of its absolute value."""
    return return_types.linalg_slogdet(*ops.slogdet(A))


def eigh(A: Tensor, UPLO: str = "L") -> return_types.linalg_eigh:
    """Eigenvalues (ascending) and eigenvectors (columns) of a symmetric or Hermitian matrix, by its lower or upper
    triangle.
    """
    return ops.eigh(A, UPLO)


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric or Hermitian matrix, ascending."""
    return ops.eigh(A, UPLO).eigenvalues


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of each square matrix. LinAlgError for a singular one."""
    made = ops.inv(A)
    return made if out is None else store(made, out)


@named("LinalgPinvBackward0")
def pinv(A: Tensor, rtol: float | None = None, hermitian: bool = False, *, rcond: float | None = None) -> Tensor:
    """The pseudoinverse, from singular values above `rtol` (the larger size times eps) times the greatest."""
    U, S, Vh = ops.svd(A, False)
    limit = rtol if rtol is not None else rcond
    if limit is None:
        limit = max(A.shape[-2:]) * _eps(A)
    small = ops.le(S, ops.mul(ops.amax(S, -1, True), limit))
    inverse = where(small, 0, ops.reciprocal(where(small, 1, S)))
    return ops.matmul(ops.mul(_adjoint(Vh), ops.unsqueeze(inverse, -2)), _adjoint(U))


def qr(A: Tensor, mode: str = "reduced") -> return_types.linalg_qr:
    """An orthogonal (or unitary) matrix `Q` and an upper triangular one `R` with `Q @ R == A`."""
    return ops.qr(A, mode)


def svd(A: Tensor, full_matrices: bool = True) -> return_types.linalg_svd:
    """`U`, `S` (descending) and `Vh` with `U @ diag(S) @ Vh == A`."""
    return ops.svd(A, full_matrices)


def svdvals(A: Tensor) -> Tensor:
    """The singular values, descending."""
    return ops.svd(A, False).S


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """`X` with `A @ X == B` (or `X @ A == B`). LinAlgError for a singular `A`."""
    vector = B.ndim == 1 or (A.ndim - 1 == B.ndim and B.shape == A.shape[:-1])
    if left or vector:
        made = ops.squeeze(ops.solve(A, ops.unsqueeze(B, -1)), -1) if vector else ops.solve(A, B)
    else:
        made = ops.transpose(ops.solve(ops.transpose(A, -2, -1), ops.transpose(B, -2, -1)), -2, -1)
    return made if out is None else store(made, out)


@named("LinalgSolveTriangularBackward0")
def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """`X` with `A @ X == B` (or `X @ A == B`), where only the upper or lower triangle of `A` is read."""
    triangle = ops.triu(A) if upper else ops.tril(A)
    if unitriangular:
        ones = factories.eye(A.shape[-1], dtype=A.dtype, device=A.device)
        triangle = ops.add(ops.triu(A, 1) if upper else ops.tril(A, -1), ones)
    return solve(triangle, B, left=left, out=out)


def lstsq(
    input: Tensor, b: Tensor, rcond: float | None = None, *, driver: str | None = None
) -> return_types.linalg_lstsq:
    """The `X` of least norm for which `input @ X` is nearest to `b`, and the rank of `input`.

    With the drivers "gels", "gelsd" and "gelss" also the sums of squared residuals, if there are more rows than columns
    and the rank is full, which the latter two wait to know; with these the singular values, too.
    """
    return least_squares(input, b, rcond, driver)


def tensorsolve(A: Tensor, B: Tensor, dims: tuple[int, ...] | None = None, *, out: Tensor | None = None) -> Tensor:
    """`X` with `tensordot(A, X, X.ndim) == B`."""
    made = tensor_solve(A, B, dims)
    return made if out is None else store(made, out)


def tensorinv(A: Tensor, ind: int = 2, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `A` as a map from its last dimensions to its first `ind`."""
    made = tensor_inverse(A, ind)
    return made if out is None else store(made, out)


def matrix_rank(A: Tensor, *, atol: float | None = None, rtol: float | None = None, hermitian: bool = False) -> Tensor:
    """How many singular values are above `max(atol, rtol * the greatest)`, int64."""
    S = ops.svd(A, False).S
    factor = rtol if rtol is not None else (0.0 if atol else max(A.shape[-2:]) * _eps(A))
    limit = ops.clamp_min(ops.mul(ops.amax(S, -1, True), factor), atol or 0.0)
    return ops.count_nonzero(ops.gt(S, limit), -1)


def cond(A: Tensor, p: Any = None) -> Tensor:
    """The condition number: by default the greatest singular value over the least, else norm times norm of the
    inverse.
    """
    if p in (None, 2, -2):
        S = ops.svd(A, False).S
        first, last = ops.select(S, -1, 0), ops.select(S, -1, -1)
        return ops.div(last, first) if p == -2 else ops.div(first, last)
    return ops.mul(matrix_norm(A, p), matrix_norm(ops.inv(A), p))


# -- norms -------------------------------------------------------------------------------------------------------------


def vector_norm(
    x: Tensor,
    ord: float = 2,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """The `ord`-norm over dimensions, or of all elements."""
    made = ops.vector_norm(x, float(ord), ints(dim), keepdim, as_dtype(dtype))
    return made if out is None else store(made, out)


def matrix_norm(
    A: Tensor, ord: Any = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *, dtype: DType | None = None,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """The norm of each matrix: "fro", "nuc", and 1, -1, 2, -2, inf, -inf as in `numpy.linalg.norm`."""
    x = A if dtype is None else A.to(dtype)
    row, column = (normalize_dim(d, x.ndim) for d in dim)
    if ord == "fro":
        made = ops.vector_norm(x, 2.0, (row, column), keepdim)
        return made if out is None else store(made, out)
    matrices = movedim(x, (row, column), (-2, -1))
    if ord in ("nuc", 2, -2):
        S = ops.svd(matrices, False).S
        made = ops.sum(S, -1) if ord == "nuc" else ops.amax(S, -1) if ord == 2 else ops.amin(S, -1)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = ops.sum(ops.abs(matrices), -2 if abs(ord) == 1 else -1)
        made = ops.amax(sums, -1) if ord > 0 else ops.amin(sums, -1)
    else:
        raise ArgumentError(f"linalg.matrix_norm: Order {ord} not supported.")
    if keepdim:
        for d in sorted((row, column)):
            made = ops.unsqueeze(made, d)
    return made if out is None else store(made, out)


def norm(
    A: Tensor,
    ord: Any = None,
    dim: Dims = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """A vector norm, or the matrix norm when `ord` is a string, two dimensions are named, or `A` is a matrix with an
    `ord`.
    """
    dims = ints(dim)
    two = isinstance(dims, tuple) and len(dims) == 2
    if ord is not None and (two or isinstance(ord, str) or (dims is None and A.ndim == 2)):
        return matrix_norm(A, ord, dims if two else (-2, -1), keepdim, dtype=dtype, out=out)
    if ord is not None and dims is None and A.ndim != 1:
        raise ShapeError("linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D.")
    return vector_norm(A, 2 if ord is None else ord, dims, keepdim, dtype=dtype, out=out)


# -- products ----------------------------------------------------------------------------------------------------------


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product; see `torch.matmul`."""
    return ops.matmul(input, other, out=out)


@named("LinalgCrossBackward0")
def cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """The cross product of vectors of three elements along `dim`."""
    return _cross(input, other, dim, out=out)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Sums of products of the (conjugated) first and the second over a dimension."""
    made = ops.sum(ops.mul(ops.conj(x) if x.is_complex() else x, y), dim)
    return made if out is None else store(made, out)


def diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """The diagonal of each matrix: a view."""
    return ops.diagonal(A, offset, dim1, dim2)


def vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """Rising powers of a vector's elements in columns."""
    powers = factories.arange(x.shape[-1] if N is None else N, device=x.device)
    return ops.pow(ops.unsqueeze(x, -1), powers)


@named("ViewBackward0")
def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of several matrices in the order that takes the fewest multiplications; the ends may be vectors.

    The order is found by dynamic programming over the costs of all ways to split the chain.
    """
    if len(tensors) < 2:
        raise ShapeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    first, last = tensors[0].ndim == 1, tensors[-1].ndim == 1
    chain = list(tensors)
    for i, x in enumerate(chain):
        if x.ndim != 2 and not (x.ndim == 1 and i in (0, len(chain) - 1)):
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {x.ndim}D")
    chain[0] = ops.unsqueeze(chain[0], 0) if first else chain[0]
    chain[-1] = ops.unsqueeze(chain[-1], 1) if last else chain[-1]
    for i, (a, b) in enumerate(itertools.pairwise(chain)):
        if a.shape[1] != b.shape[0]:
            raise ShapeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(a.shape)} and {list(b.shape)} cannot be "
                "multiplied"
            )
    sizes = [chain[0].shape[0], *(x.shape[1] for x in chain)]
    made = _product(chain, _splits(sizes), 0, len(chain) - 1)
    kept = Size(n for n, cut in zip(made.shape, (first, last), strict=True) if not cut)
    made = reshape(made, kept) if first or last else made
    return made if out is None else store(made, out)


def _splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each part of the chain, by the least number of multiplications."""
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    splits: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            ways = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            splits[i, j] = min(ways, key=lambda k: ways[k])
            cost[i, j] = ways[splits[i, j]]
    return splits


def _product(chain: list[Tensor], splits: dict[tuple[int, int], int], i: int, j: int) -> Tensor:
    if i == j:
        return chain[i]
    k = splits[i, j]
    return ops.mm(_product(chain, splits, i, k), _product(chain, splits, k + 1, j))


def _adjoint(x: Tensor) -> Tensor:
    swapped = ops.transpose(x, -2, -1)
    return ops.conj(swapped) if x.is_complex() else swapped


def _eps(x: Tensor) -> float:
    return 2.0**-52 if x.dtype.to_real() is dtypes.float64 else 2.0**-23


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
