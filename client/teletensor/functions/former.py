"""Linear algebra by the names from before `torch.linalg`: what PyTorch keeps, and what only says where to look."""

from __future__ import annotations

import warnings
from typing import Any, NoReturn

from teletensor import ops, return_types
from teletensor.out import store, store_all
from teletensor.tensor import Tensor

__all__ = ["cholesky", "eig", "lstsq", "lu", "lu_solve", "matrix_rank", "orgqr", "ormqr", "qr", "solve", "symeig"]
METHODS = ("cholesky", "eig", "lstsq", "lu", "lu_solve", "orgqr", "ormqr", "qr", "solve", "symeig")

_REMOVED = "This function was deprecated since version 1.9 and is now removed."


def lu(A: Tensor, pivot: bool = True, get_infos: bool = False, out: Any = None) -> tuple[Tensor, ...]:
    """`linalg.lu_factor`, or with `get_infos` `linalg.lu_factor_ex`, as plain tuples."""
    from teletensor import factorizations

    _warn(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be "
        "removed in a future PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced "
        "with\nLU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\nLU, pivots, info = torch.lu(A, "
        "compute_pivots, get_infos=True)\nshould be replaced with\nLU, pivots, info = "
        "torch.linalg.lu_factor_ex(A, compute_pivots)"
    )
    made = tuple(factorizations.lu_factor_ex(A, pivot=pivot, check_errors=not get_infos))
    made = made if get_infos else made[:2]
    return made if out is None else store_all(made, out)


def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`x` with `A @ x == b`, from what `lu(A)` gives. Deprecated: see `linalg.lu_solve`."""
    from teletensor import factorizations

    _warn(
        "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future "
        "PyTorch release.\nNote that torch.linalg.lu_solve has its arguments reversed.\nX = "
        "torch.lu_solve(B, LU, pivots)\nshould be replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)"
    )
    made = factorizations.lu_solve(LU_data, LU_pivots, b)
    return made if out is None else store(made, out)


def qr(input: Tensor, some: bool = True, *, out: Any = None) -> return_types.qr:
    """An orthogonal (or unitary) matrix `Q` and an upper triangular one `R`; square `Q` without `some`. Deprecated."""
    _warn(
        "torch.qr is deprecated in favor of torch.linalg.qr and will be removed in a future PyTorch "
        "release.\nThe boolean parameter 'some' has been replaced with a string parameter 'mode'.\nQ, R = "
        "torch.qr(A, some)\nshould be replaced with\nQ, R = torch.linalg.qr(A, 'reduced' if some else "
        "'complete')"
    )
    made = return_types.qr(*ops.qr(input, "reduced" if some else "complete"))
    return made if out is None else store_all(made, out)


def cholesky(input: Tensor, upper: bool = False, *, out: Tensor | None = None) -> Tensor:
    """`linalg.cholesky`, or with `upper` its adjoint. Deprecated."""
    _warn(
        "torch.cholesky is deprecated in favor of torch.linalg.cholesky and will be removed in a future "
        "PyTorch release.\nL = torch.cholesky(A)\nshould be replaced with\nL = "
        "torch.linalg.cholesky(A)\nand\nU = torch.cholesky(A, upper=True)\nshould be replaced with\nU = "
        "torch.linalg.cholesky(A).mH\nThis transform will produce equivalent results for all valid "
        "(symmetric positive definite) inputs."
    )
    return ops.cholesky(input, upper, out=out)


def _warn(text: str) -> None:
    warnings.warn(text, stacklevel=3)


def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`linalg.householder_product` by its older name."""
    from teletensor import reflections

    return reflections.householder_product(input, input2, out=out)


def ormqr(
    input: Tensor, input2: Tensor, input3: Tensor, left: bool = True, transpose: bool = False, *,
    out: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """`Q @ input3`, or `input3 @ Q`, where Q is the whole product of what `geqrf` gives; its adjoint if `transpose`."""
    from teletensor import reflections

    made = reflections.turned(input, input2, input3, left, transpose)
    return made if out is None else store(made, out)


# -- what PyTorch has only to say that it is gone ----------------------------------------------------------------------


def eig(input: Tensor, eigenvectors: bool = False) -> NoReturn:
    """RuntimeError: see `linalg.eig`."""
    raise RuntimeError(
        f"{_REMOVED} `torch.linalg.eig` returns complex tensors of dtype `cfloat` or `cdouble` rather than real "
        "tensors mimicking complex tensors.\n\nL, _ = torch.eig(A) should be replaced with:\nL_complex = "
        "torch.linalg.eigvals(A)\n\nand\n\nL, V = torch.eig(A, eigenvectors=True) should be replaced with:\nL_complex, "
        "V_complex = torch.linalg.eig(A)"
    )


def symeig(input: Tensor, eigenvectors: bool = False, upper: bool = True, *, out: Any = None) -> NoReturn:
    """RuntimeError: see `linalg.eigh`."""
    raise RuntimeError(
        f"{_REMOVED} The default behavior has changed from using the upper triangular portion of the matrix by default "
        "to using the lower triangular portion.\n\nL, _ = torch.symeig(A, upper=upper) should be replaced with:\nL = "
        "torch.linalg.eigvalsh(A, UPLO='U' if upper else 'L')\n\nand\n\nL, V = torch.symeig(A, eigenvectors=True) "
        "should be replaced with:\nL, V = torch.linalg.eigh(A, UPLO='U' if upper else 'L')"
    )


def solve(input: Tensor, A: Tensor, *, out: Any = None) -> NoReturn:
    """RuntimeError: see `linalg.solve`."""
    raise RuntimeError(
        f"{_REMOVED} `torch.solve` is deprecated in favor of `torch.linalg.solve`. `torch.linalg.solve` has its "
        "arguments reversed and does not return the LU factorization.\n\nTo get the LU factorization see `torch.lu`, "
        "which can be used with `torch.lu_solve` or `torch.lu_unpack`.\nX = torch.solve(B, A).solution should be "
        "replaced with:\nX = torch.linalg.solve(A, B)"
    )


def lstsq(input: Tensor, A: Tensor, *, out: Any = None) -> NoReturn:
    """RuntimeError: see `linalg.lstsq`."""
    raise RuntimeError(
        f"{_REMOVED} `torch.lstsq` is deprecated in favor of `torch.linalg.lstsq`.\n`torch.linalg.lstsq` has reversed "
        "arguments and does not return the QR decomposition in the returned tuple (although it returns other "
        "information about the problem).\n\nThe unpacking of the solution, as in\nX, _ = torch.lstsq(B, "
        "A).solution[:A.size(1)]\nshould be replaced with:\nX = torch.linalg.lstsq(A, B).solution"
    )


def matrix_rank(input: Tensor, tol: float | None = None, symmetric: bool = False, *, out: Any = None) -> NoReturn:
    """RuntimeError: see `linalg.matrix_rank`."""
    raise RuntimeError(
        f"{_REMOVED}\nPlease use the `torch.linalg.matrix_rank` function instead. The parameter 'symmetric' was "
        "renamed in `torch.linalg.matrix_rank()` to 'hermitian'."
    )
