"""Connectionist temporal classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import factories, functions, ops
from teletensor.nn.functional import reduction as reductions
from teletensor.tensor import Tensor

# The logarithm of nothing: far below any path's, but finite, so that differences stay numbers.
_NOTHING = -1e30


def ctc_loss(
    log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any, blank: int = 0,
    reduction: str = "mean", zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """How unlikely the targets are, summed over every way in which frames may spell them with blanks between.

    `log_probs` is (T, N, C) or (T, C), `targets` (N, S), or all of them in one row. The mean is over targets of their
    loss by their length. Waits for the lengths where they are tensors. Source: Graves et al., "Connectionist Temporal
    Classification", 2006.
    """
    single = log_probs.ndim == 2
    probs = log_probs.unsqueeze(1) if single else log_probs
    frames, batch, classes = probs.shape
    inputs, lengths = _listed(input_lengths), _listed(target_lengths)
    if len(inputs) != batch or len(lengths) != batch:
        raise ArgumentError("input_lengths and target_lengths must be of size batch_size")
    if not 0 <= blank < classes:
        raise ArgumentError("blank must be in label range")
    if any(not 0 <= n <= frames for n in inputs):
        raise ArgumentError(f"Expected input_lengths to have value at most {frames}, but got {max(inputs)}")
    labels = _rows(targets, lengths, batch, blank)
    losses = _losses(probs, labels, inputs, lengths, blank)
    impossible = losses > -_NOTHING / 2
    losses = functions.where(impossible, 0.0 if zero_infinity else float("inf"), losses)
    if reduction == "mean":
        weights = factories.tensor([float(max(n, 1)) for n in lengths], dtype=losses.dtype, device=losses.device)
        return (losses / weights).mean()
    made = reductions.apply(losses, reduction)
    return made.squeeze(0) if single and reduction == "none" else made


def _listed(lengths: Any) -> list[int]:
    values = lengths.reshape(-1).tolist() if isinstance(lengths, Tensor) else lengths
    return [int(n) for n in (values if isinstance(values, Sequence) else [values])]


def _rows(targets: Tensor, lengths: list[int], batch: int, blank: int) -> Tensor:
    """The targets as (N, S), filled up with blanks."""
    most = max(lengths, default=0)
    if targets.ndim == 2:
        return targets.long()[:, :most]
    if batch == 1:
        return targets.long()[None, :most]
    places, start = [], 0
    for n in lengths:
        places.append([start + min(i, max(n - 1, 0)) for i in range(most)])
        start += n
    if start > targets.numel():
        raise ArgumentError(f"Expected {start} targets in a row, got {targets.numel()}")
    if not most:
        return targets.long()[:0].reshape(0, 0).new_full((batch, 0), blank)
    return targets.long()[factories.tensor(places, device=targets.device)]


def _losses(probs: Tensor, labels: Tensor, inputs: list[int], lengths: list[int], blank: int) -> Tensor:
    """Minus the logarithm of each target's probability, by the forward recursion over its labels and blanks."""
    frames, batch, _ = probs.shape
    size = 2 * labels.shape[1] + 1
    spelled = factories.full((batch, size), blank, dtype=labels.dtype, device=labels.device)
    spelled[:, 1::2] = labels
    emitted = probs.gather(2, spelled.expand(frames, batch, size)).clamp_min(_NOTHING)
    nothing = factories.full((batch, 2), _NOTHING, dtype=probs.dtype, device=probs.device)
    # A label may follow the one before it without a blank, unless it is the same.
    skips = functions.cat(
        [nothing[:, :2] == 0, functions.logical_and(spelled[:, 2:] != blank, spelled[:, 2:] != spelled[:, :-2])], 1
    )
    place = factories.arange(size, device=probs.device)
    ends = factories.tensor([2 * n + 1 for n in lengths], device=probs.device).unsqueeze(1)
    alpha = functions.where(functions.logical_and(place < 2, place < ends), emitted[0], _NOTHING)
    for t in range(1, max(inputs, default=0)):
        one = functions.cat([nothing[:, :1], alpha[:, :-1]], 1)
        two = functions.where(skips[:, :size], functions.cat([nothing, alpha], 1)[:, :size], _NOTHING)
        after = functions.logsumexp(functions.stack([alpha, one, two]), 0) + emitted[t]
        running = factories.tensor([[t < n] for n in inputs], device=probs.device)
        alpha = functions.where(running, after.clamp_min(_NOTHING), alpha)
    last = functions.logical_or(ops.eq(place, ends - 1), ops.eq(place, ends - 2))
    return -functions.logsumexp(functions.where(last, alpha, _NOTHING), 1)
