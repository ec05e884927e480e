"""Masks of causal attention between sequences of different lengths."""

from enum import IntEnum

import teletensor as tt
from teletensor.tensor import Tensor
from teletensor.torch_function import disabled_torch_function

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(IntEnum):
    """Where the triangle of what may be seen has its corner."""

    UPPER_LEFT = 1
    LOWER_RIGHT = 2


class CausalBias(Tensor):
    """A mask for `scaled_dot_product_attention`: bool, (seq_len_q, seq_len_kv), True where a query may look."""

    __torch_function__ = staticmethod(disabled_torch_function)

    variant: CausalVariant
    seq_len_q: int
    seq_len_kv: int

    def __new__(cls, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> "CausalBias":
        """The mask, on the default device."""
        shift = seq_len_kv - seq_len_q if variant is CausalVariant.LOWER_RIGHT else 0
        made: CausalBias = Tensor._make_subclass(
            cls, tt.ones(seq_len_q, seq_len_kv, dtype=tt.bool).tril(diagonal=shift), False
        )
        made.variant, made.seq_len_q, made.seq_len_kv = variant, seq_len_q, seq_len_kv
        return made

    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> None:
        # Everything was done by __new__; Tensor's own constructor must not run again.
        pass


def causal_upper_left(*size: int) -> CausalBias:
    """Query i sees keys 0 to i. AssertionError unless there are two sizes."""
    return CausalBias(CausalVariant.UPPER_LEFT, *_two(size))


def causal_lower_right(*size: int) -> CausalBias:
    """The last query sees every key, the one before all but the last. AssertionError unless there are two sizes."""
    return CausalBias(CausalVariant.LOWER_RIGHT, *_two(size))


def _two(size: tuple[int, ...]) -> tuple[int, int]:
    if len(size) != 2:
        raise AssertionError(f"a causal mask only supports 2D tensors, got {len(size)} sizes")
    return size[0], size[1]
