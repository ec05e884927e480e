"""LU factors, eigenvalues of any square matrix, and the functions of `torch.linalg` that say what failed."""

from __future__ import annotations

import math

from teletensor_core.errors import ArgumentError, LinAlgError

from teletensor import factories, ops
from teletensor import return_types as types
from teletensor.out import store, store_all
from teletensor.tensor import Tensor


def _adjoint(x: Tensor) -> Tensor:
    turned = ops.transpose(x, -2, -1)
    return ops.conj(turned) if x.is_complex() else turned


# -- LU ----------------------------------------------------------------------------------------------------------------


def lu(A: Tensor, *, pivot: bool = True) -> types.linalg_lu:
    """`P`, `L` and `U` with `P @ L @ U == A`: a permutation, a lower triangle with ones on its diagonal, and an upper
    one.
    """
    _check_pivot(pivot)
    rows, lower, upper, _, _ = ops.lu(A)
    return types.linalg_lu(_matrix(rows, A), lower, upper)


def lu_factor(A: Tensor, *, pivot: bool = True) -> types.linalg_lu_factor:
    """`L` below the diagonal and `U` above it in one matrix, and which rows were exchanged (int32, from 1).

    Waits, to raise LinAlgError where `U` is singular; `lu_factor_ex` does not.
    """
    made = lu_factor_ex(A, pivot=pivot, check_errors=True)
    return types.linalg_lu_factor(made.LU, made.pivots)


def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> types.linalg_lu_factor_ex:
    """What `lu_factor` gives, and where the diagonal of `U` is first zero (int32, from 1; 0 for nowhere)."""
    _check_pivot(pivot)
    _, lower, upper, pivots, info = ops.lu(A)
    if check_errors:
        _check(
            info,
            "torch.linalg.lu_factor: U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. "
            "If you still want to perform the factorization, consider calling linalg.lu(A, pivot) or "
            "linalg.lu_factor_ex(A, pivot)",
        )
    m, n = A.shape[-2:]
    below = ops.tril(lower, -1)
    if n > m:
        below = ops.cat([below, factories.zeros_like(upper[..., m:])], -1)
    if m > n:
        upper = ops.cat([upper, factories.zeros_like(lower[..., n:, :])], -2)
    return types.linalg_lu_factor_ex(ops.add(below, upper), pivots, info)


def lu_unpack(
    LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True
) -> types.lu_unpack:
    """`P`, `L` and `U` from what `lu_factor` gives; empty where they are not asked for."""
    m, n = LU_data.shape[-2:]
    k = min(m, n)
    rows = ops.lu_permutation(LU_pivots, m) if unpack_pivots else None
    P = factories.empty(0, dtype=LU_data.dtype, device=LU_data.device) if rows is None else _matrix(rows, LU_data)
    if not unpack_data:
        return types.lu_unpack(P, *(factories.empty(0, dtype=LU_data.dtype, device=LU_data.device) for _ in range(2)))
    ones = factories.eye(m, k, dtype=LU_data.dtype, device=LU_data.device)
    return types.lu_unpack(P, ops.add(ops.tril(LU_data[..., :k], -1), ones), ops.triu(LU_data[..., :k, :]))


def lu_solve(
    LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False, out: Tensor | None = None
) -> Tensor:
    """`X` with `A @ X == B` (or `X @ A == B`), from what `lu_factor(A)` gives; with `adjoint`, for `A.mH`."""
    if not left:
        made = _adjoint(lu_solve(LU, pivots, _adjoint(B), adjoint=not adjoint))
        return made if out is None else store(made, out)
    P, L, U = lu_unpack(LU, pivots)
    if adjoint:
        made = ops.matmul(P, ops.solve(_adjoint(L), ops.solve(_adjoint(U), B)))
    else:
        made = ops.solve(U, ops.solve(L, ops.matmul(_adjoint(P), B)))
    return made if out is None else store(made, out)


def _matrix(rows: Tensor, like: Tensor) -> Tensor:
    """The permutation matrix that brings a row back to where `rows` says that it was."""
    places = ops.unsqueeze(factories.arange(rows.shape[-1], device=rows.device), -1)
    return ops.eq(places, ops.unsqueeze(rows, -2)).to(like.dtype)


def _check_pivot(pivot: bool) -> None:
    if not pivot:
        raise ArgumentError("linalg.lu_factor: LU without pivoting is not implemented")


# -- eigenvalues -------------------------------------------------------------------------------------------------------


def eig(A: Tensor) -> types.linalg_eig:
    """The eigenvalues and eigenvectors (columns of length 1) of square matrices, complex, in no particular order."""
    return ops.eig(A)


def eigvals(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The eigenvalues of square matrices, complex, in no particular order."""
    made = ops.eig(A).eigenvalues
    return made if out is None else store(made, out)


# -- what failed -------------------------------------------------------------------------------------------------------


def inv_ex(A: Tensor, *, check_errors: bool = False) -> types.linalg_inv_ex:
    """The inverses, and where the first zero of each U was (int32; 0 for none). NaN in the place of what has none."""
    info = ops.lu(A)[4]
    if check_errors:
        _check(
            info,
            "linalg.inv_ex: The diagonal element {0} is zero, the inversion could not be completed because the input "
            "matrix is singular.",
        )
    return types.linalg_inv_ex(_where_none(ops.inv(_regular(A, info)), info), info)


def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> types.linalg_solve_ex:
    """What `solve` gives, and where the first zero of each U was (int32; 0 for none). NaN where nothing solves it."""
    from teletensor.linalg import solve

    info = ops.lu(A)[4]
    if check_errors:
        _check(
            info,
            "torch.linalg.solve_ex: The solver failed because the input matrix is singular.",
        )
    result = solve(_regular(A, info), B, left=left)
    return types.linalg_solve_ex(_where_none(result, info), info)


def cholesky_ex(
    A: Tensor, *, upper: bool = False, check_errors: bool = False, out: tuple[Tensor, Tensor] | None = None
) -> types.linalg_cholesky_ex:
    """What `cholesky` gives, and the order of the first minor that is not positive (int32; 0 for none).

    NaN in the place of what has no factor.
    """
    info = ops.cholesky_info(A)
    if check_errors:
        _check(
            info,
            "linalg.cholesky_ex: The factorization could not be completed because the input is not positive-definite "
            "(the leading minor of order {0} is not positive-definite).",
        )
    made = types.linalg_cholesky_ex(_where_none(ops.cholesky(_regular(A, info), upper), info), info)
    return made if out is None else store_all(made, out)


def _check(info: Tensor, said: str) -> None:
    """Wait for `info`, and raise LinAlgError of the first that is not 0."""
    found = [number for number in ops.reshape(info, (math.prod(info.shape),)).tolist() if number]
    if found:
        raise LinAlgError(said.format(found[0]))


def _regular(A: Tensor, info: Tensor) -> Tensor:
    """The matrices, with the identity in the place of those that failed."""
    failed = ops.unsqueeze(ops.unsqueeze(ops.ne(info, 0), -1), -1)
    return ops.where(failed, factories.eye(A.shape[-1], dtype=A.dtype, device=A.device), A)


def _where_none(made: Tensor, info: Tensor) -> Tensor:
    failed = ops.reshape(ops.ne(info, 0), (*info.shape, *[1] * (made.ndim - info.ndim)))
    return ops.where(failed, math.nan, made)
