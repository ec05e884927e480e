"""Scaled dot-product attention as one op, with one op for its gradient."""

import math

from teletensor_core import rules
from teletensor_core.dtypes import BOOL, float32
from teletensor_core.dtypes import bool_ as _BOOL
from teletensor_core.errors import DTypeError, ShapeError
from teletensor_core.kernels import attention
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _attention_spec(query, key, value, attn_mask=None, *, is_causal=False, scale=None):
    given = {"query": query, "key": key, "value": value}
    if any(x.ndim < 2 for x in given.values()):
        ranks = " ".join(f"{name}.dim: {x.ndim}" for name, x in given.items())
        raise ShapeError(f"Expected query, key, and value to all be at least 2 dimensional, but got {ranks} instead.")
    if len({x.dtype for x in given.values()}) > 1:
        types = " ".join(f"{name}.dtype: {x.dtype.c_name}" for name, x in given.items())
        raise DTypeError(f"Expected query, key, and value to have the same dtype, but got {types} instead.")
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: query {list(query.shape)}, key {list(key.shape)} and value "
            f"{list(value.shape)} do not fit: "
            "query and key share the last size, key and value the one before"
        )
    domains.require(query.dtype, domains.FLOATS)
    batch = rules.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    if attn_mask is not None:
        if attn_mask.dtype not in (_BOOL, float32, query.dtype):
            raise DTypeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{attn_mask.dtype.c_name} and query.dtype: {query.dtype.c_name} instead."
            )
        batch = rules.broadcast_shapes((*batch, query.shape[-2], key.shape[-2]), attn_mask.shape)[:-2]
    return spec((*batch, query.shape[-2], value.shape[-1]), query.dtype)


def _weights(ops, query, key, attn_mask, is_causal, scale):
    """Softmax of the scaled products, as recorded ops."""
    factor = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = ops.mul(ops.matmul(query, ops.transpose(key, dim0=-2, dim1=-1)), factor)
    if is_causal:
        shape = (query.shape[-2], key.shape[-2])
        keep = ops.tril(ops.full(True, shape=shape, dtype=_BOOL))
        scores = ops.masked_fill(scores, ops.logical_not(keep), -math.inf)
    if attn_mask is not None:
        is_bool = ops.dtype(attn_mask).category == BOOL
        scores = (
            ops.masked_fill(scores, ops.logical_not(attn_mask), -math.inf) if is_bool else ops.add(scores, attn_mask)
        )
    hidden = ops.all(ops.eq(scores, -math.inf), dim=-1, keepdim=True)
    return ops.masked_fill(ops.softmax(ops.masked_fill(scores, hidden, 0), dim=-1), hidden, 0), factor


_q = T(2, 3, 4)
_samples = calls(
    Sample(_q, T(2, 5, 4), T(2, 5, 3)),
    Sample(T(2, 2, 3, 4), T(2, 2, 3, 4), T(2, 2, 3, 4), is_causal=True),
    Sample(_q, T(2, 5, 4), T(2, 5, 3), T(3, 5), scale=0.3),
)


@op(
    infer=_attention_spec,
    saves=("query", "key", "value", "attn_mask"),
    namespaces=(),
    samples=_samples,
)
def scaled_dot_product_attention(xp, query, key, value, attn_mask=None, *, is_causal=False, scale=None):
    """softmax(query key^T * scale + mask) value. Zeros for rows that see nothing."""
    mask, hidden = attention.without_hidden_rows(xp, query, key, attn_mask, is_causal)
    added = xp.attention_offset(query, key, mask, is_causal)
    out = attention.forward(xp, query, key, value, added, attention.factor(query, scale))
    return out if hidden is None else xp.where(hidden, xp.zeros_like(out), out)


@scaled_dot_product_attention.vjp("query", "key", "value", "attn_mask")
def _(ops, g, out, query, key, value, attn_mask=None, *, is_causal=False, scale=None, needs):
    batch = {tuple(x.shape[:-2]) for x in (query, key, value, g)}
    if not ops.recording and len(batch) == 1 and query.ndim > 2 and "attn_mask" not in needs:
        return *ops.attention_backward(g, query, key, value, attn_mask, is_causal=is_causal, scale=scale), None
    weights, factor = _weights(ops, query, key, attn_mask, is_causal, scale)
    to_weights = ops.matmul(g, ops.transpose(value, dim0=-2, dim1=-1))
    to_scores = ops.softmax_backward(to_weights, weights, dim=-1)
    scaled = ops.mul(to_scores, factor)
    return (
        ops.matmul(scaled, key) if "query" in needs else None,
        ops.matmul(ops.transpose(scaled, dim0=-2, dim1=-1), query) if "key" in needs else None,
        ops.matmul(ops.transpose(weights, dim0=-2, dim1=-1), g) if "value" in needs else None,
        to_scores if "attn_mask" in needs else None,
    )


@op(
    infer=lambda g, query, key, value, attn_mask=None, **attrs: (query, key, value),
    differentiable=False,
    namespaces=(),
)
def attention_backward(xp, g, query, key, value, attn_mask=None, *, is_causal, scale):
    """The gradients of attention for query, key and value, which are of one batch."""
    mask, hidden = attention.without_hidden_rows(xp, query, key, attn_mask, is_causal)
    added = xp.attention_offset(query, key, mask, is_causal)
    g = g if hidden is None else xp.where(hidden, xp.zeros_like(g), g)
    return attention.backward(xp, g, query, key, value, added, attention.factor(query, scale))
