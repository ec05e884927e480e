"""Activation functions. The hot ones have a fused gradient op of their own."""

import math

from teletensor_core import rules
from teletensor_core.dtypes import uint8
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError
from teletensor_core.kernels.activation import CUBIC, TANH_SCALE
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary
from teletensor_core.spec import spec

_F = ("nn.functional",)


_continuous = domains.real_continuous(rules.same)


def _activation(**more):
    return {"infer": _continuous, "namespaces": _F, "samples": unary()} | more


@op(
    infer=domains.real_numeric(rules.same),
    saves=("out",),
    inplace=True,
    namespaces=("torch", "Tensor", "nn.functional"),
    samples=unary(),
)
def relu(xp, input):
    """The positive part."""
    return xp.maximum(input, 0)


@relu.vjp("input")
def _(ops, g, out, input):
    return ops.relu_backward(g, out)


@op(infer=rules.same, saves=("out",), namespaces=())
def relu_backward(xp, g, out):
    """`g` where `out` is positive."""
    return xp.multiply(g, out > 0)


@relu_backward.vjp("g")
def _(ops, gg, result, g, out):
    return ops.relu_backward(gg, out)


@relu_backward.vjp("out")
def _(ops, gg, result, g, out):
    return None


@op(**_activation(saves=("input",), inplace=True, infer=domains.real_numeric(rules.same), samples=unary(-4, 8)))
def relu6(xp, input):
    """Bounded between 0 and 6."""
    return xp.minimum(xp.maximum(input, 0), 6)


@relu6.vjp("input")
def _(ops, g, out, input):
    return ops.where(ops.logical_and(ops.gt(input, 0), ops.lt(input, 6)), g, 0)


def _hardtanh_spec(input, *, min_val=-1.0, max_val=1.0):
    if input.dtype is uint8 and (min_val < 0 or max_val < 0):
        raise DTypeError("cannot do hardtanh on an unsigned type with negative limits")
    return domains.real_numeric(rules.same)(input)


@op(**_activation(saves=("input",), inplace=True, infer=_hardtanh_spec))
def hardtanh(xp, input, *, min_val=-1.0, max_val=1.0):
    """Bounded between two numbers."""
    return xp.minimum(xp.maximum(input, min_val), max_val)


@hardtanh.vjp("input")
def _(ops, g, out, input, *, min_val=-1.0, max_val=1.0):
    return ops.where(ops.logical_and(ops.gt(input, min_val), ops.lt(input, max_val)), g, 0)


@op(**_activation(saves=("input",), inplace=True))
def leaky_relu(xp, input, *, negative_slope=0.01):
    """The element where it is positive, `negative_slope` times it elsewhere."""
    return xp.where(input > 0, input, xp.multiply(input, negative_slope))


@leaky_relu.vjp("input")
def _(ops, g, out, input, *, negative_slope=0.01):
    return ops.where(ops.gt(input, 0), g, ops.mul(g, negative_slope))


def _prelu_spec(input, weight):
    if weight.dtype is not input.dtype:
        raise DTypeError(f"prelu: Type promoting not supported. Got {input.dtype.title} and {weight.dtype.title}")
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel not in (1, channels):
        raise ShapeError(
            "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
            f"{weight.numel} and channel size = {channels}."
        )
    return _continuous(input)


@op(
    **_activation(
        infer=_prelu_spec,
        saves=("input", "weight"),
        samples=calls(Sample(T(2, 3, 4), T(1)), Sample(T(2, 3, 4), T(3)), Sample(T(5), T(1))),
    )
)
def prelu(xp, input, weight):
    """The element where it is positive, a learnt slope (one, or one for each channel) times it elsewhere."""
    return xp.where(input > 0, input, input * weight.reshape(_channel_shape(input, weight)))


def _channel_shape(input, weight):
    if input.ndim < 2 or weight.shape == (1,):
        return (1,) * input.ndim if input.ndim else ()
    return (1, -1) + (1,) * (input.ndim - 2)


@prelu.vjp("input")
def _(ops, g, out, input, weight):
    slope = ops.reshape(weight, shape=_channel_shape(input, weight))
    return ops.where(ops.gt(input, 0), g, ops.mul(g, slope))


@prelu.vjp("weight")
def _(ops, g, out, input, weight):
    parts = ops.where(ops.gt(input, 0), 0, ops.mul(g, input))
    if input.ndim < 2 or tuple(weight.shape) == (1,):
        return ops.reshape(ops.sum(parts), shape=(1,))
    return ops.sum(parts, dim=tuple(d for d in range(input.ndim) if d != 1))


@op(
    **_activation(
        saves=("input",),
        inplace=True,
    )
)
def elu(xp, input, *, alpha=1.0, scale=1.0, input_scale=1.0):
    """The element where it is positive, alpha * (exp(x) - 1) elsewhere; selu and celu scale both."""
    curve = xp.multiply(xp.expm1(xp.minimum(input, 0) * input_scale), alpha)
    return xp.multiply(xp.where(input > 0, input, curve), scale)


