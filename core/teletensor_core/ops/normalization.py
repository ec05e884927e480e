"""Normalisation: one op each. Gradients are written with means over the normalised dimensions, so that they can be
differentiated again.
"""

import math

from teletensor_core import rules
from teletensor_core.dtypes import BY_NP, float32
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec

_F = ("nn.functional",)


def _standardized(ops, x, dims, eps):
    """(x - mean) / sqrt(var + eps), and 1 / sqrt(var + eps), as recorded ops."""
    centred = ops.sub(x, ops.mean(x, dim=dims, keepdim=True))
    scale = ops.rsqrt(ops.add(ops.mean(ops.mul(centred, centred), dim=dims, keepdim=True), eps))
    return ops.mul(centred, scale), scale


def _through(ops, g, normal, scale, dims):
    """The gradient of standardising: g less its mean and less its part along the result, scaled."""
    along = ops.mean(ops.mul(g, normal), dim=dims, keepdim=True)
    return ops.mul(ops.sub(ops.sub(g, ops.mean(g, dim=dims, keepdim=True)), ops.mul(normal, along)), scale)


# -- over the last dimensions -----------------------------------------------------------------------------------------


def _computed(input, *others):
    """The input's spec; statistics and parameters share its dtype, or are float32 beside a half type."""
    for x in others:
        if x is not None and x.dtype is not input.dtype and not (input.dtype.is_half and x.dtype is float32):
            raise DTypeError(
                "mixed dtype (CPU): all inputs must share same datatype, but got "
                f"{input.dtype.title} and {x.dtype.title}"
            )
    return rules.floating(input)


def _layer_spec(input, weight=None, bias=None, *, normalized_shape, eps=1e-5):
    n = len(normalized_shape)
    if input.shape[input.ndim - n :] != tuple(normalized_shape):
        raise ShapeError(
            f"Given normalized_shape={list(normalized_shape)}, expected input with shape "
            f"[*, {', '.join(map(str, normalized_shape))}], "
            f"but got input of size{list(input.shape)}"
        )
    for x in (weight, bias):
        if x is not None and x.shape != tuple(normalized_shape):
            raise ShapeError(f"Expected weight and bias of shape {list(normalized_shape)}, but got {list(x.shape)}")
    return _computed(input, weight, bias)


@op(
    infer=_layer_spec,
    saves=("input", "weight"),
    namespaces=_F,
    grad_name="NativeLayerNorm",
    samples=calls(
        Sample(T(3, 4), T(4), T(4), normalized_shape=(4,)),
        Sample(T(2, 3, 4), T(3, 4), T(3, 4), normalized_shape=(3, 4)),
        Sample(T(3, 4), normalized_shape=(4,)),
    ),
)
def layer_norm(xp, input, weight=None, bias=None, *, normalized_shape, eps=1e-5):
    """Standardised over the last dimensions, then scaled and shifted."""
    out = xp.layer_norm(_rows(input, normalized_shape), _row(weight), _row(bias), eps)
    return out.reshape(input.shape)


def _rows(x, normalized_shape):
    return x.reshape((math.prod(x.shape[: x.ndim - len(normalized_shape)]), math.prod(normalized_shape)))


def _row(x):
    return None if x is None else x.reshape(-1)


@layer_norm.vjp("input", "weight", "bias")
def _(ops, g, out, input, weight=None, bias=None, *, normalized_shape, eps=1e-5, needs):
    if not ops.recording:
        return ops.layer_norm_backward(g, input, weight, normalized_shape=normalized_shape, eps=eps)
    dims = tuple(range(-len(normalized_shape), 0))
    to_input = to_weight = None
    if "input" in needs or "weight" in needs:
        normal, scale = _standardized(ops, input, dims, eps)
        if "input" in needs:
            to_input = _through(ops, g if weight is None else ops.mul(g, weight), normal, scale, dims)
        if "weight" in needs:
            to_weight = ops.mul(g, normal)
    return to_input, to_weight, g


def _layer_backward_spec(g, input, weight=None, *, normalized_shape, eps):
    row = spec(normalized_shape, input.dtype)
    return spec(input.shape, input.dtype), row, row


@op(infer=_layer_backward_spec, differentiable=False, namespaces=())
def layer_norm_backward(xp, g, input, weight=None, *, normalized_shape, eps):
    """The gradients of layer_norm for its input, weight and bias."""
    rows = _rows(g, normalized_shape), _rows(input, normalized_shape)
    to_input, *rest = xp.layer_norm_backward(*rows, _row(weight), eps)
    return (to_input.reshape(input.shape), *(x.reshape(normalized_shape) for x in rest))


@op(
    infer=lambda input, weight=None, *, normalized_shape, eps=None: _layer_spec(
        input, weight, normalized_shape=normalized_shape
    ),
    saves=("input", "weight"),
    namespaces=_F,
    samples=calls(Sample(T(3, 4), T(4), normalized_shape=(4,), eps=1e-5), Sample(T(3, 4), normalized_shape=(4,))),
)
def rms_norm(xp, input, weight=None, *, normalized_shape, eps=None):
    """Divided by the root of the mean square over the last dimensions, then scaled."""
    axes = tuple(range(-len(normalized_shape), 0))
    floor = _EPSILON[BY_NP[input.dtype].to_real().name] if eps is None else eps
    out = input * xp.reciprocal(xp.sqrt(xp.mean(input * input, axis=axes, keepdims=True) + floor))
    return out if weight is None else out * weight


