"""Losses over classes: negative log-likelihood and cross entropy, with class numbers or probabilities as targets."""

from typing import Any

from teletensor_core import dtypes, rules
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError
from teletensor_core.kernels.scatter import check_positive, key_along
from teletensor_core.ops.softmax import softmax
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.rules.losses import REDUCTIONS, loss_spec
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_F = ("nn.functional",)


def _class_dim(input):
    return 0 if len(input.shape) == 1 else 1


def _target_shape(input):
    at = _class_dim(input)
    return tuple(input.shape[:at]) + tuple(input.shape[at + 1 :])


def _class_spec(input, target, weight=None, *, reduction="mean", **attrs):
    domains.require(input.dtype, domains.FLOATS)
    if not input.ndim:
        raise ArgumentError("Expected 1 or more dimensions (got 0)")
    if not 0 <= attrs.get("label_smoothing", 0) <= 1:
        raise ArgumentError(f"label_smoothing must be between 0.0 and 1.0. Got: {attrs['label_smoothing']}")
    if weight is not None and weight.dtype is not input.dtype:
        raise DTypeError(f"expected scalar type {input.dtype.title} but found {weight.dtype.title}")
    classes = input.shape[_class_dim(input)]
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(
            f"weight tensor should be defined either for all {classes} classes or no classes "
            f"but got {list(weight.shape)}"
        )
    if target.dtype.is_floating_point and target.shape == input.shape:
        return loss_spec(_target_shape(input), input.dtype, reduction)
    if target.shape == _target_shape(input) and target.dtype not in (dtypes.int64, dtypes.uint8):
        raise DTypeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.title}: probabilities need the input's "
            f"shape {list(input.shape)}"
        )
    if target.shape != _target_shape(input):
        raise _misplaced(input, target)
    return loss_spec(_target_shape(input), input.dtype, reduction)


def _misplaced(input, target):
    """The error for class numbers of another shape than the input wants."""
    wanted, given = list(_target_shape(input)), list(target.shape)
    if input.ndim == 1:
        return ArgumentError(f"For 1D input, 1D target must have size 1, but got target size: {given}")
    if input.ndim == 2 and target.ndim > 1:
        return ShapeError(f"0D or 1D target tensor expected, multi-target not supported: got {given}")
    if target.ndim == 1 and input.ndim == 2:
        return ArgumentError(
            f"Expected input batch_size ({input.shape[0]}) to match target batch_size ({target.shape[0]})."
        )
    return ShapeError(f"Expected target size {wanted}, got {given}")


def _beside(x, at):
    """An array with a dimension of size 1 at a place: `expand_dims`, which takes NumPy thirty times as long."""
    return x[(slice(None),) * at + (None,)]


def _picked(xp, input, target, ignore_index):
    """Whether each target counts, or nothing where all of them do, and targets that are safe to index with."""
    at = _class_dim(input)
    if xp.all_count(target, input.shape[at], ignore_index):
        return None, _beside(target, at)
    valid = target != ignore_index
    safe = xp.where(valid, target, 0)
    check_positive(xp, safe, input.shape[at], "Target {index} is out of bounds.")
    return valid, _beside(safe, at)


def _class_weights(xp, input, valid, index, weight):
    """What each sample counts for; nothing where that is 1."""
    if weight is None:
        return None if valid is None else valid.astype(input.dtype)
    found = xp.squeeze(weight[index], axis=_class_dim(input))
    return found if valid is None else valid.astype(input.dtype) * found


def _along(share, input):
    """Shares of samples, or one for all of them, beside the classes of an input."""
    return _beside(share, _class_dim(input)) if share.ndim else share


def _weighted(xp, losses, weights, reduction):
    if weights is not None:
        losses = losses * weights
    if reduction == "none":
        return losses
    total = xp.sum(losses)
    return total / _count(xp, losses, weights) if reduction == "mean" else total


def _count(xp, losses, weights):
    """What a mean divides by."""
    return losses.size if weights is None else xp.sum(weights)


def _shares(xp, g, index, weights, reduction):
    """What each sample's loss counts for, times the cotangent `g`."""
    if weights is None:
        return g / index.size if reduction == "mean" else g
    return g * (weights / xp.sum(weights) if reduction == "mean" else weights)


_classes: dict[str, Any] = {"dtype": dtypes.int64, "low": 0, "high": 4}
_index_samples = [Sample(T(3, 4), T(3, **_classes), None, reduction=r) for r in REDUCTIONS] + [
    Sample(T(3, 4), T(3, **_classes), T(4, low=0.5, grad=False)),
    Sample(T(2, 4, 3), T(2, 3, **_classes), None),
    Sample(T(5, 4), T(5, **_classes), None, ignore_index=2),
    Sample(T(4), T(**_classes), None),
]


