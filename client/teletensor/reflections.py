"""Orthogonal matrices as products of Householder's reflections."""

from __future__ import annotations

from teletensor_core.errors import DTypeError, ShapeError

from teletensor import factories, ops
from teletensor.functions.shapes import adjoint
from teletensor.out import store
from teletensor.tensor import Tensor


def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first `n` columns of `H_1 H_2 ... H_k`, with `H_i = 1 - tau_i v_i v_i^H`: `(*, m, n)` as `input` is.

    `v_i` is column `i` of `input` below the diagonal, and 1 on it; `tau` is `(*, k)`. The product is computed at once,
    as `1 - V T V^H`. Raises ShapeError where not `m >= n >= k`. Source: Schreiber and Van Loan, "A Storage-Efficient WY
    Representation for Products of Householder Transformations", 1989.
    """
    _check(input, tau)
    made = _turned(input, tau, factories.eye(*input.shape[-2:], dtype=input.dtype, device=input.device))
    return made if out is None else store(made, out)


def turned(input: Tensor, tau: Tensor, other: Tensor, left: bool, conjugate: bool) -> Tensor:
    """The product of all reflections, or its adjoint, times `other`; without `left`, `other` times it.

    Raises ShapeError where the sizes do not fit.
    """
    _check(input, tau, "torch.ormqr", whole=True)
    if other.ndim < 2 or other.shape[-2 if left else -1] != input.shape[-2]:
        raise ShapeError(f"torch.ormqr: other.shape[{-2 if left else -1}] must be equal to input.shape[-2]")
    if left:
        return _turned(input, tau, other, conjugate)
    return adjoint(_turned(input, tau, adjoint(other), not conjugate))


def _turned(input: Tensor, tau: Tensor, other: Tensor, conjugate: bool = False) -> Tensor:
    """The product of the reflections, 1 - V T V^H, or its adjoint, times a matrix."""
    k = tau.shape[-1]
    v = ops.add(ops.tril(input[..., :k], -1), factories.eye(input.shape[-2], k, dtype=input.dtype, device=input.device))
    column = ops.unsqueeze(tau, -1)
    # T = (1 + D U)^-1 D, where D holds tau and U is the strict upper triangle of V^H V: a tau may be 0.
    gram = ops.mul(column, ops.triu(ops.matmul(adjoint(v), v), 1))
    gram = ops.add(gram, factories.eye(k, dtype=input.dtype, device=input.device))
    inner = ops.matmul(adjoint(v), other)
    if conjugate:
        inner = ops.mul(ops.conj(column), ops.solve(adjoint(gram), inner))
    else:
        inner = ops.solve(gram, ops.mul(column, inner))
    return ops.sub(other, ops.matmul(v, inner))


def _check(input: Tensor, tau: Tensor, name: str = "torch.linalg.householder_product", *, whole: bool = False) -> None:
    if input.ndim < 2:
        raise ShapeError(f"{name}: input must have at least 2 dimensions.")
    if not whole and input.shape[-2] < input.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if min(input.shape[-2:]) < tau.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if input.ndim - tau.ndim != 1:
        raise ShapeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {tau.ndim} and "
            f"input.ndim is equal to {input.ndim}"
        )
    if input.shape[:-2] != tau.shape[:-1]:
        raise ShapeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(tau.shape[:-1])}"
        )
    if tau.dtype != input.dtype:
        raise DTypeError(f"{name}: tau dtype {tau.dtype} does not match input dtype {input.dtype}")
