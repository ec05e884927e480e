"""Scaled dot-product attention."""

import math

import teletensor as tt
from teletensor import ops
from teletensor.nn.functional.dropouts import dropout
from teletensor.tensor import Tensor


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """`softmax(query @ key.mT * scale + mask) @ value`: (*, L, E), (*, S, E), (*, S, V).

    A bool mask is True where a query may look; `is_causal` lets it look back only and excludes
    a mask. `scale` defaults to `1 / sqrt(E)`. With `enable_gqa`, groups of query heads
    (dimension -3) share a head of key and value. Gives (*, L, V).
    """
    if attn_mask is not None and is_causal:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa:
        key, value = (_repeat_heads(kept, query.shape[-3]) for kept in (key, value))
    if dropout_p > 0:
        mask = _causal_mask(query, key) if is_causal else attn_mask
        weights = attention_weights(query, key, mask, scale)
        return dropout(weights, dropout_p) @ value
    return ops.scaled_dot_product_attention(query, key, value, attn_mask, is_causal=is_causal, scale=scale)


def attention_weights(query: Tensor, key: Tensor, mask: Tensor | None = None, scale: float | None = None) -> Tensor:
    """The softmax of scaled and masked scores: (*, L, S)."""
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = (query * scale) @ key.transpose(-2, -1)
    return ops.softmax(scores if mask is None else _masked(scores, mask), dim=-1)


def _masked(scores: Tensor, mask: Tensor) -> Tensor:
    if mask.dtype == tt.bool:
        return scores.masked_fill(mask.logical_not(), -math.inf)
    return scores + mask


def _causal_mask(query: Tensor, key: Tensor) -> Tensor:
    ones = tt.ones(query.shape[-2], key.shape[-2], dtype=tt.bool, device=query.device)
    return ones.tril()


def _repeat_heads(kept: Tensor, heads: int) -> Tensor:
    return kept.repeat_interleave(heads // kept.shape[-3], -3)
