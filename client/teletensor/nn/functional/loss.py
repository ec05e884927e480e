"""Losses that are one op: regression, classification and divergence.

`reduction` is "mean", "sum" or "none"; `size_average` and `reduce` are its deprecated spelling.
"""

import warnings

import numpy as np

from teletensor import ops
from teletensor.nn.functional import reduction as reductions
from teletensor.tensor import Tensor


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Squared difference; with `weight` a weighted mean."""
    _warn_of_broadcast(input, target)
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    if weight is None:
        return ops.mse_loss(input, target, reduction=reduction)
    return _weighted(ops.mse_loss(input, target, reduction="none"), weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Absolute difference; with `weight` a weighted mean."""
    _warn_of_broadcast(input, target)
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    if weight is None:
        return ops.l1_loss(input, target, reduction=reduction)
    return _weighted(ops.l1_loss(input, target, reduction="none"), weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """`d**2 / (2 * beta)` for a difference d below `beta`, `|d| - beta / 2` above it."""
    _warn_of_broadcast(input, target)
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return ops.l1_loss(input, target, reduction=reduction)
    return ops.smooth_l1_loss(input, target, reduction=reduction, beta=beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """`d**2 / 2` for a difference d below `delta`, `delta * (|d| - delta / 2)` above it."""
    _warn_of_broadcast(input, target)
    reductions.check(reduction)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        return ops.huber_loss(input, target, reduction=reduction, delta=delta)
    loss = ops.huber_loss(input, target, reduction="none", delta=delta)
    _check_weight(loss, weight)
    return reductions.apply(loss * weight, reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Negative log of the softmax over classes (dimension 1, or 0 of an unbatched input).

    `target` holds class numbers, or probabilities in the shape of `input`. Classes weigh
    `weight`; elements with target `ignore_index` count for nothing.
    """
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    return ops.cross_entropy(
        input,
        target,
        weight,
        reduction=reduction,
        ignore_index=ignore_index,
        label_smoothing=label_smoothing,
    )


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the log-probability that `input` gives to each class number in `target`."""
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    return ops.nll_loss(input, target, weight, reduction=reduction, ignore_index=ignore_index)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Cross entropy of probabilities in `input`; ValueError if the shapes differ."""
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}) is deprecated. Please ensure they have the same size."
        )
    if weight is not None and weight.shape != target.shape:
        weight = weight.expand(np.broadcast_shapes(target.shape, weight.shape))
    return ops.binary_cross_entropy(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy(input.sigmoid(), ...)` without overflow.

    `pos_weight` multiplies the term of positive targets. ValueError if the shapes differ.
    """
    reduction = reductions.check(reductions.choose(reduction, size_average, reduce))
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    return ops.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction=reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Kullback-Leibler divergence of `target` from log-probabilities `input`.

    "batchmean" divides the sum by the size of the first dimension, as the definition has it.
    """
    reduction = reductions.choose(reduction, size_average, reduce)
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if reduction == "batchmean":
        total = ops.kl_div(input, target, reduction="sum", log_target=log_target)
        return total / input.shape[0] if input.ndim else total
    return ops.kl_div(input, target, reduction=reductions.check(reduction), log_target=log_target)


def _warn_of_broadcast(input: Tensor, target: Tensor) -> None:
    if target.shape != input.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
            "Please ensure they have the same size.",
            stacklevel=3,
        )


def _check_weight(loss: Tensor, weight: Tensor) -> None:
    if weight.shape != loss.shape:
        raise ValueError("Weights and input must have the same size.")


def _weighted(loss: Tensor, weight: Tensor, reduction: str) -> Tensor:
    _check_weight(loss, weight)
    loss = loss * weight
    if reduction == "mean":
        return loss.sum() / weight.sum()
    return reductions.apply(loss, reduction)
