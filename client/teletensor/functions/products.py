"""Products of tensors: by subscripts, over dimensions, of vectors and of chains of matrices."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from teletensor_core.errors import ArgumentError, ShapeError
from teletensor_core.rules import normalize_dim
from teletensor_core.rules.dims import require_expandable

from teletensor import factories, ops, return_types
from teletensor.arguments import a_tensor
from teletensor.functions.shapes import reshape
from teletensor.graph import named
from teletensor.out import store, store_all
from teletensor.size import Size
from teletensor.tensor import Tensor
from teletensor.types import Scalar

__all__ = [
    "addbmm", "addmv", "addmv_", "addr", "cdist", "chain_matmul", "cross", "dot", "einsum", "inner", "inverse",
    "kron", "logdet", "matmul", "matrix_power", "pdist", "pinverse", "svd", "tensordot", "vdot",
]  # fmt: skip
# Whether Euclidean distances come from a matrix product; None when there are many of them.
_DISTANCE_MODES = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": True,
    "donot_use_mm_for_euclid_dist": False,
}
METHODS = (
    "addbmm", "addmv", "addmv_", "addr", "cross", "dot", "inner", "inverse", "kron", "logdet", "matmul",
    "matrix_power", "pinverse", "svd", "vdot",
)  # fmt: skip


def einsum(equation: str, *operands: Any) -> Tensor:
    """Products of tensors summed over the subscripts that are not in the output, in Einstein's notation."""
    if not isinstance(equation, str):
        return _einsum_by_lists(equation, *operands)
    tensors = operands[0] if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else operands
    return ops.einsum(list(tensors), equation=equation)


def _einsum_by_lists(*arguments: Any) -> Tensor:
    """`einsum(x, [0, 1], y, [1, 2], [0, 2])`: tensors, each followed by its subscripts as numbers or Ellipsis."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    def text(subscripts: Sequence[Any]) -> str:
        return "".join("..." if s is Ellipsis else letters[s] for s in subscripts)

    pairs = len(arguments) // 2 * 2
    equation = ",".join(text(subscripts) for subscripts in arguments[1:pairs:2])
    if len(arguments) > pairs:
        equation += "->" + text(arguments[-1])
    return ops.einsum(list(arguments[0:pairs:2]), equation=equation)


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product of the last two dimensions, the others broadcast; of vectors the dot product."""
    # By the number of dimensions it is another op in PyTorch, with a name of its own in the graph.
    a, b = a_tensor(input, "matmul", "input"), a_tensor(other, "matmul", "other", 2)
    made: Tensor = _MATMULS.get((a.ndim, b.ndim), ops.matmul)(a, b, out=out)
    return made


_MATMULS: dict[tuple[int, int], Any] = {(1, 1): ops.dot, (2, 1): ops.mv, (2, 2): ops.mm}


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sum of the products of two vectors' elements."""
    return ops.dot(input, tensor, out=out)


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`dot`, with the first vector conjugated."""
    return ops.dot(ops.conj(input) if input.is_complex() else input, other, out=out)


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Sums of products over the last dimension of both tensors; with a number, the product."""
    if not input.ndim or not other.ndim:
        return ops.mul(input, other, out=out)
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} and "
            f"{list(other.shape)}"
        )
    made = tensordot(input, other, ([-1], [-1]))
    return made if out is None else store(made, out)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Sums of products over the last `dims` dimensions of `a` and the first of `b`, or over two lists of dimensions."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise ArgumentError(f"tensordot expects dims >= 0, but got dims={dims}")
        dims = (range(a.ndim - dims, a.ndim), range(dims))
    if len(dims[0]) != len(dims[1]):
        raise ShapeError("both dimension lists should have same length")
    over_a, over_b = ([normalize_dim(d, x.ndim) for d in over] for x, over in zip((a, b), dims, strict=True))
    for i, j in zip(over_a, over_b, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and second has size "
                f"{b.shape[j]} in dim {j}"
            )
    left = [i for i in range(a.ndim) if i not in over_a]
    right = [j for j in range(b.ndim) if j not in over_b]
    count = Size(a.shape[i] for i in over_a).numel()
    rows = reshape(ops.permute(a, (*left, *over_a)), (-1 if count else Size(a.shape[i] for i in left).numel(), count))
    columns = reshape(ops.permute(b, (*over_b, *right)), (count, Size(b.shape[j] for j in right).numel()))
    made = reshape(ops.mm(rows, columns), (*(a.shape[i] for i in left), *(b.shape[j] for j in right)))
    return made if out is None else store(made, out)