@elu.vjp("input")
def _(ops, g, out, input, *, alpha=1.0, scale=1.0, input_scale=1.0):
    slope = ops.mul(ops.exp(ops.mul(ops.clamp_max(input, 0), input_scale)), alpha * input_scale * scale)
    return ops.mul(g, ops.where(ops.gt(input, 0), scale, slope))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946


@op(**_activation(saves=("input",), inplace=True, grad_name="Elu"))
def selu(xp, input):
    """The self-normalising exponential unit."""
    return elu.kernel(xp, input, alpha=_SELU_ALPHA, scale=_SELU_SCALE)


@selu.vjp("input")
def _(ops, g, out, input):
    slope = ops.mul(ops.exp(ops.clamp_max(input, 0)), _SELU_ALPHA * _SELU_SCALE)
    return ops.mul(g, ops.where(ops.gt(input, 0), _SELU_SCALE, slope))


@op(**_activation(saves=("input",), inplace=True, grad_name="Elu"))
def celu(xp, input, *, alpha=1.0):
    """The continuously differentiable exponential unit."""
    return elu.kernel(xp, input, alpha=alpha, input_scale=1 / alpha)


@celu.vjp("input")
def _(ops, g, out, input, *, alpha=1.0):
    return ops.mul(g, ops.where(ops.gt(input, 0), 1, ops.exp(ops.mul(ops.clamp_max(input, 0), 1 / alpha))))


def _gelu_spec(input, *, approximate="none"):
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return _continuous(input)


@op(
    **_activation(
        infer=_gelu_spec,
        saves=("input",),
        samples=calls(Sample(T(3, 4)), Sample(T(5), approximate="tanh"), Sample(T())),
    )
)
def gelu(xp, input, *, approximate="none"):
    """`x` times the normal distribution function of x, exactly or by PyTorch's tanh formula."""
    return xp.gelu(input, approximate)


@gelu.vjp("input")
def _(ops, g, out, input, *, approximate="none"):
    return ops.gelu_backward(g, input, approximate=approximate)


@op(infer=rules.same, saves=("g", "input"), namespaces=())
def gelu_backward(xp, g, input, *, approximate):
    """The gradient of gelu in one pass over its input."""
    return xp.gelu_backward(g, input, approximate)


@gelu_backward.vjp("g")
def _(ops, gg, result, g, input, *, approximate):
    return ops.gelu_backward(gg, input, approximate=approximate)


@gelu_backward.vjp("input")
def _(ops, gg, result, g, input, *, approximate):
    square = ops.mul(input, input)
    if approximate == "none":
        density = ops.mul(ops.exp(ops.mul(square, -0.5)), 1 / math.sqrt(2 * math.pi))
        return ops.mul(ops.mul(gg, g), ops.mul(density, ops.sub(2, square)))
    inner = ops.tanh(ops.mul(ops.mul(input, ops.add(ops.mul(square, CUBIC), 1)), TANH_SCALE))
    first = ops.mul(ops.add(ops.mul(square, 3 * CUBIC), 1), TANH_SCALE)
    sech = ops.sub(1, ops.mul(inner, inner))
    # With u the argument of tanh: d/dx of (1 + tanh u) / 2 + x sech^2(u) u' / 2.
    bend = ops.sub(ops.mul(square, 3 * CUBIC * TANH_SCALE), ops.mul(ops.mul(inner, first), ops.mul(first, input)))
    curve = ops.mul(sech, ops.add(first, bend))
    return ops.mul(ops.mul(gg, g), curve)


@op(**_activation(saves=("input",), inplace=True))
def silu(xp, input):
    """`x` times sigmoid(x)."""
    return xp.silu(input)


@silu.vjp("input")
def _(ops, g, out, input):
    return ops.silu_backward(g, input)


@op(infer=rules.same, saves=("g", "input"), namespaces=())
def silu_backward(xp, g, input):
    """The gradient of silu in one pass over its input."""
    return xp.silu_backward(g, input)


@silu_backward.vjp("g")
def _(ops, gg, result, g, input):
    return ops.silu_backward(gg, input)


@silu_backward.vjp("input")
def _(ops, gg, result, g, input):
    s = ops.sigmoid(input)
    bend = ops.add(ops.mul(input, ops.sub(1, ops.mul(s, 2))), 2)
    return ops.mul(ops.mul(gg, g), ops.mul(ops.mul(s, ops.sub(1, s)), bend))


@op(**_activation(saves=("input",), inplace=True))
def mish(xp, input):
    """`x` times tanh(softplus(x))."""
    return xp.multiply(input, xp.tanh(xp.logaddexp(input, xp.zeros((), input.dtype))))


