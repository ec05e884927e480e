"""Losses: one op each, with their gradients in as few passes as the formula allows."""

from teletensor_core import dtypes, rules
from teletensor_core.errors import ArgumentError, ShapeError
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_F = ("nn.functional",)
_REDUCTIONS = ("mean", "sum", "none")


def _result(shape, dtype, reduction):
    if reduction not in _REDUCTIONS:
        raise ArgumentError(f"{reduction} is not a valid value for reduction; it is one of {', '.join(_REDUCTIONS)}")
    return spec(shape if reduction == "none" else (), dtype)


def _pointwise_spec(input, target, *more, reduction="mean", **attrs):
    shape = rules.broadcast_shapes(input.shape, target.shape)
    dtype = rules.broadcast(input, target).dtype
    domains.require(dtype, domains.FLOATS)
    return _result(shape, dtype, reduction)


def _numeric_spec(input, target, *, reduction="mean"):
    """Of losses that PyTorch puts together from a difference and a reduction."""
    result = domains.numeric(rules.broadcast)(input, target)
    if reduction == "mean":
        result = rules.reduced_float(result)
    elif reduction == "sum":
        result = rules.reduced_sum(result)
    return _result(result.shape, result.dtype, reduction)


def _reduce(xp, losses, reduction):
    return losses if reduction == "none" else xp.mean(losses) if reduction == "mean" else xp.sum(losses)


def _share(ops, g, like, other, reduction):
    """The cotangent of each element of a reduced loss."""
    if reduction != "mean":
        return g
    count = 1
    for n in rules.broadcast_shapes(tuple(like.shape), tuple(other.shape)):
        count *= n
    return ops.mul(g, 1 / count if count else float("nan"))


def _pointwise(**attrs):
    samples = [Sample(T(3, 4), T(3, 4), reduction=r, **attrs) for r in _REDUCTIONS]
    return {"promote": rules.common, "saves": ("input", "target"), "namespaces": _F, "samples": calls(*samples)}


@op(infer=_pointwise_spec, **_pointwise())
def mse_loss(xp, input, target, *, reduction="mean"):
    """The squared difference."""
    difference = input - target
    return _reduce(xp, difference * difference, reduction)


@mse_loss.vjp("input", "target")
def _(ops, g, out, input, target, *, reduction="mean", needs):
    grad = ops.mul(ops.sub(input, target), ops.mul(_share(ops, g, input, target, reduction), 2))
    return grad, ops.neg(grad) if "target" in needs else None


def _l1_spec(input, target, *, reduction="mean"):
    result = _numeric_spec(input, target, reduction=reduction)
    return spec(result.shape, result.dtype.to_real())


@op(infer=_l1_spec, **_pointwise())
def l1_loss(xp, input, target, *, reduction="mean"):
    """The absolute difference."""
    return _reduce(xp, xp.absolute(input - target), reduction)


@l1_loss.vjp("input", "target")
def _(ops, g, out, input, target, *, reduction="mean", needs):
    grad = ops.mul(ops.sgn(ops.sub(input, target)), _share(ops, g, input, target, reduction))
    return grad, ops.neg(grad) if "target" in needs else None


@op(infer=_pointwise_spec, **_pointwise(beta=0.7))
def smooth_l1_loss(xp, input, target, *, reduction="mean", beta=1.0):
    """Squared below `beta`, absolute above."""
    size = xp.absolute(input - target)
    if beta == 0:
        return _reduce(xp, size, reduction)
    return _reduce(xp, xp.where(size < beta, size * size * (0.5 / beta), size - 0.5 * beta), reduction)


@smooth_l1_loss.vjp("input", "target")
def _(ops, g, out, input, target, *, reduction="mean", beta=1.0, needs):
    difference = ops.sub(input, target)
    slope = ops.clamp(ops.mul(difference, 1 / beta), -1, 1) if beta else ops.sgn(difference)
    grad = ops.mul(slope, _share(ops, g, input, target, reduction))
    return grad, ops.neg(grad) if "target" in needs else None


@op(infer=_pointwise_spec, **_pointwise(delta=0.7))
def huber_loss(xp, input, target, *, reduction="mean", delta=1.0):
    """Half the square below `delta`, linear above."""
    size = xp.absolute(input - target)
    return _reduce(xp, xp.where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta)), reduction)


@huber_loss.vjp("input", "target")
def _(ops, g, out, input, target, *, reduction="mean", delta=1.0, needs):
    slope = ops.clamp(ops.sub(input, target), -delta, delta)
    grad = ops.mul(slope, _share(ops, g, input, target, reduction))
    return grad, ops.neg(grad) if "target" in needs else None