@named("UnsafeViewBackward0")
def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The Kronecker product: every element of `input` times all of `other`, laid out as blocks."""
    ndim = max(a_tensor(input, "kron", "input").ndim, a_tensor(other, "kron", "other", 2).ndim)
    a, b = (reshape(x, ((1,) * (ndim - x.ndim) + x._spec.shape)) for x in (input, other))
    for d in range(ndim):
        a, b = ops.unsqueeze(a, 2 * d + 1), ops.unsqueeze(b, 2 * d)
    product = ops.mul(a, b)
    shape = product.shape
    made = reshape(product, tuple(shape[2 * d] * shape[2 * d + 1] for d in range(ndim)))
    return made if out is None else store(made, out)


@named("LinalgCrossBackward0")
def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """The cross product of vectors of three elements along `dim` (the first dimension of size 3)."""
    if dim is None:
        warnings.warn(
            "Using torch.cross without specifying the dim arg is deprecated.\nPlease either pass the dim explicitly or "
            "simply use torch.linalg.cross.\nThe default value of dim will change to agree with that of linalg.cross "
            "in a future release.",
            # It is called by what names its node.
            stacklevel=3,
        )
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise ShapeError(f"no dimension of size 3 in input, whose shape is {list(input.shape)}")
    if input.size(dim) != 3 or other.size(dim) != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.size(dim)} and {other.size(dim)}"
        )
    first = ops.mul(ops.roll(input, -1, dim), ops.roll(other, -2, dim))
    second = ops.mul(ops.roll(input, -2, dim), ops.roll(other, -1, dim))
    return ops.sub(first, second, out=out)


# -- matrices ----------------------------------------------------------------------------------------------------------


@named("AddmvBackward0")
def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * (mat @ vec)`."""
    return _plus(input, beta, ops.mv(mat, vec), alpha, out)


