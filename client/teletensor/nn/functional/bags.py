"""Sums, means and maxima of bags of embeddings."""

from __future__ import annotations

from teletensor_core.errors import ArgumentError, UnsupportedError

import teletensor as tt
from teletensor.graph import named
from teletensor.nn.functional.tables import embedding
from teletensor.tensor import Tensor


@named("EmbeddingBagBackward0")
def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The rows of `weight` of each bag, reduced to one: (bags, size).

    Bags are the rows of a matrix of integers, or parts of a vector that start at `offsets`. Rows at `padding_idx` do
    not count. `sparse` is accepted, and gradients are dense all the same.
    """
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None:
        if mode != "sum":
            raise UnsupportedError(
                "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
                f"(got mode='{mode}'). Please open a feature request on GitHub."
            )
        if per_sample_weights.shape != input.shape:
            raise ArgumentError(
                f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, then it must have the "
                f"same shape as the input ({input.shape})"
            )
    entries, bags, count = bags_of(input, offsets, include_last_offset)
    rows = embedding(entries, weight, None, max_norm, norm_type, scale_grad_by_freq, sparse)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    counted = tt.ones_like(entries, dtype=rows.dtype)
    if padding_idx is not None:
        counted = (entries != padding_idx % weight.shape[0]).to(rows.dtype)
    return _reduced(rows, counted, bags, count, mode)


def bags_of(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[Tensor, Tensor, int]:
    """All entries as one vector, the number of each one's bag, and how many bags there are."""
    if input.ndim == 2:
        if offsets is not None:
            raise ArgumentError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        count, length = input.shape
        numbers = tt.arange(count, device=input.device).reshape(-1, 1).expand(count, length)
        return input.reshape(-1), numbers.reshape(-1), count
    if input.ndim != 1:
        raise ArgumentError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None:
        raise ArgumentError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ArgumentError("offsets has to be a 1D Tensor")
    # How many bags have started by each entry, less one. A bag that starts at the end stays empty.
    marks = tt.zeros(input.shape[0] + 1, dtype=tt.int64, device=input.device)
    marks = marks.index_add(0, offsets.to(tt.int64), tt.ones_like(offsets, dtype=tt.int64))
    return input, marks[:-1].cumsum(0) - 1, offsets.shape[0] - include_last_offset


def _reduced(rows: Tensor, counted: Tensor, bags: Tensor, count: int, mode: str) -> Tensor:
    # One row more, for entries behind the last offset.
    zeros = rows.new_zeros((count + 1, rows.shape[1]))
    if mode == "max":
        least = tt.full_like(rows, float("-inf"))
        kept = tt.where(counted.unsqueeze(1) > 0, rows, least)
        index = bags.unsqueeze(1).expand(rows.shape)
        start = tt.full_like(zeros, float("-inf"))
        best = start.scatter_reduce(0, index, kept, "amax", include_self=True)
        return tt.where(best == float("-inf"), zeros, best)[:count]
    total = zeros.index_add(0, bags, rows * counted.unsqueeze(1))
    if mode == "sum":
        return total[:count]
    sizes = counted.new_zeros((count + 1,)).index_add(0, bags, counted)
    return (total / sizes.clamp_min(1).unsqueeze(1))[:count]