@mish.vjp("input")
def _(ops, g, out, input):
    t = ops.tanh(ops.softplus(input, beta=1.0, threshold=20.0))
    slope = ops.mul(ops.mul(input, ops.sigmoid(input)), ops.sub(1, ops.mul(t, t)))
    return ops.mul(g, ops.add(t, slope))


@op(**_activation(saves=("input",)))
def softplus(xp, input, *, beta=1.0, threshold=20.0):
    """log(1 + exp(beta x)) / beta, and x itself where beta x is above the threshold."""
    scaled = input * beta
    return xp.where(scaled > threshold, input, xp.log1p(xp.exp(xp.minimum(scaled, threshold))) / beta)


@softplus.vjp("input")
def _(ops, g, out, input, *, beta=1.0, threshold=20.0):
    scaled = ops.mul(input, beta)
    return ops.mul(g, ops.where(ops.gt(scaled, threshold), 1, ops.sigmoid(scaled)))


@op(**_activation(saves=("input",)))
def logsigmoid(xp, input):
    """log(sigmoid(x)), without overflow."""
    return xp.minimum(input, 0) - xp.log1p(xp.exp(-xp.absolute(input)))


@logsigmoid.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, ops.sigmoid(ops.neg(input)))


@op(**_activation(saves=("input",), inplace=True, samples=unary(-4, 4)))
def hardsigmoid(xp, input):
    """`x` / 6 + 1/2, bounded between 0 and 1."""
    return xp.minimum(xp.maximum(input + 3, 0), 6) / 6


@hardsigmoid.vjp("input")
def _(ops, g, out, input):
    return ops.where(ops.logical_and(ops.gt(input, -3), ops.lt(input, 3)), ops.div(g, 6), 0)


@op(**_activation(saves=("input",), inplace=True, samples=unary(-4, 4)))
def hardswish(xp, input):
    """`x` times hardsigmoid(x)."""
    return input * (xp.minimum(xp.maximum(input + 3, 0), 6) / 6)


@hardswish.vjp("input")
def _(ops, g, out, input):
    middle = ops.mul(g, ops.add(ops.div(input, 3), 0.5))
    return ops.where(ops.le(input, -3), 0, ops.where(ops.lt(input, 3), middle, g))


@op(**_activation(saves=("input",)))
def softshrink(xp, input, *, lambd=0.5):
    """Pulled towards zero by `lambd`, zero within it."""
    return xp.where(input > lambd, input - lambd, xp.where(input < -lambd, input + lambd, input * 0))


@softshrink.vjp("input")
def _(ops, g, out, input, *, lambd=0.5):
    return ops.where(ops.gt(ops.abs(input), lambd), g, 0)


@op(**_activation(saves=("input",)))
def hardshrink(xp, input, *, lambd=0.5):
    """Zero within `lambd` of zero."""
    return xp.where(xp.absolute(input) > lambd, input, xp.zeros_like(input))


@hardshrink.vjp("input")
def _(ops, g, out, input, *, lambd=0.5):
    return ops.where(ops.gt(ops.abs(input), lambd), g, 0)


@op(
    **_activation(
        saves=("input",),
        inplace=True,
        infer=domains.real_numeric(rules.same),
        samples=calls(Sample(T(3, 4), threshold=0.3, value=1.5)),
    )
)
def threshold(xp, input, *, threshold, value):
    """The element where it is above the threshold, else `value`."""
    return xp.where(input > threshold, input, xp.asarray(value, input.dtype))


@threshold.vjp("input")
def _(ops, g, out, input, *, threshold, value):
    return ops.where(ops.gt(input, threshold), g, 0)


def _glu_spec(input, *, dim=-1):
    at = rules.normalize_dim(dim, input.ndim)
    if not input.ndim or input.shape[at] % 2:
        raise ShapeError(
            f"Halving dimension must be even, but dimension {at} is size {input.shape[at] if input.ndim else 0}"
        )
    domains.require(input.dtype, domains.FLOATS, domains.COMPLEX)
    return spec((*input.shape[:at], input.shape[at] // 2, *input.shape[at + 1 :]), input.dtype)


@op(infer=_glu_spec, saves=("input",), namespaces=_F, samples=calls(Sample(T(3, 4)), Sample(T(2, 4, 3), dim=1)))
def glu(xp, input, *, dim=-1):
    """The first half of a dimension times the sigmoid of the second."""
    first, second = xp.split(input, 2, axis=dim)
    return first * xp.sigmoid(second)


@glu.vjp("input")
def _(ops, g, out, input, *, dim=-1):
    half = input.shape[dim] // 2
    first, second = ops.slice(input, dim=dim, start=0, end=half), ops.slice(input, dim=dim, start=half, end=None)
    s = ops.sigmoid(second)
    return ops.cat([ops.mul(g, s), ops.mul(ops.mul(g, first), ops.mul(s, ops.sub(1, s)))], dim=dim)
