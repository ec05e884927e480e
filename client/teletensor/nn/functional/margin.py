"""Losses composed of other ops: margins between scores or distances, and likelihoods."""

import math
from collections.abc import Callable

from teletensor_core.errors import ShapeError

import teletensor as tt
from teletensor.graph import named
from teletensor.nn.functional import reduction as reductions
from teletensor.nn.functional.activation import logsigmoid, softplus
from teletensor.nn.functional.distance import pairwise_distance
from teletensor.tensor import Tensor

Distance = Callable[[Tensor, Tensor], Tensor]


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, margin - target * (input1 - input2))`, with targets 1 and -1."""
    reduction = reductions.choose(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reductions.apply((margin - target * (input1 - input2)).clamp_min(0), reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`input` where the target is 1, `max(0, margin - input)` where it is -1."""
    reduction = reductions.choose(reduction, size_average, reduce)
    near = input.masked_fill(target == -1, 0.0)
    far = (margin - input).clamp_min(0).masked_fill(target == 1, 0.0)
    return reductions.apply(near + far, reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`1 - cos` of the two inputs where the target is 1, `max(0, cos - margin)` where it is -1.

    Takes (N, D), (N, D) and (N,), or (D,), (D,) and (); RuntimeError for anything else.
    """
    reduction = reductions.choose(reduction, size_average, reduce)
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not input1.ndim == input2.ndim == target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, "
            f"but found inputs with sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    power = (input1.square().sum(-1) + 1e-12) * (input2.square().sum(-1) + 1e-12)
    cosine = (input1 * input2).sum(-1) / power.sqrt()
    alike = (1 - cosine).masked_fill(target != 1, 0.0)
    different = (cosine - margin).clamp_min(0).masked_fill(target != -1, 0.0)
    return reductions.apply(alike + different, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, margin + |anchor - positive| - |anchor - negative|)` in the p-norm.

    With `swap`, the positive stands in for the anchor where it is nearer to the negative.
    """
    reduction = reductions.choose(reduction, size_average, reduce)

    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Distance | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of one's own, Euclidean by default."""
    distance = distance_function or pairwise_distance
    return _triplet(anchor, positive, negative, distance, margin, swap, reduction)


def _triplet(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Distance,
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = tt.minimum(far, distance(positive, negative))
    return reductions.apply((margin + near - far).clamp_min(0), reduction)


@named("SoftMarginLossBackward0")
def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`log(1 + exp(-target * input))`, with targets 1 and -1."""
    reduction = reductions.choose(reduction, size_average, reduce)
    return reductions.apply(softplus(-target * input), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean over classes (the last dimension) of a binary cross entropy per class."""
    reduction = reductions.choose(reduction, size_average, reduce)
    loss = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    loss = loss if weight is None else loss * weight
    return reductions.apply(loss.mean(-1), reduction)


@named("MultiMarginLossBackward0")
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Mean over classes of `max(0, margin - input[target] + input[class]) ** p`."""
    reduction = reductions.choose(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    if target.shape != input.shape[:-1]:
        raise ShapeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples "
            f"(batch size). Expected target size {list(input.shape[:-1])}, but got {list(target.shape)}."
        )
    column = target.unsqueeze(-1)
    loss = (margin - input.gather(-1, column) + input).clamp_min(0).pow(p)
    if weight is not None:
        loss = loss * weight[target].unsqueeze(-1)
    loss = tt.scatter(loss, -1, column, 0.0)
    return reductions.apply(loss.mean(-1), reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of `target` under normal distributions of mean `input`.

    Variances below `eps` count as `eps`. A negative number as variance raises ValueError; negative
    values in a tensor do not, because finding them would mean waiting for the device.
    """
    if reduction not in reductions.REDUCTIONS:
        raise ValueError(f"{reduction} is not valid")
    variance = _limited(_fitting(var, input), eps)
    loss = 0.5 * (variance.log() + (input - target).square() / variance)
    if full:
        loss = loss + 0.5 * math.log(2 * math.pi)
    return reductions.apply(loss, reduction)


def _fitting(var: Tensor | float, input: Tensor) -> Tensor:
    """`var` as a tensor that broadcasts to `input`; ValueError if it cannot."""
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        return tt.full_like(input, var)
    if var.shape == input.shape:
        return var
    if var.shape == input.shape[:-1]:
        return var.unsqueeze(-1)
    differing = [have for have, want in zip(var.shape, input.shape, strict=False) if have != want]
    if var.ndim == input.ndim and differing == [1]:
        return var
    raise ValueError("var is of incorrect size")


def _limited(var: Tensor, eps: float) -> Tensor:
    """`var` clamped from below; its gradient passes as if it were not clamped."""
    var = var.clone()
    with tt.no_grad():
        return var.clamp_(min=eps)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Negative log-likelihood of counts under Poisson rates, or their logs with `log_input`.

    `full` adds Stirling's approximation of the term that depends on the target alone.
    """
    reduction = reductions.choose(reduction, size_average, reduce)
    log_rate = input if log_input else (input + eps).log()
    loss = (input.exp() if log_input else input) - target * log_rate
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        loss = loss + stirling.masked_fill(target <= 1, 0.0)
    return reductions.apply(loss, reduction)


@named("MultilabelMarginLossBackward0")
def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Means over classes of `max(0, 1 - (input[y] - input[i]))`, summed over a row's classes y and all others i.

    `target` is like `input`, (C,) or (N, C): a row's classes first, and -1 after the last of them.
    """
    reduction = reductions.choose(reduction, size_average, reduce)
    if input.ndim not in (1, 2):
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(input.shape)}"
        )
    if target.shape != input.shape:
        raise RuntimeError(f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}")
    named = (target != -1).long().cumprod(-1)
    classes = target * named
    is_named = tt.zeros_like(target).scatter_add(-1, classes, named) > 0
    gaps = 1 - input.gather(-1, classes).unsqueeze(-1) + input.unsqueeze(-2)
    counted = named.bool().unsqueeze(-1) & ~is_named.unsqueeze(-2)
    return reductions.apply(tt.where(counted, gaps, 0).relu().sum((-2, -1)) / input.shape[-1], reduction)
