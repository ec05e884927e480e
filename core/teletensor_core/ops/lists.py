"""One command over a whole list of tensors: what a training loop does to all gradients at once."""

from typing import Any

from teletensor_core import dtypes
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError
from teletensor_core.ops.norm import vector_norm
from teletensor_core.registry import TensorList, op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_writing: dict[str, Any] = {"differentiable": False, "namespaces": (), "opmath": False}


def _norm_spec(tensors, *, ord=2.0):
    if not tensors:
        raise ArgumentError("total_norm expects a non-empty list of tensors")
    dtype = dtypes.result_type(tensors)
    if dtype.category < dtypes.FLOAT:
        raise DTypeError(f"total_norm expects floating point or complex tensors, got {dtype.name}")
    return spec((), dtype.to_real())


@op(
    infer=_norm_spec,
    differentiable=False,
    namespaces=(),
    samples=calls(*[Sample([T(2, 3), T(4), T()], ord=p) for p in (2.0, 1.0, 3.0, float("inf"))]),
)
def total_norm(xp, tensors: TensorList, *, ord=2.0):
    """The norm of all tensors as if they were one vector: the norm of their norms."""
    norms = [xp.asarray(vector_norm.kernel(xp, x, ord=ord)) for x in tensors]
    return vector_norm.kernel(xp, xp.stack([x.astype(norms[0].dtype, copy=False) for x in norms]), ord=ord)


def _same_shapes(targets, others):
    for x, y in zip(targets, others, strict=True):
        if x.shape != y.shape:
            raise ShapeError(f"accumulate_: cannot add a tensor of {list(y.shape)} to one of {list(x.shape)}")
    return ()


@op(infer=_same_shapes, **_writing, mutates=("targets",))
def accumulate_(xp, targets: TensorList, others: TensorList):
    """Add each of `others` to its target."""
    for x, y in zip(targets, others, strict=True):
        xp.add(x, y, out=x, casting="unsafe")


@op(infer=lambda tensors: (), **_writing, mutates=("tensors",))
def zero_all_(xp, tensors: TensorList):
    """Fill every tensor with zeros."""
    for x in tensors:
        x[...] = 0


@op(infer=lambda tensors, factor: (), **_writing, mutates=("tensors",))
def scale_all_(xp, tensors: TensorList, factor):
    """Multiply every tensor by one number, or by a tensor of one element."""
    for x in tensors:
        xp.multiply(x, factor, out=x, casting="unsafe")


@op(infer=lambda tensors, *, low, high: (), **_writing, mutates=("tensors",))
def clamp_all_(xp, tensors: TensorList, *, low, high):
    """Bring the elements of every tensor into [low, high]."""
    for x in tensors:
        xp.minimum(xp.maximum(x, low), high, out=x, casting="unsafe")
