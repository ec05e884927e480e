"""Multi-head attention: project, split into heads, attend, join and project again.

Inside, heads are (N, heads, length, size), and a mask is bool with True where a query may look,
or float and added to the scores; it broadcasts to (N, heads, L, S).
"""

from typing import NamedTuple

import teletensor as tt
from teletensor.nn.functional.attention import attention_weights, scaled_dot_product_attention
from teletensor.nn.functional.dropouts import dropout
from teletensor.nn.functional.masks import extend_mask, merge_masks
from teletensor.nn.functional.products import linear
from teletensor.tensor import Tensor


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of `num_heads` heads over (L, N, E), (S, N, E), (S, N, E), or without N.

    Gives the output (L, N, E) and, with `need_weights`, the weights (N, L, S), or (N, heads, L, S)
    when they are not averaged. In a bool mask True means *may not look*.
    """
    batched = _is_batched(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = _as_batch(query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    _check_embedding(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    # The hint replaces the mask where nothing else has to be masked or shown.
    causal = _causal_hint(is_causal, attn_mask) and key_padding_mask is None and not need_weights
    packed = None if use_separate_proj_weight else in_proj_weight
    project = InProjection(packed, q_proj_weight, k_proj_weight, v_proj_weight, in_proj_bias)
    q, k, v = project(query, key, value)
    sizes = (q.shape[1], num_heads, q.shape[0], k.shape[0])
    mask = merge_masks(None if causal else attn_mask, key_padding_mask, sizes, q.dtype)
    if bias_k is not None and bias_v is not None:
        k, v = _append(k, bias_k, 0), _append(v, bias_v, 0)
        mask = extend_mask(mask)
    q, k, v = _split_heads(q, num_heads), _split_heads(k, num_heads), _split_heads(v, num_heads)
    k, v = _or_static(k, static_k, "static_k"), _or_static(v, static_v, "static_v")
    if add_zero_attn:
        zero = tt.zeros((), dtype=k.dtype, device=k.device)
        k, v = _append(k, zero, 2), _append(v, zero, 2)
        mask = extend_mask(mask)
    drop = dropout_p if training else 0.0
    context, weights = _attend(q, k, v, mask, drop, causal, need_weights)
    output = linear(_join_heads(context), out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    if batched:
        return output, weights
    return output.squeeze(1), None if weights is None else weights.squeeze(0)


class InProjection(NamedTuple):
    """Weights that make queries, keys and values: one packed (3 E, E), or three."""

    packed: Tensor | None
    query: Tensor | None
    key: Tensor | None
    value: Tensor | None
    bias: Tensor | None

    def __call__(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        """All three projected; self-attention on packed weights is one product."""
        if self.packed is not None and query is key and key is value:
            return tuple(linear(query, self.packed, self.bias).chunk(3, -1))
        biases = (None,) * 3 if self.bias is None else self.bias.chunk(3)
        parts = zip((query, key, value), self._weights(), biases, strict=True)
        return tuple(linear(source, weight, bias) for source, weight, bias in parts)

    def _weights(self) -> list[Tensor]:
        if self.packed is not None:
            return list(self.packed.chunk(3))
        weights = []
        for name, weight in (("q", self.query), ("k", self.key), ("v", self.value)):
            if weight is None:
                raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
            weights.append(weight)
        return weights


def _attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None,
    drop: float,
    causal: bool,
    need_weights: bool,
) -> tuple[Tensor, Tensor | None]:
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, drop, causal), None
    weights = attention_weights(q, k, mask)
    if drop > 0:
        weights = dropout(weights, drop)
    return weights @ v, weights


def _split_heads(x: Tensor, heads: int) -> Tensor:
    """(L, N, E) as (N, heads, L, E / heads)."""
    length, batch, width = x.shape
    return x.reshape(length, batch, heads, width // heads).permute(1, 2, 0, 3)


def _join_heads(x: Tensor) -> Tensor:
    batch, heads, length, size = x.shape
    return x.permute(2, 0, 1, 3).reshape(length, batch, heads * size)


def _append(x: Tensor, entry: Tensor, dim: int) -> Tensor:
    """One more position at the end of `dim`, the same for all."""
    shape = list(x.shape)
    shape[dim] = 1
    return tt.cat([x, entry.expand(shape)], dim)


def _or_static(computed: Tensor, static: Tensor | None, name: str) -> Tensor:
    """`static` (N * heads, S, size) instead of what was projected, if there is one."""
    if static is None:
        return computed
    batch, heads, _, size = computed.shape
    for dim, want in ((0, batch * heads), (2, size)):
        if static.shape[dim] != want:
            raise AssertionError(f"expecting {name}.size({dim}) of {want}, but got {static.shape[dim]}")
    return static.reshape(batch, heads, -1, size)


def _as_batch(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The three as batches of one; one tensor for all stays one, for the packed product."""
    batch = query.unsqueeze(1)
    if query is key and key is value:
        return batch, batch, batch
    return batch, key.unsqueeze(1), value.unsqueeze(1)


def _causal_hint(is_causal: bool, attn_mask: Tensor | None) -> bool:
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to create this mask."
        )
    return is_causal


def _is_batched(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    key_padding_mask: Tensor | None,
    attn_mask: Tensor | None,
    num_heads: int,
) -> bool:
    """Whether there is a batch dimension; AssertionError if the five do not agree on it."""
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    batched = query.ndim == 3
    kind = "batched (3-D)" if batched else "unbatched (2-D)"
    if not query.ndim == key.ndim == value.ndim:
        raise AssertionError(
            f"For {kind} `query`, expected `key` and `value` to be {query.ndim}-D "
            f"but found {key.ndim}-D and {value.ndim}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.ndim != query.ndim - 1:
        raise AssertionError(
            f"For {kind} `query`, expected `key_padding_mask` to be `None` or {query.ndim - 1}-D "
            f"but found {key_padding_mask.ndim}-D tensor instead"
        )
    _check_mask(attn_mask, kind, None if batched else (num_heads, query.shape[0], key.shape[0]))
    return batched


def _check_mask(mask: Tensor | None, kind: str, shape: tuple[int, int, int] | None) -> None:
    if mask is None:
        return
    if mask.ndim not in (2, 3):
        raise AssertionError(
            f"For {kind} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D tensor instead"
        )
    if shape is not None and mask.ndim == 3 and tuple(mask.shape) != shape:
        raise AssertionError(f"Expected `attn_mask` shape to be {shape} but got {mask.shape}")


def _check_embedding(query: Tensor, key: Tensor, value: Tensor, embed_dim: int, heads: int, separate: bool) -> None:
    """AssertionError unless the widths fit each other and the number of heads."""
    width = query.shape[-1]
    if width != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {width}")
    if width % heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
