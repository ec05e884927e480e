"""Lookups as `torch` itself has them: the table comes before the numbers."""

from __future__ import annotations

from teletensor_core.errors import ArgumentError

import teletensor as tt
from teletensor.nn.functional import bags
from teletensor.nn.functional import embedding as _embedding
from teletensor.nn.functional.tables import shrink_used_rows
from teletensor.tensor import Tensor

_MODES = ("sum", "mean", "max")


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """Rows of `weight` picked by integers: (*, size). The row `padding_idx` gets no gradient; -1 stands for no row.

    `sparse` is accepted, and gradients are dense all the same.
    """
    pad = None if padding_idx < 0 else padding_idx
    return _embedding(indices, weight, pad, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def embedding_renorm_(input: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Shrink the rows of `input` that `indices` names to a norm of at most `max_norm`, in place."""
    shrink_used_rows(input, indices, max_norm, norm_type)
    return input


def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The bags' sums (mode 0), means (1) or maxima (2); each entry's bag; the bags' sizes; and for maxima their rows.

    Bags are parts of the vector `indices` that start at `offsets`. The last two are for the mode they are named for;
    otherwise the bags' sizes stand for the rows.
    """
    if not 0 <= mode < len(_MODES):
        raise ArgumentError(f"embedding_bag: mode has to be 0 (sum), 1 (mean) or 2 (max), got {mode}")
    made = bags.embedding_bag(
        indices, weight, offsets, None, 2, scale_grad_by_freq, _MODES[mode], sparse, per_sample_weights,
        include_last_offset, padding_idx,
    )  # fmt: skip
    entries, numbers, count = bags.bags_of(indices, offsets, include_last_offset)
    counted = tt.ones_like(numbers) if padding_idx is None else (entries != padding_idx % weight.shape[0]).long()
    sizes = tt.zeros(count + 1, dtype=tt.int64, device=indices.device).index_add(0, numbers, counted)[:count]
    rows = sizes if mode != 2 else _rows_of_maxima(made, weight, entries, numbers, counted, count)
    return made, numbers, sizes, rows


def _rows_of_maxima(
    made: Tensor, weight: Tensor, entries: Tensor, numbers: Tensor, counted: Tensor, count: int
) -> Tensor:
    """For each bag and column the first row of the table that has the maximum; 0 for an empty bag."""
    padded = tt.cat([made.detach(), made.new_zeros((1, made.shape[1]))])
    rows = weight.detach().index_select(0, entries)
    found = (rows == padded.index_select(0, numbers)) & (counted > 0).unsqueeze(1)
    length = entries.shape[0]
    place = tt.where(found, tt.arange(length, device=entries.device).unsqueeze(1), length)
    start = tt.full((count + 1, made.shape[1]), length, dtype=tt.int64, device=entries.device)
    first = start.scatter_reduce(0, numbers.unsqueeze(1).expand(place.shape), place, "amin")[:count]
    return tt.cat([entries, entries.new_zeros(1)])[first]