@op(
    infer=_pointwise_spec,
    **{
        **_pointwise(),
        "samples": calls(
            Sample(T(3, 4), T(3, 4, low=0.1)),
            Sample(T(3, 4), T(3, 4), reduction="sum", log_target=True),
            Sample(T(3), T(3, low=0.1), reduction="none"),
        ),
    },
)
def kl_div(xp, input, target, *, reduction="mean", log_target=False):
    """The divergence of a target distribution from log-probabilities."""
    if log_target:
        return _reduce(xp, xp.exp(target) * (target - input), reduction)
    safe = xp.where(target > 0, target, 1)
    return _reduce(xp, target * (xp.log(safe) - input), reduction)


@kl_div.vjp("input")
def _(ops, g, out, input, target, *, reduction="mean", log_target=False):
    weights = ops.exp(target) if log_target else target
    return ops.neg(ops.mul(weights, _share(ops, g, input, target, reduction)))


@kl_div.vjp("target")
def _(ops, g, out, input, target, *, reduction="mean", log_target=False):
    share = _share(ops, g, input, target, reduction)
    if log_target:
        return ops.mul(share, ops.mul(ops.exp(target), ops.add(ops.sub(target, input), 1)))
    safe = ops.where(ops.gt(target, 0), target, 1)
    return ops.mul(share, ops.where(ops.gt(target, 0), ops.sub(ops.add(ops.log(safe), 1), input), 0))


def _bce_spec(input, target, weight=None, pos_weight=None, *, reduction="mean"):
    if input.shape != target.shape:
        raise ArgumentError(f"Target size ({list(target.shape)}) must be the same as input size ({list(input.shape)})")
    domains.require(input.dtype, domains.FLOATS)
    return _result(input.shape, input.dtype, reduction)


_bce_samples = [Sample(T(3, 4, low=0.1, high=0.9), T(3, 4, low=0, high=1), None, reduction=r) for r in _REDUCTIONS]


@op(
    infer=_bce_spec,
    saves=("input", "target", "weight"),
    namespaces=_F,
    samples=calls(*_bce_samples, Sample(T(3, low=0.1, high=0.9), T(3, low=0, high=1), T(3, low=0.5, grad=False))),
)
def binary_cross_entropy(xp, input, target, weight=None, *, reduction="mean"):
    """Cross entropy of probabilities with targets in [0, 1]; logarithms are bounded at -100 as in PyTorch."""
    xp.check_unit(input, "all elements of input")
    losses = (target - 1) * xp.maximum(xp.log1p(-input), -100) - target * xp.maximum(xp.log(input), -100)
    return _reduce(xp, losses if weight is None else losses * weight, reduction)


@binary_cross_entropy.vjp("input")
def _(ops, g, out, input, target, weight=None, *, reduction="mean"):
    scale = ops.clamp_min(ops.mul(ops.sub(1, input), input), 1e-12)
    grad = ops.mul(_share(ops, g, input, target, reduction), ops.div(ops.sub(input, target), scale))
    return grad if weight is None else ops.mul(grad, weight)


@binary_cross_entropy.vjp("target")
def _(ops, g, out, input, target, weight=None, *, reduction="mean"):
    grad = ops.mul(_share(ops, g, input, target, reduction), ops.sub(ops.log1p(ops.neg(input)), ops.log(input)))
    return grad if weight is None else ops.mul(grad, weight)


@op(
    infer=_bce_spec,
    saves=("input", "target", "weight", "pos_weight"),
    namespaces=_F,
    samples=calls(
        *[Sample(T(3, 4), T(3, 4, low=0, high=1), None, None, reduction=r) for r in _REDUCTIONS],
        Sample(T(3, 4), T(3, 4, low=0, high=1), T(4, low=0.5, grad=False), T(4, low=0.5, grad=False)),
    ),
)
def binary_cross_entropy_with_logits(xp, input, target, weight=None, pos_weight=None, *, reduction="mean"):
    """Cross entropy of logits with targets in [0, 1], without overflow."""
    log_sigmoid = xp.minimum(input, 0) - xp.log1p(xp.exp(-xp.absolute(input)))
    scale = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    losses = (1 - target) * input - scale * log_sigmoid
    return _reduce(xp, losses if weight is None else losses * weight, reduction)


@binary_cross_entropy_with_logits.vjp("input")
def _(ops, g, out, input, target, weight=None, pos_weight=None, *, reduction="mean"):
    share = _share(ops, g, input, target, reduction)
    if pos_weight is None:
        slope = ops.sub(ops.sigmoid(input), target)
    else:
        positive = ops.mul(pos_weight, target)
        slope = ops.sub(ops.mul(ops.sub(ops.add(positive, 1), target), ops.sigmoid(input)), positive)
    grad = ops.mul(slope, share)
    return grad if weight is None else ops.mul(grad, weight)


