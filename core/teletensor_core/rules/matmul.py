"""Rules of matrix products."""

from __future__ import annotations

from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.rules import domains
from teletensor_core.rules.dims import broadcast_shapes
from teletensor_core.spec import Shape, Spec, spec


def same_dtype(*operands: Any) -> dtypes.DType:
    """The dtype all operands share; matrix products do not promote."""
    present = [x for x in operands if x is not None]
    for x in present[1:]:
        if x.dtype is not present[0].dtype:
            raise DTypeError(
                f"expected m1 and m2 to have the same dtype, but got: {present[0].dtype.name} != {x.dtype.name}"
            )
    dtype: dtypes.DType = present[0].dtype
    domains.require(dtype, domains.INTEGERS, domains.FLOATS, domains.COMPLEX)
    return dtype


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """The shape of a @ b for vectors, matrices and batches of matrices."""
    if not a or not b:
        raise ShapeError(f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D")
    inner = b[-2] if len(b) > 1 else b[0]
    if a[-1] != inner:
        raise ShapeError(_mismatch(a, b))
    batch = broadcast_shapes(a[:-2], b[:-2]) if len(a) > 2 or len(b) > 2 else ()
    return (*batch, *(a[-2:-1] if len(a) > 1 else ()), *(b[-1:] if len(b) > 1 else ()))


def _mismatch(a: Shape, b: Shape) -> str:
    if len(a) == 1 and len(b) == 1:
        return (
            f"inconsistent tensor size, expected tensor {list(a)} and src {list(b)} to have the same number of elements"
        )
    rows = f"{a[-2] if len(a) > 1 else 1}x{a[-1]}"
    columns = f"{b[-2] if len(b) > 1 else b[0]}x{b[-1] if len(b) > 1 else 1}"
    return f"mat1 and mat2 shapes cannot be multiplied ({rows} and {columns})"


def matmul(input: Spec, other: Spec) -> Spec:
    """`input @ other`."""
    shape = matmul_shape(input.shape, other.shape)
    return spec(shape, same_dtype(input, other))


def ranked(name: str, *ranks: int) -> Any:
    """Matmul for operands of fixed ranks: mm, bmm, mv, dot."""

    def infer(input: Spec, other: Spec) -> Spec:
        for x, rank in zip((input, other), ranks, strict=True):
            if x.ndim != rank:
                raise ShapeError(f"{name} expects a tensor with {rank} dimensions, got {x.ndim}: shape {list(x.shape)}")
        if name == "bmm" and input.shape[0] != other.shape[0]:
            raise ShapeError(f"bmm expects equal batch sizes, got {list(input.shape)} and {list(other.shape)}")
        return matmul(input, other)

    return infer


def linear(input: Spec, weight: Spec, bias: Spec | None = None) -> Spec:
    """`input @ weight.T + bias`."""
    if weight.ndim != 2 or not input.ndim or input.shape[-1] != weight.shape[1]:
        rows = 1
        for n in input.shape[:-1]:
            rows *= n
        transposed = "x".join(str(n) for n in reversed(weight.shape))
        raise ShapeError(
            "mat1 and mat2 shapes cannot be multiplied "
            f"({rows}x{input.shape[-1] if input.ndim else 1} and {transposed})"
        )
    if bias is not None and bias.shape not in ((weight.shape[0],), ()):
        raise ShapeError(f"linear: bias {list(bias.shape)} does not fit {weight.shape[0]} output features")
    return spec((*input.shape[:-1], weight.shape[0]), same_dtype(input, weight, bias))


def addmm(input: Spec, mat1: Spec, mat2: Spec, **attrs: Any) -> Spec:
    """`input + mat1 @ mat2`, with the input broadcast."""
    product = matmul(mat1, mat2)
    if broadcast_shapes(input.shape, product.shape) != product.shape:
        raise ShapeError(f"addmm: input {list(input.shape)} cannot be expanded to {list(product.shape)}")
    return spec(product.shape, same_dtype(input, mat1, mat2))
