"""Solutions of linear systems by factors, least squares, and the matrix exponential."""

from __future__ import annotations

import math
import warnings
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, ShapeError

from teletensor import factories, ops, return_types
from teletensor.functions.shapes import reshape
from teletensor.graph import named
from teletensor.out import store
from teletensor.tensor import Tensor

__all__ = ["cholesky_inverse", "cholesky_solve", "matrix_exp", "triangular_solve"]
METHODS = ("cholesky_inverse", "cholesky_solve", "matrix_exp", "triangular_solve")


@named("CholeskySolveBackward0")
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """`X` with `L @ L.mH @ X == B`, or `L.mH @ L @ X == B` for an upper triangular `L`."""
    if B.ndim < 2:
        raise ShapeError(f"b should have at least 2 dimensions, but has {B.ndim} dimensions instead")
    lower = _adjoint(_triangle(L, upper)) if upper else _triangle(L, upper)
    made = ops.solve(_adjoint(lower), ops.solve(lower, B))
    return made if out is None else store(made, out)


def cholesky_inverse(L: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `L @ L.mH`, or of `L.mH @ L` for an upper triangular `L`."""
    inverse = ops.inv(_adjoint(_triangle(L, upper)) if upper else _triangle(L, upper))
    made = ops.matmul(_adjoint(inverse), inverse)
    return made if out is None else store(made, out)


def triangular_solve(
    b: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> return_types.triangular_solve:
    """`X` with `A @ X == b`, where only a triangle of `A` is read, and a copy of `A`. Deprecated."""
    warnings.warn(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future "
        "PyTorch release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one "
        "of the inputs.\nX = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = "
        "torch.linalg.solve_triangular(A, B).",
        stacklevel=2,
    )
    triangle = ops.triu(A) if upper else ops.tril(A)
    if unitriangular:
        ones = factories.eye(A.shape[-1], dtype=A.dtype, device=A.device)
        triangle = ops.add(ops.triu(A, 1) if upper else ops.tril(A, -1), ones)
    triangle = ops.transpose(triangle, -2, -1) if transpose else triangle
    return return_types.triangular_solve(ops.solve(triangle, b), ops.clone(A))


def least_squares(
    A: Tensor, B: Tensor, rcond: float | None = None, driver: str | None = None
) -> return_types.linalg_lstsq:
    """See `torch.linalg.lstsq`. The solution of least norm, by the pseudoinverse."""
    from teletensor.linalg import pinv

    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ArgumentError(
            f"torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss): {driver}"
        )
    if A.ndim < 2:
        raise ShapeError("torch.linalg.lstsq: input must have at least 2 dimensions.")
    m, n = A.shape[-2:]
    vector = B.ndim == A.ndim - 1 and B.shape == A.shape[:-1]
    right = ops.unsqueeze(B, -1) if vector else B
    if right.shape[-2] != m:
        raise ShapeError(
            f"torch.linalg.lstsq: input.size(-2) should match other.size(-2), got {list(A.shape)}, {list(B.shape)}"
        )
    limit = max(m, n) * (2.0**-52 if A.dtype.to_real() is dtypes.float64 else 2.0**-23) if rcond is None else rcond
    solution = ops.matmul(pinv(A, rtol=limit), right)
    S = ops.svd(A.detach(), False).S
    rank = ops.count_nonzero(ops.gt(S, ops.mul(ops.amax(S, -1, True), limit)), -1)
    empty = factories.empty(0, dtype=A.dtype.to_real(), device=A.device)
    residuals = empty
    if m > n and driver not in (None, "gelsy") and (driver == "gels" or bool(ops.all(ops.eq(rank, n)))):
        residuals = ops.sum(ops.square(ops.abs(ops.sub(ops.matmul(A, solution), right))), -2)
    made = ops.squeeze(solution, -1) if vector else solution
    known = driver in ("gelsd", "gelss")
    found = rank if driver != "gels" else factories.empty(0, dtype=dtypes.int64, device=A.device)
    return return_types.linalg_lstsq(made, residuals, found, S if known else empty)


# The coefficients of the diagonal Padé approximant of degree 13, and the norm up to which it is exact to rounding.
_PADE = [math.comb(13, k) * math.factorial(26 - k) / math.factorial(26) for k in range(14)]
_LARGEST = 5.371920351148152


@named("LinalgMatrixExpBackward0")
def matrix_exp(input: Tensor) -> Tensor:
    """The exponential of each square matrix. Waits once, for the norm.

    Source: Higham, "The Scaling and Squaring Method for the Matrix Exponential Revisited", 2005.
    """
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise ShapeError(f"linalg.matrix_exp: A must be batches of square matrices, but they are {list(input.shape)}")
    if input.dtype.category < dtypes.FLOAT:
        raise ArgumentError(f"linalg.matrix_exp: Expected a floating point or complex tensor, got {input.dtype!r}")
    if not input.numel():
        return ops.clone(input)
    norm = float(ops.amax(ops.sum(ops.abs(input.detach()), -2)).item().real)
    squarings = max(0, math.ceil(math.log2(norm / _LARGEST))) if math.isfinite(norm) and norm > 0 else 0
    x = ops.mul(input, 2.0**-squarings) if squarings else input
    eye = factories.eye(x.shape[-1], dtype=x.dtype, device=x.device)
    x2 = ops.matmul(x, x)
    x4 = ops.matmul(x2, x2)
    x6 = ops.matmul(x4, x2)
    powers = (eye, x2, x4, x6)
    b = _PADE
    odd = ops.matmul(x, ops.add(ops.matmul(x6, _combined(b[9::2], powers[1:])), _combined(b[1:8:2], powers)))
    even = ops.add(ops.matmul(x6, _combined(b[8::2], powers[1:])), _combined(b[0:7:2], powers))
    made = ops.solve(ops.sub(even, odd), ops.add(even, odd))
    for _ in range(squarings):
        made = ops.matmul(made, made)
    return made


def _combined(coefficients: list[float], powers: Any) -> Tensor:
    total: Any = None
    for c, p in zip(coefficients, powers, strict=True):
        term = ops.mul(p, c)
        total = term if total is None else ops.add(total, term)
    made: Tensor = total
    return made


def tensor_solve(A: Tensor, B: Tensor, dims: tuple[int, ...] | None = None) -> Tensor:
    """See `torch.linalg.tensorsolve`."""
    if dims is not None:
        chosen = [d % A.ndim for d in dims]
        A = ops.permute(A, (*(d for d in range(A.ndim) if d not in chosen), *chosen))
    rest = A.shape[B.ndim :]
    if math.prod(rest) != B.numel():
        raise ShapeError(f"Expected self to satisfy the requirement prod(self.shape[{B.ndim}:]) == other.numel()")
    return reshape(ops.solve(reshape(A, (B.numel(), -1)), reshape(B, (-1,))), rest)


def tensor_inverse(A: Tensor, ind: int = 2) -> Tensor:
    """See `torch.linalg.tensorinv`."""
    if ind <= 0:
        raise ArgumentError(f"Expected a strictly positive integer for 'ind', got {ind}")
    first, rest = A.shape[:ind], A.shape[ind:]
    if math.prod(first) != math.prod(rest):
        raise ShapeError("Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind])")
    return reshape(ops.inv(reshape(A, (math.prod(first), -1))), (*rest, *first))


def _triangle(L: Tensor, upper: bool) -> Tensor:
    """A triangle of a factor, whose gradient reaches all of it, as in PyTorch."""
    part = ops.triu(L) if upper else ops.tril(L)
    return ops.add(L, ops.sub(part, L).detach()) if L.requires_grad else part


def _adjoint(x: Tensor) -> Tensor:
    swapped = ops.transpose(x, -2, -1)
    return ops.conj(swapped) if x.is_complex() else swapped