@binary_cross_entropy_with_logits.vjp("target")
def _(ops, g, out, input, target, weight=None, pos_weight=None, *, reduction="mean"):
    share = _share(ops, g, input, target, reduction)
    slope = ops.neg(input)
    if pos_weight is not None:
        slope = ops.sub(ops.logsigmoid(ops.neg(input)), ops.mul(pos_weight, ops.logsigmoid(input)))
    grad = ops.mul(slope, share)
    return grad if weight is None else ops.mul(grad, weight)


# -- classes ----------------------------------------------------------------------------------------------------------


def _class_dim(input):
    return 0 if len(input.shape) == 1 else 1


def _target_shape(input):
    at = _class_dim(input)
    return tuple(input.shape[:at]) + tuple(input.shape[at + 1 :])


def _class_spec(input, target, weight=None, *, reduction="mean", **attrs):
    domains.require(input.dtype, domains.FLOATS)
    if not input.ndim:
        raise ShapeError("expected an input of at least one dimension, the classes")
    classes = input.shape[_class_dim(input)]
    if weight is not None and weight.shape != (classes,):
        raise ShapeError(
            f"weight tensor should be defined either for all {classes} classes or no classes "
            f"but got {list(weight.shape)}"
        )
    if target.dtype.is_floating_point:
        if target.shape != input.shape:
            raise ShapeError(
                f"class probabilities need the input's shape {list(input.shape)}, got {list(target.shape)}"
            )
    elif target.shape != _target_shape(input):
        first = "batch_size" if input.ndim > 1 and target.ndim and target.shape[0] != input.shape[0] else "shape"
        raise ArgumentError(
            f"Expected input {first} ({list(input.shape)}) to match target {first} ({list(target.shape)}); "
            f"targets of this input have shape {list(_target_shape(input))}"
        )
    return _result(_target_shape(input), input.dtype, reduction)


def _picked(xp, input, target, ignore_index):
    """Whether each target counts, and targets that are safe to index with."""
    valid = target != ignore_index
    safe = xp.where(valid, target, 0)
    at = _class_dim(input)
    xp.check_bounds(safe, input.shape[at], "class index")
    return valid, xp.expand_dims(safe, at)


def _class_weights(xp, input, valid, index, weight):
    at = _class_dim(input)
    kept = valid.astype(input.dtype)
    return kept if weight is None else kept * xp.squeeze(weight[index], axis=at)


def _weighted(xp, losses, weights, reduction):
    if reduction == "none":
        return losses * weights
    total = xp.sum(losses * weights)
    return total / xp.sum(weights) if reduction == "mean" else total


_classes = {"dtype": dtypes.int64, "low": 0, "high": 4}
_index_samples = [Sample(T(3, 4), T(3, **_classes), None, reduction=r) for r in _REDUCTIONS] + [
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
    share = weights / xp.sum(weights) if reduction == "mean" else weights
    xp.put_along_axis(like, index, xp.expand_dims(-g * share, _class_dim(like)), axis=_class_dim(like))
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
    shifted = input - xp.max(input, axis=at, keepdims=True)
    log_probabilities = shifted - xp.log(xp.sum(xp.exp(shifted), axis=at, keepdims=True))
    if target.dtype.kind in "iu" and label_smoothing == 0:
        attrs = {"reduction": reduction, "ignore_index": ignore_index}
        return nll_loss.kernel(xp, log_probabilities, target, weight, **attrs)
    wanted, divisor = _distribution(xp, input, target, weight, ignore_index, label_smoothing)
    losses = -xp.sum(log_probabilities * wanted, axis=at)
    return losses if reduction == "none" else xp.sum(losses) / (divisor if reduction == "mean" else 1)


def _distribution(xp, input, target, weight, ignore_index, label_smoothing):
    """The weighted target distribution, and what a mean divides by."""
    at, classes = _class_dim(input), input.shape[_class_dim(input)]
    weights = 1 if weight is None else weight.reshape((-1,) + (1,) * (input.ndim - at - 1))
    if target.dtype.kind not in "iu":
        smooth = target * (1 - label_smoothing) + label_smoothing / classes
        return smooth * weights, input.size // classes
    valid, index = _picked(xp, input, target, ignore_index)
    exact = xp.zeros_like(input)
    kept = xp.expand_dims(_class_weights(xp, input, valid, index, weight), at)
    xp.put_along_axis(exact, index, kept * (1 - label_smoothing), axis=at)
    spread = xp.expand_dims(valid, at) * (weights * (label_smoothing / classes))
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
    probabilities = xp.exp(input - xp.max(input, axis=at, keepdims=True))
    probabilities /= xp.sum(probabilities, axis=at, keepdims=True)
    wanted, divisor = _distribution(xp, input, target, weight, ignore_index, label_smoothing)
    probabilities *= xp.sum(wanted, axis=at, keepdims=True)
    probabilities -= wanted
    share = xp.expand_dims(g, at) if reduction == "none" else g / divisor if reduction == "mean" else g
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
    share = xp.expand_dims(g, at) if reduction == "none" else g / divisor if reduction == "mean" else g
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