@op(infer=_class_spec, saves=("target", "weight"), namespaces=_F, samples=calls(*_index_samples))
def nll_loss(xp, input, target, weight=None, *, reduction="mean", ignore_index=-100):
    """The negative log-probability of the target class."""
    valid, index = _picked(xp, input, target, ignore_index)
    at = _class_dim(input)
    losses = -xp.squeeze(xp.take_along_axis(input, index, axis=at), axis=at)
    return _weighted(xp, losses, _class_weights(xp, input, valid, index, weight), reduction)


@nll_loss.vjp("input")
def _(ops, g, out, input, target, weight=None, *, reduction="mean", ignore_index=-100):
    return ops.nll_backward(g, target, weight, shape=tuple(input.shape), reduction=reduction, ignore_index=ignore_index)


@op(
    infer=lambda g, target, weight=None, *, shape, **attrs: spec(shape, g.dtype),
    saves=("target", "weight"),
    namespaces=(),
)
def nll_backward(xp, g, target, weight=None, *, shape, reduction, ignore_index):
    """The gradient of nll_loss, which does not depend on its input."""
    like = xp.zeros(shape, g.dtype)
    valid, index = _picked(xp, like, target, ignore_index)
    weights = _class_weights(xp, like, valid, index, weight)
    share = -_shares(xp, g, index, weights, reduction)
    xp.put_along_axis(like, index, _along(share, like), axis=_class_dim(like))
    return like


@nll_backward.vjp("g")
def _(ops, gg, result, g, target, weight=None, *, shape, reduction, ignore_index):
    return ops.nll_loss(gg, target, weight, reduction=reduction, ignore_index=ignore_index)


