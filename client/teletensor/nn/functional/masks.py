"""The two masks of multi-head attention made into one.

The masks that come in are bool, True where a query may *not* look, or float, added to the scores.
The mask that comes out is bool, True where it may look, or float.
"""

import math

from teletensor_core.dtypes import DType

import teletensor as tt
from teletensor import ops
from teletensor.tensor import Tensor

Sizes = tuple[int, int, int, int]


def merge_masks(attn_mask: Tensor | None, key_padding_mask: Tensor | None, sizes: Sizes, dtype: DType) -> Tensor | None:
    """One mask that broadcasts to `sizes`, (N, heads, L, S); None if there is nothing to mask.

    RuntimeError or AssertionError for a mask of another shape or dtype.
    """
    masks = []
    if attn_mask is not None:
        masks.append(_spread_attn_mask(attn_mask, sizes))
    if key_padding_mask is not None:
        masks.append(_spread_padding_mask(key_padding_mask, sizes))
    if not masks:
        return None
    if all(mask.dtype == tt.bool for mask in masks):
        return (masks[0] if len(masks) == 1 else masks[0] | masks[1]).logical_not()
    scores = [_as_scores(mask, dtype) for mask in masks]
    return scores[0] if len(scores) == 1 else scores[0] + scores[1]


def extend_mask(mask: Tensor | None) -> Tensor | None:
    """`mask` with one more key, at which every query may look."""
    if mask is None:
        return None
    return ops.constant_pad(mask, pad=(0, 1), value=mask.dtype == tt.bool)


def _as_scores(mask: Tensor, dtype: DType) -> Tensor:
    if mask.dtype != tt.bool:
        return mask
    return tt.zeros_like(mask, dtype=dtype).masked_fill(mask, -math.inf)


def _spread_attn_mask(mask: Tensor, sizes: Sizes) -> Tensor:
    _check_dtype("attn_mask", mask)
    batch, heads, length, keys = sizes
    expected = {2: (length, keys), 3: (batch * heads, length, keys)}.get(mask.ndim)
    if expected is None:
        raise RuntimeError(f"attn_mask's dimension {mask.ndim} is not supported")
    if tuple(mask.shape) != expected:
        raise RuntimeError(f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {expected}.")
    return mask if mask.ndim == 2 else mask.reshape(sizes)


def _spread_padding_mask(mask: Tensor, sizes: Sizes) -> Tensor:
    _check_dtype("key_padding_mask", mask)
    batch, _, _, keys = sizes
    for dim, want in enumerate((batch, keys)):
        if mask.shape[dim] != want:
            raise AssertionError(f"Expected key_padded_mask.shape[{dim}] to be {want}, but got {mask.shape[dim]}")
    return mask.reshape(batch, 1, 1, keys)


def _check_dtype(name: str, mask: Tensor) -> None:
    if mask.dtype != tt.bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
