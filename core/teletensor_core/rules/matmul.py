"""Rules of matrix products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.rules import domains
from teletensor_core.rules.dims import broadcast_shapes, require_expandable
from teletensor_core.spec import Shape, Spec, spec

_DIFFER = "expected m1 and m2 to have the same dtype, but got: {0.c_name} != {1.c_name}"
_FOUND = "expected scalar type {0.title} but found {1.title}"
_TERMS = "mat1 and mat2 must have the same dtype, but got {0.title} and {1.title}"


def same_dtype(*operands: Any, text: str = _DIFFER) -> dtypes.DType:
    """The dtype all operands share; matrix products do not promote. `text` is for those that differ."""
    present = [x for x in operands if x is not None]
    for x in present[1:]:
        if x.dtype is not present[0].dtype:
            raise DTypeError(text.format(present[0].dtype, x.dtype))
    dtype: dtypes.DType = present[0].dtype
    domains.require(dtype, domains.INTEGERS, domains.FLOATS, domains.COMPLEX)
    return dtype


def matmul_shape(a: Shape, b: Shape) -> Shape:
    """The shape of a @ b for vectors, matrices and batches of matrices."""
    if not a or not b:
        raise ShapeError(f"both arguments to matmul need to be at least 1D, but they are {len(a)}D and {len(b)}D")
    inner = b[-2] if len(b) > 1 else b[0]
    batch = broadcast_shapes(a[:-2], b[:-2]) if len(a) > 2 or len(b) > 2 else ()
    if a[-1] != inner:
        raise ShapeError(_mismatch(a, b, batch))
    return (*batch, *(a[-2:-1] if len(a) > 1 else ()), *(b[-1:] if len(b) > 1 else ()))


def _mismatch(a: Shape, b: Shape, batch: Shape) -> str:
    if len(a) == len(b) == 1:
        return (
            f"inconsistent tensor size, expected tensor {list(a)} and src {list(b)} to have the same number of "
            f"elements, but got {a[0]} and {b[0]} elements respectively"
        )
    rows = math.prod(a[:-1])
    if len(b) == 1:
        return f"size mismatch, got input ({rows}), mat ({rows}x{a[-1]}), vec ({b[0]})"
    if len(b) == 2:
        return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1]} and {b[0]}x{b[1]})"
    return _batches([math.prod(batch), a[-1]], [math.prod(batch), b[-2]])


def _batches(wanted: Sequence[int], given: Sequence[int]) -> str:
    return f"Expected size for first two dimensions of batch2 tensor to be: {list(wanted)} but got: {list(given)}."


def matmul(input: Spec, other: Spec) -> Spec:
    """`input @ other`."""
    shape = matmul_shape(input.shape, other.shape)
    return spec(shape, same_dtype(input, other, text=_FOUND if len(shape) > 2 else _DIFFER))


def mm(input: Spec, other: Spec) -> Spec:
    """Matrix by matrix."""
    for name, x in (("self", input), ("mat2", other)):
        if x.ndim != 2:
            raise ShapeError(f"{name} must be a matrix, got shape {list(x.shape)}")
    return matmul(input, other)


def bmm(input: Spec, other: Spec) -> Spec:
    """Matrix by matrix, as many of the one as of the other."""
    for name, x in (("batch1", input), ("batch2", other)):
        if x.ndim != 3:
            raise ShapeError(f"{name} must be a 3D tensor, got shape {list(x.shape)}")
    wanted, given = (input.shape[0], input.shape[2]), other.shape[:2]
    if wanted != given:
        raise ShapeError(_batches(wanted, given))
    return matmul(input, other)


def mv(input: Spec, other: Spec) -> Spec:
    """Matrix by vector."""
    if input.ndim != 2 or other.ndim != 1:
        raise ShapeError(f"vector + matrix @ vector expected, got 1, {input.ndim}, {other.ndim}")
    return matmul(input, other)


def dot(input: Spec, other: Spec) -> Spec:
    """Vector by vector."""
    if input.ndim != 1 or other.ndim != 1:
        raise ShapeError(f"1D tensors expected, but got {input.ndim}D and {other.ndim}D tensors")
    same_dtype(input, other, text="dot : expected both vectors to have same dtype, but found {0.title} and {1.title}")
    return matmul(input, other)


def linear(input: Spec, weight: Spec, bias: Spec | None = None) -> Spec:
    """`input @ weight.T + bias`."""
    if weight.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {weight.ndim}D")
    if not input.ndim or weight.ndim != 2:
        raise ShapeError(
            f"both arguments to linear need to be at least 1D, but they are {input.ndim}D and {weight.ndim}D"
        )
    product = (*input.shape[:-1], weight.shape[0])
    if input.shape[-1] != weight.shape[1]:
        raise ShapeError(_mismatch(input.shape, weight.shape[::-1], ()))
    if bias is not None and bias.shape not in ((weight.shape[0],), ()):
        require_expandable(bias.shape, product)
        raise ShapeError(f"linear: bias {list(bias.shape)} does not fit {weight.shape[0]} output features")
    return spec(product, same_dtype(input, weight, bias, text=_DIFFER if bias is None else _TERMS))


def addmm(input: Spec, mat1: Spec, mat2: Spec, **attrs: Any) -> Spec:
    """`input + mat1 @ mat2`, with the input broadcast."""
    for name, x in (("mat1", mat1), ("mat2", mat2)):
        if x.ndim != 2:
            raise ShapeError(f"{name} must be a matrix, got {x.ndim}-D tensor")
    return _plus(input, mat1, mat2)


def baddbmm(input: Spec, batch1: Spec, batch2: Spec, **attrs: Any) -> Spec:
    """`input + batch1 @ batch2`, with the input broadcast."""
    bmm(batch1, batch2)
    return _plus(input, batch1, batch2)


def _plus(input: Spec, a: Spec, b: Spec) -> Spec:
    shape = matmul_shape(a.shape, b.shape)
    require_expandable(input.shape, shape)
    same_dtype(input, b, text="self and mat2 must have the same dtype, but got {0.title} and {1.title}")
    return spec(shape, same_dtype(input, a, b, text=_TERMS))
