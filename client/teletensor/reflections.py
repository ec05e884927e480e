"""Orthogonal matrices as products of Householder's reflections."""

from __future__ import annotations

from teletensor_core.errors import DTypeError, ShapeError

from teletensor import factories, ops
from teletensor.out import store
from teletensor.tensor import Tensor


def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The first `n` columns of `H_1 H_2 ... H_k`, with `H_i = 1 - tau_i v_i v_i^H`: `(*, m, n)` as `input` is.

    `v_i` is column `i` of `input` below the diagonal, and 1 on it; `tau` is `(*, k)`. The product is computed at once,
    as `1 - V T V^H`. Raises ShapeError where not `m >= n >= k`. Source: Schreiber and Van Loan, "A Storage-Efficient WY
    Representation for Products of Householder Transformations", 1989.
    """
    _check(input, tau)
    *_, m, n = input.shape
    k = tau.shape[-1]
    v = ops.add(ops.tril(input[..., :k], -1), factories.eye(m, k, dtype=input.dtype, device=input.device))
    adjoint = _adjoint(v)
    column = ops.unsqueeze(tau, -1)
    # T = (1 + D U)^-1 D, where D holds tau and U is the strict upper triangle of V^H V: a tau may be 0.
    gram = ops.mul(column, ops.triu(ops.matmul(adjoint, v), 1))
    turn = ops.solve(
        ops.add(gram, factories.eye(k, dtype=input.dtype, device=input.device)), ops.mul(column, adjoint[..., :n])
    )
    made = ops.sub(factories.eye(m, n, dtype=input.dtype, device=input.device), ops.matmul(v, turn))
    return made if out is None else store(made, out)


def reflections(A: Tensor) -> tuple[Tensor, Tensor]:
    """`A = Q R` as LAPACK's geqrf has it: R and, below the diagonal, the reflections whose product is Q; and their tau.

    For real matrices with at least as many rows as columns; no gradient.
    """
    a, taus = A.detach().clone(), []
    for i in range(A.shape[-1]):
        head, tail = a[..., i, i], a[..., i + 1 :, i]
        size = ops.sum(ops.mul(tail, tail), -1)
        none = ops.eq(size, 0)
        root = ops.sqrt(ops.add(ops.mul(head, head), size))
        beta = ops.where(none, head, ops.where(ops.ge(head, 0), ops.neg(root), root))
        safe = ops.where(none, 1, beta)
        tau = ops.where(none, 0, ops.div(ops.sub(beta, head), safe))
        below = ops.div(tail, ops.unsqueeze(ops.where(none, 1, ops.sub(head, beta)), -1))
        v = ops.unsqueeze(ops.cat([factories.ones_like(below[..., :0].sum(-1, keepdim=True)), below], -1), -1)
        rest = a[..., i:, i + 1 :]
        turned = ops.mul(ops.unsqueeze(ops.unsqueeze(tau, -1), -1), ops.matmul(v, ops.matmul(_adjoint(v), rest)))
        a[..., i:, i + 1 :] = ops.sub(rest, turned)
        a[..., i + 1 :, i] = below
        a[..., i, i] = beta
        taus.append(tau)
    return a, ops.stack(taus, -1)


def _adjoint(x: Tensor) -> Tensor:
    turned = ops.transpose(x, -2, -1)
    return ops.conj(turned) if x.is_complex() else turned


def _check(input: Tensor, tau: Tensor) -> None:
    name = "torch.linalg.householder_product"
    if input.ndim < 2:
        raise ShapeError(f"{name}: input must have at least 2 dimensions.")
    if input.shape[-2] < input.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if input.shape[-1] < tau.shape[-1]:
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
