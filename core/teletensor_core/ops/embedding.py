"""Embedding: rows of a table picked by numbers."""

from typing import Any

from teletensor_core.dtypes import INTEGER, int64
from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.kernels.scatter import IN_SELF, check_positive
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_rows: dict[str, Any] = {"dtype": int64, "low": 0, "high": 5}


def _embedding_spec(weight, indices, *, padding_idx=None):
    if indices.dtype.category != INTEGER:
        raise DTypeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; "
            f"but got torch.{indices.dtype.title}Tensor instead (while checking arguments for embedding)"
        )
    if weight.ndim != 2:
        raise ShapeError(f"'weight' must be 2-D, got shape {list(weight.shape)}")
    return spec((*indices.shape, weight.shape[1]), weight.dtype)


@op(
    infer=_embedding_spec,
    saves=("indices",),
    opmath=False,
    namespaces=(),
    samples=calls(Sample(T(5, 3), T(4, **_rows)), Sample(T(5, 3), T(2, 3, **_rows), padding_idx=1)),
)
def embedding(xp, weight, indices, *, padding_idx=None):
    """The rows of `weight` that the indices name; the row of `padding_idx` gets no gradient."""
    check_positive(xp, indices, weight.shape[0], IN_SELF)
    return xp.take(weight, indices, axis=0)


@embedding.vjp("weight")
def _(ops, g, out, weight, indices, *, padding_idx=None):
    return ops.embedding_backward(g, indices, rows=weight.shape[0], padding_idx=padding_idx)


@op(
    infer=lambda g, indices, *, rows, padding_idx=None: spec((rows, g.shape[-1]), g.dtype),
    saves=("indices",),
    namespaces=(),
)
def embedding_backward(xp, g, indices, *, rows, padding_idx=None):
    """Gradients summed by row."""
    return xp.sum_of_rows(g.reshape((-1, g.shape[-1])), indices.reshape(-1), rows, padding_idx)


@embedding_backward.vjp("g")
def _(ops, gg, result, g, indices, *, rows, padding_idx=None):
    picked = ops.embedding(gg, indices)
    return (
        picked if padding_idx is None else ops.mul(picked, ops.unsqueeze(ops.ne(indices, padding_idx % rows), dim=-1))
    )