# The distance from 1 to the next number; half precision tensors are computed in float32.
_EPSILON = {"float16": 2.0**-23, "bfloat16": 2.0**-23, "float32": 2.0**-23, "float64": 2.0**-52}


@rms_norm.vjp("input", "weight")
def _(ops, g, out, input, weight=None, *, normalized_shape, eps=None, needs):
    input, weight = ops.conj(input), weight if weight is None else ops.conj(weight)
    dims = tuple(range(-len(normalized_shape), 0))
    floor = _EPSILON[ops.dtype(input).to_real().name] if eps is None else eps
    scale = ops.rsqrt(ops.add(ops.mean(ops.mul(input, input), dim=dims, keepdim=True), floor))
    normal = ops.mul(input, scale)
    inner = g if weight is None else ops.mul(g, weight)
    along = ops.mean(ops.mul(inner, normal), dim=dims, keepdim=True)
    return ops.mul(ops.sub(inner, ops.mul(normal, along)), scale), ops.mul(g, normal) if "weight" in needs else None


# -- over groups of channels ------------------------------------------------------------------------------------------


def _group_spec(input, weight=None, bias=None, *, num_groups, eps=1e-5):
    if input.ndim < 2 or input.shape[1] % num_groups:
        raise ArgumentError(
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    for x in (weight, bias):
        if x is not None and x.shape != (input.shape[1],):
            raise ShapeError(
                f"Expected weight and bias to be vectors of size {input.shape[1]}, but got {list(x.shape)}"
            )
    return _computed(input, weight, bias)


def _channels(x, ndim):
    """The shape in which a vector of channels broadcasts against (N, C, ...)."""
    return (1, -1) + (1,) * (ndim - 2)


@op(
    infer=_group_spec,
    saves=("input", "weight"),
    namespaces=_F,
    grad_name="NativeGroupNorm",
    samples=calls(Sample(T(2, 4, 3), T(4), T(4), num_groups=2), Sample(T(2, 4, 3, 3), num_groups=4)),
)
def group_norm(xp, input, weight=None, bias=None, *, num_groups, eps=1e-5):
    """Standardised over groups of channels of each sample, then scaled and shifted by channel."""
    grouped = input.reshape((input.shape[0] * num_groups, input.size // max(input.shape[0] * num_groups, 1)))
    out = xp.layer_norm(grouped, None, None, eps).reshape(input.shape)
    if weight is not None:
        out *= weight.reshape(_channels(weight, input.ndim))
    if bias is not None:
        out += bias.reshape(_channels(bias, input.ndim))
    return out


@group_norm.vjp("input", "weight", "bias")
def _(ops, g, out, input, weight=None, bias=None, *, num_groups, eps=1e-5, needs):
    ndim, shape = len(input.shape), tuple(input.shape)
    others = tuple(d for d in range(ndim) if d != 1)
    normal, scale = _standardized(ops, ops.reshape(input, shape=(shape[0], num_groups, -1)), 2, eps)
    inner = g if weight is None else ops.mul(g, ops.reshape(weight, shape=_channels(weight, ndim)))
    grouped = ops.reshape(inner, shape=(shape[0], num_groups, -1))
    to_input = ops.reshape(_through(ops, grouped, normal, scale, 2), shape=shape) if "input" in needs else None
    to_weight = ops.sum(ops.mul(g, ops.reshape(normal, shape=shape)), dim=others) if "weight" in needs else None
    return to_input, to_weight, ops.sum(g, dim=others) if "bias" in needs else None


# -- over the batch ---------------------------------------------------------------------------------------------------


def _check_channels(input, **vectors):
    for name, x in vectors.items():
        if x is not None and x.shape != (input.shape[1],):
            raise ShapeError(
                f"{name} should contain {input.shape[1]} elements not {x.numel}: shapes {list(input.shape)} "
                f"and {list(x.shape)}"
            )


def _batch_spec(input, weight=None, bias=None, *, eps=1e-5):
    if input.ndim < 2:
        raise ArgumentError(f"batch norm expects at least 2 dimensions, got input of shape {list(input.shape)}")
    count = input.numel // max(input.shape[1], 1)
    if count <= 1:
        raise ArgumentError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")
    _check_channels(input, weight=weight, bias=bias)
    statistics = spec((input.shape[1],), input.dtype if not input.dtype.is_half else float32)
    return _computed(input, weight, bias), statistics, statistics


@op(
    infer=_batch_spec,
    saves=("input", "weight"),
    namespaces=(),
    grad_name="NativeBatchNorm",
    samples=calls(Sample(T(4, 3), T(3), T(3)), Sample(T(2, 3, 4, 4), T(3), T(3)), Sample(T(4, 2, 3))),
)
def batch_norm(xp, input, weight=None, bias=None, *, eps=1e-5):
    """Standardised by channel over the batch, then scaled and shifted; and the batch's mean and unbiased variance."""
    out, mean, variance = xp.batch_norm(_planes(xp, input), weight, bias, eps)
    count = input.size // input.shape[1]
    return _unplaned(out, input.shape), mean, variance * (count / (count - 1))


def _planes(xp, x):
    """(N, C, ...) as (N, C, L); a matrix as (1, C, N), for rows of one are slow."""
    if x.ndim == 2:
        return xp.ascontiguousarray(x.T)[None]
    return x.reshape((*x.shape[:2], math.prod(x.shape[2:])))


def _unplaned(x, shape):
    return x[0].T if len(shape) == 2 else x.reshape(shape)


@batch_norm.vjp("input", "weight", "bias")
def _(ops, g, out, input, weight=None, bias=None, *, eps=1e-5, needs):
    if not ops.recording:
        return ops.batch_norm_backward(g[0], input, weight, eps=eps)
    ndim, grad = len(input.shape), g[0]
    dims = tuple(d for d in range(ndim) if d != 1)
    normal, scale = _standardized(ops, input, dims, eps)
    # The weight is constant over what is averaged, so it joins the scale, and the means serve all three gradients.
    along, mean = (ops.mean(x, dim=dims, keepdim=True) for x in (ops.mul(grad, normal), grad))
    count = math.prod(input.shape) // input.shape[1]
    to_input = None
    if "input" in needs:
        scale = scale if weight is None else ops.mul(scale, ops.reshape(weight, shape=_channels(weight, ndim)))
        to_input = ops.mul(ops.sub(ops.sub(grad, mean), ops.mul(normal, along)), scale)
    totals = (ops.reshape(ops.mul(x, count), shape=(-1,)) for x in (along, mean))
    return to_input, *totals


def _batch_backward_spec(g, input, weight=None, *, eps):
    channels = spec((input.shape[1],), input.dtype)
    return spec(input.shape, input.dtype), channels, channels


@op(infer=_batch_backward_spec, differentiable=False, namespaces=())
def batch_norm_backward(xp, g, input, weight=None, *, eps):
    """The gradients of batch_norm for its input, weight and bias."""
    to_input, *rest = xp.batch_norm_backward(_planes(xp, g), _planes(xp, input), weight, eps)
    return (_unplaned(to_input, input.shape), *rest)


def _eval_spec(input, running_mean, running_var, weight=None, bias=None, *, eps=1e-5):
    if input.ndim < 2 or running_mean.shape != (input.shape[1],):
        raise ShapeError(
            f"running_mean should contain {input.shape[1] if input.ndim > 1 else 0} elements "
            f"not {list(running_mean.shape)}"
        )
    _check_channels(input, running_var=running_var, weight=weight, bias=bias)
    return _computed(input, running_mean, running_var, weight, bias)


@op(
    infer=_eval_spec,
    saves=("input", "running_mean", "running_var", "weight"),
    namespaces=(),
    grad_name="NativeBatchNorm",
    samples=calls(
        Sample(T(4, 3), T(3, grad=False), T(3, low=0.5, grad=False), T(3), T(3)),
        Sample(T(2, 3, 4), T(3, grad=False), T(3, low=0.5, grad=False)),
    ),
)
def batch_norm_eval(xp, input, running_mean, running_var, weight=None, bias=None, *, eps=1e-5):
    """Standardised by channel with running statistics, then scaled and shifted."""
    shape = _channels(running_mean, input.ndim)
    scale = xp.reciprocal(xp.sqrt(running_var + eps))
    if weight is not None:
        scale = scale * weight
    out = (input - running_mean.reshape(shape)) * scale.reshape(shape)
    if bias is not None:
        out += bias.reshape(shape)
    return out


@batch_norm_eval.vjp("input", "weight", "bias")
def _(ops, g, out, input, running_mean, running_var, weight=None, bias=None, *, eps=1e-5, needs):
    ndim = len(input.shape)
    shape, dims = _channels(running_mean, ndim), tuple(d for d in range(ndim) if d != 1)
    scale = ops.reshape(ops.rsqrt(ops.add(running_var, eps)), shape=shape)
    grad = ops.mul(g, scale)
    to_weight = None
    if "weight" in needs:
        to_weight = ops.sum(ops.mul(grad, ops.sub(input, ops.reshape(running_mean, shape=shape))), dim=dims)
    to_input = grad if weight is None else ops.mul(grad, ops.reshape(weight, shape=shape))
    return to_input, to_weight, ops.sum(g, dim=dims) if "bias" in needs else None


@op(
    infer=lambda running_mean, running_var, mean, var, *, momentum: (),
    mutates=("running_mean", "running_var"),
    differentiable=False,
    namespaces=(),
    opmath=False,
)
def batch_norm_update_(xp, running_mean, running_var, mean, var, *, momentum):
    """Move running statistics towards a batch's by `momentum`."""
    for running, batch in ((running_mean, mean), (running_var, var)):
        running *= 1 - momentum
        running += (momentum * batch).astype(running.dtype)
