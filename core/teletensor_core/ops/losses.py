"""Losses of a tensor against another of its shape: one op each, with gradients in as few passes as possible."""

from teletensor_core import dtypes, rules
from teletensor_core.errors import ArgumentError, DTypeError
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.rules.losses import REDUCTIONS, loss_spec
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_F = ("nn.functional",)


def _pointwise_spec(input, target, *more, reduction="mean", **attrs):
    shape = rules.broadcast_shapes(input.shape, target.shape)
    dtype = rules.broadcast(input, target).dtype
    domains.require(dtype, domains.FLOATS)
    return loss_spec(shape, dtype, reduction)


def _numeric_spec(input, target, *, reduction="mean"):
    """Of losses that PyTorch puts together from a difference and a reduction."""
    result = domains.numeric(rules.broadcast)(input, target)
    if reduction == "mean":
        result = rules.reduced_float(result)
    elif reduction == "sum":
        result = rules.reduced_sum(result)
    return loss_spec(result.shape, result.dtype, reduction)


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
    samples = [Sample(T(3, 4), T(3, 4), reduction=r, **attrs) for r in REDUCTIONS]
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
    if target.dtype.category < dtypes.FLOAT:
        raise DTypeError(f"Found dtype {target.dtype.title} but expected {input.dtype.title}")
    return loss_spec(input.shape, input.dtype, reduction)


_bce_samples = [Sample(T(3, 4, low=0.1, high=0.9), T(3, 4, low=0, high=1), None, reduction=r) for r in REDUCTIONS]


@op(
    infer=_bce_spec,
    saves=("input", "target", "weight"),
    namespaces=_F,
    samples=calls(*_bce_samples, Sample(T(3, low=0.1, high=0.9), T(3, low=0, high=1), T(3, low=0.5, grad=False))),
)
def binary_cross_entropy(xp, input, target, weight=None, *, reduction="mean"):
    """Cross entropy of probabilities with targets in [0, 1]; logarithms are bounded at -100 as in PyTorch."""
    xp.check_unit(input, "all elements of input")
    xp.check_unit(target, "all elements of target")
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
        *[Sample(T(3, 4), T(3, 4, low=0, high=1), None, None, reduction=r) for r in REDUCTIONS],
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