@named("AddrBackward0")
def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * outer(vec1, vec2)`."""
    return _plus(input, beta, ops.outer(vec1, vec2), alpha, out)


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1, out: Tensor | None = None
) -> Tensor:
    """`beta * input + alpha * (batch1 @ batch2).sum(0)`."""
    return _plus(input, beta, ops.sum(ops.bmm(batch1, batch2), 0), alpha, out)


def _plus(input: Tensor, beta: Scalar, product: Tensor, alpha: Scalar, out: Tensor | None) -> Tensor:
    """PyTorch ignores `input` when `beta` is 0, NaN in it included."""
    require_expandable(input._spec.shape, product._spec.shape)
    scaled = product if alpha == 1 else ops.mul(product, alpha)
    return ops.add(0 if beta == 0 else input if beta == 1 else ops.mul(input, beta), scaled, out=out)


def inverse(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of each square matrix. LinAlgError for a singular one."""
    made = ops.inv(input)
    return made if out is None else store(made, out)


def svd(
    input: Tensor, some: bool = True, compute_uv: bool = True, *, out: tuple[Tensor, Tensor, Tensor] | None = None
) -> return_types.svd:
    """`U`, `S` (descending) and `V` with `U @ diag(S) @ V.mH == input`; with `some=False` square `U` and `V`."""
    U, S, Vh = ops.svd(input, not some)
    V = ops.transpose(Vh, -2, -1)
    made = return_types.svd(U, S, ops.conj(V) if V.is_complex() else V)
    if not compute_uv:
        made = return_types.svd(factories.zeros_like(U), S, factories.zeros_like(V))
    return made if out is None else store_all(made, out)


def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant of each square matrix; NaN where that is negative."""
    sign, log = ops.slogdet(input)
    return ops.where(ops.lt(sign, 0), float("nan"), log)


@named("LinalgPinvBackward0")
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """The pseudoinverse of each matrix; see `torch.linalg.pinv`."""
    from teletensor.linalg import pinv

    return pinv(input, rcond)


def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Scalar = 1, alpha: Scalar = 1) -> Tensor:
    """`addmv`, written into the tensor."""
    return ops.copy_(input, addmv(input, mat, vec, beta=beta, alpha=alpha))


def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """The n-th power of each square matrix, by repeated squaring; of its inverse for a negative `n`."""
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise ShapeError(f"linalg.matrix_power: A must be batches of square matrices, but they are {list(input.shape)}")
    base, power = (ops.inv(input), -n) if n < 0 else (input, n)
    made: Tensor | None = None
    while power:
        if power & 1:
            made = base if made is None else ops.matmul(made, base)
        power >>= 1
        base = ops.matmul(base, base) if power else base
    if made is None:
        made = ops.clone(
            ops.expand(factories.eye(input.shape[-1], dtype=input.dtype, device=input.device), input._spec.shape)
        )
    return made if out is None else store(made, out)


@named("ViewBackward0")
def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of several matrices, in the order that takes the fewest multiplications."""
    from teletensor.linalg import multi_dot

    warnings.warn(
        "torch.chain_matmul is deprecated and will be removed in a future PyTorch release. Use torch.linalg.multi_dot "
        "instead, which accepts a list of two or more tensors rather than multiple parameters.",
        # It is called by what names its node.
        stacklevel=3,
    )
    made = matrices[0] if len(matrices) == 1 else multi_dot(matrices)
    return made if out is None else store(made, out)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The p-norm distance between each two rows of an (N, M) matrix, as in the upper triangle of `cdist`: a vector."""
    if input.ndim != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    one, other = np.triu_indices(input.shape[0], 1)
    rows = [ops.index_select(input, 0, factories.as_tensor(at, device=input.device)) for at in (one, other)]
    return ops.vector_norm(ops.sub(*rows), float(p), -1)


@named("CdistBackward0")
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The p-norm distance between each row of `x1` and each row of `x2`: shape (..., P, R) from (..., P, M), (..., R,
    M).

    Euclidean distances come from a matrix product when there are more than 25 rows, or as `compute_mode` says: much
    faster, and less exact for rows that are close to each other.
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise ShapeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    if compute_mode not in _DISTANCE_MODES:
        raise ArgumentError(f"{compute_mode} is not a valid value for compute_mode")
    by_product = _DISTANCE_MODES[compute_mode]
    if p == 2 and (max(x1.shape[-2], x2.shape[-2]) > 25 if by_product is None else by_product):
        return _euclidean_distances(x1, x2)
    difference = ops.sub(ops.unsqueeze(x1, -2), ops.unsqueeze(x2, -3))
    return ops.vector_norm(difference, float(p), -1)


def _euclidean_distances(x1: Tensor, x2: Tensor) -> Tensor:
    """By |a - b|² = |a|² + |b|² - 2ab; the gradient at distance zero is zero."""
    first, second = (ops.sum(ops.square(x), -1, keepdim=True) for x in (x1, x2))
    products = ops.matmul(ops.mul(x1, -2), ops.transpose(x2, -1, -2))
    square = ops.add(ops.add(products, first), ops.transpose(second, -1, -2))
    together = ops.le(square, 0)
    return ops.where(together, 0.0, ops.sqrt(ops.where(together, 1.0, square)))