@op(
    infer=_class_spec,
    saves=("input", "target", "weight"),
    namespaces=_F,
    samples=calls(
        *_index_samples,
        Sample(T(3, 4), T(3, **_classes), None, label_smoothing=0.1),
        Sample(T(3, 4), T(3, **_classes), T(4, low=0.5, grad=False), label_smoothing=0.2, reduction="sum"),
        Sample(T(3, 4), T(3, 4, low=0, high=1), None),
        Sample(T(3, 4), T(3, 4, low=0, high=1), T(4, low=0.5, grad=False), label_smoothing=0.1),
    ),
)
def cross_entropy(xp, input, target, weight=None, *, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    """Softmax and negative log-likelihood in one; targets are class numbers or probabilities."""
    at = _class_dim(input)
    if target.dtype.kind in "iu" and label_smoothing == 0:
        valid, index = _picked(xp, input, target, ignore_index)
        losses = _log_total(xp, input, at) - input[key_along(xp, index, at)]
        weights = _class_weights(xp, input, valid, index, weight)
        return _weighted(xp, xp.squeeze(losses, axis=at), weights, reduction)
    log_probabilities = input - _log_total(xp, input, at)
    wanted, divisor = _distribution(xp, input, target, weight, ignore_index, label_smoothing)
    losses = -xp.sum(log_probabilities * wanted, axis=at)
    return losses if reduction == "none" else xp.sum(losses) / (divisor if reduction == "mean" else 1)


def _log_total(xp, input, at):
    """The logarithm of the sum of exponentials over the classes."""
    if at == input.ndim - 1 and input.size:
        return xp.row_logsumexp(input)
    highest = xp.max(input, axis=at, keepdims=True)
    return xp.log(xp.sum(xp.exp(input - highest), axis=at, keepdims=True)) + highest


def _distribution(xp, input, target, weight, ignore_index, label_smoothing):
    """The weighted target distribution, and what a mean divides by."""
    at, classes = _class_dim(input), input.shape[_class_dim(input)]
    weights = 1 if weight is None else weight.reshape((-1,) + (1,) * (input.ndim - at - 1))
    if target.dtype.kind not in "iu":
        smooth = target * (1 - label_smoothing) + label_smoothing / classes
        return smooth * weights, input.size // classes
    _, index = _picked(xp, input, target, ignore_index)
    valid = target != ignore_index
    exact = xp.zeros_like(input)
    kept = valid.astype(input.dtype)
    kept = _beside(kept if weight is None else kept * xp.squeeze(weight[index], axis=at), at)
    xp.put_along_axis(exact, index, kept * (1 - label_smoothing), axis=at)
    spread = _beside(valid, at) * (weights * (label_smoothing / classes))
    return exact + spread, xp.sum(kept)


@cross_entropy.vjp("input")
def _(ops, g, out, input, target, weight=None, *, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    return ops.cross_entropy_backward(
        g, input, target, weight, reduction=reduction, ignore_index=ignore_index, label_smoothing=label_smoothing
    )


@cross_entropy.vjp("target")
def _(ops, g, out, input, target, weight=None, *, reduction="mean", ignore_index=-100, label_smoothing=0.0):
    attrs = {"reduction": reduction, "ignore_index": ignore_index, "label_smoothing": label_smoothing}
    logs = ops.log_softmax(input, dim=_class_dim(input))
    return ops.neg(ops.mul(logs, _target_share(ops, g, input, weight, **attrs)))


def _backward_spec(g, input, target, weight=None, **attrs):
    return rules.same(input)


@op(infer=_backward_spec, saves=("g", "input", "target", "weight"), namespaces=())
def cross_entropy_backward(xp, g, input, target, weight=None, *, reduction, ignore_index, label_smoothing):
    """The gradient of cross_entropy: softmax times the distribution's weight, less the distribution."""
    at = _class_dim(input)
    probabilities = softmax.kernel(xp, input, dim=at)
    if target.dtype.kind in "iu" and label_smoothing == 0:
        valid, index = _picked(xp, input, target, ignore_index)
        weights = _class_weights(xp, input, valid, index, weight)
        share = _along(_shares(xp, g, index, weights, reduction), input)
        probabilities *= share
        probabilities[key_along(xp, index, at)] -= share
        return probabilities
    wanted, divisor = _distribution(xp, input, target, weight, ignore_index, label_smoothing)
    probabilities *= xp.sum(wanted, axis=at, keepdims=True)
    probabilities -= wanted
    share = _beside(g, at) if reduction == "none" else g / divisor if reduction == "mean" else g
    probabilities *= share
    return probabilities


@cross_entropy_backward.vjp("g")
def _(ops, gg, result, g, input, target, weight=None, **attrs):
    one = ops.mul(ops.cross_entropy_backward(_ones_like(ops, g), input, target, weight, **attrs), gg)
    return ops.sum(one, dim=_class_dim(input)) if attrs["reduction"] == "none" else ops.sum(one)


@cross_entropy_backward.vjp("input")
def _(ops, gg, result, g, input, target, weight=None, **attrs):
    """With p = softmax and W the distribution's weight: W p (gg - sum(p gg)), times the share of g."""
    at = _class_dim(input)
    p = ops.softmax(input, dim=at)
    inner = ops.sum(ops.mul(p, gg), dim=at, keepdim=True)
    return ops.mul(ops.mul(p, ops.sub(gg, inner)), ops.cross_entropy_mass(g, input, target, weight, **attrs))


@cross_entropy_backward.vjp("target")
def _(ops, gg, result, g, input, target, weight=None, **attrs):
    """Of class probabilities: the weights' share times (sum(p gg) - gg)."""
    inner = ops.sum(ops.mul(ops.softmax(input, dim=_class_dim(input)), gg), dim=_class_dim(input), keepdim=True)
    return ops.mul(ops.sub(inner, gg), _target_share(ops, g, input, weight, **attrs))


def _target_share(ops, g, input, weight, *, reduction, ignore_index, label_smoothing):
    """What a class probability counts for: its class's weight times its sample's share of the cotangent."""
    at = _class_dim(input)
    count = 1
    for n in _target_shape(input):
        count *= n
    share = ops.unsqueeze(g, dim=at) if reduction == "none" else ops.mul(g, 1 / count) if reduction == "mean" else g
    share = ops.mul(share, 1 - label_smoothing)
    return share if weight is None else ops.mul(share, ops.reshape(weight, shape=(-1,) + (1,) * (input.ndim - at - 1)))


@op(
    infer=lambda g, input, target, weight=None, **attrs: spec(
        tuple(1 if d == _class_dim(input) else n for d, n in enumerate(input.shape)), input.dtype
    ),
    saves=("input", "target", "weight"),
    namespaces=(),
)
def cross_entropy_mass(xp, g, input, target, weight=None, *, reduction, ignore_index, label_smoothing):
    """The weight of each sample's target distribution times its share of the cotangent `g`."""
    at = _class_dim(input)
    wanted, divisor = _distribution(xp, input, target, weight, ignore_index, label_smoothing)
    share = _beside(g, at) if reduction == "none" else g / divisor if reduction == "mean" else g
    return xp.sum(wanted, axis=at, keepdims=True) * share


@cross_entropy_mass.vjp("g")
def _(ops, gg, result, g, input, target, weight=None, **attrs):
    one = ops.mul(ops.cross_entropy_mass(_ones_like(ops, g), input, target, weight, **attrs), gg)
    return ops.squeeze(one, dim=_class_dim(input)) if attrs["reduction"] == "none" else ops.sum(one)


@cross_entropy_mass.vjp("input")
def _(ops, gg, result, g, input, target, weight=None, **attrs):
    return None


@cross_entropy_mass.vjp("target")
def _(ops, gg, result, g, input, target, weight=None, **attrs):
    share = ops.mul(gg, _target_share(ops, g, input, weight, **attrs))
    return ops.expand(share, size=tuple(input.shape))


def _ones_like(ops, x):
    return ops.full(1, shape=tuple(x.shape), dtype=ops.dtype(x))
