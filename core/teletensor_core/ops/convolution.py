"""Convolution in one to three dimensions, its transpose, and its two gradients, which are ops of their own."""

import math

from teletensor_core import rules
from teletensor_core.kernels import windows
from teletensor_core.registry import op
from teletensor_core.rules import spatial
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _lifted(x, ndim):
    """A single sample as a batch of one."""
    return x if x.ndim == ndim else x[None]


def _geometry(stride, padding, dilation, groups):
    return windows.Geometry(stride, padding, dilation, groups)


def _add_bias(out, bias):
    if bias is not None:
        out += bias.reshape((-1,) + (1,) * (out.ndim - 2))
    return out


_conv_samples = calls(
    Sample(T(2, 3, 5, 5), T(4, 3, 3, 3), T(4), stride=(1, 1), padding=(1, 1), dilation=(1, 1), groups=1),
    Sample(T(2, 4, 6), T(6, 2, 3), None, stride=(2,), padding=(0,), dilation=(2,), groups=2),
    Sample(T(1, 2, 4, 4), T(2, 1, 3, 2), T(2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2),
    Sample(T(2, 3, 4, 4), T(5, 3, 1, 1), T(5), stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1),
    Sample(T(1, 2, 3, 3, 3), T(2, 2, 2, 2, 2), None, stride=(1, 1, 1), padding=(0, 0, 0), dilation=(1, 1, 1), groups=1),
    Sample(T(3, 4, 5), T(4, 3, 1, 1), T(4), stride=(2, 2), padding=(0, 0), dilation=(1, 1), groups=1),
    Sample(T(2, 5), T(3, 2, 2), T(3), stride=(1,), padding=(1,), dilation=(1,), groups=1),
    Sample(T(2, 2, 17, 17), T(2, 2, 2, 2), T(2), stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1),
    Sample(T(2, 3, 6), T(6, 1, 3), T(6), stride=(2,), padding=(1,), dilation=(1,), groups=3),
)


@op(
    infer=spatial.conv,
    saves=("input", "weight"),
    namespaces=(),
    grad_name="Convolution",
    samples=_conv_samples,
)
def conv(xp, input, weight, bias=None, *, stride, padding, dilation, groups):
    """The cross-correlation of (N, C, d1, ...) with (O, C / groups, k1, ...), plus a bias for each output channel."""
    x = _lifted(input, weight.ndim)
    values = zip(x.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    places = tuple(spatial.conv_size(*v) for v in values)
    out = xp.conv(x, weight, bias, places, _geometry(stride, padding, dilation, groups))
    return out.reshape((*input.shape[: input.ndim - weight.ndim + 1], *out.shape[1:]))


@conv.vjp("input")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return ops.conv_input_grad(g, ops.conj(weight), shape=tuple(input.shape), **attrs)


@conv.vjp("weight")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return ops.conv_weight_grad(g, ops.conj(input), shape=tuple(weight.shape), **attrs)


@conv.vjp("bias")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return _bias_grad(ops, g, len(weight.shape))


def _bias_grad(ops, g, ndim):
    places = g.shape[2 - ndim :]
    return ops.channel_sum(ops.reshape(g, shape=(-1, g.shape[1 - ndim], math.prod(places))))


def _sum_dtype(input):
    return rules.sum_dtype(input.dtype, None)


@op(
    infer=lambda input: spec((input.shape[1],), _sum_dtype(input)),
    promote=lambda input: [_sum_dtype(input)],
    namespaces=(),
    samples=calls(Sample(T(2, 3, 4))),
)
def channel_sum(xp, input):
    """The sum over the first and the last of three dimensions."""
    return xp.sum(xp.row_sum(input), axis=(0, 2))


@channel_sum.vjp("input")
def _(ops, g, out, input):
    return ops.expand(ops.reshape(g, shape=(1, -1, 1)), size=tuple(input.shape))


@op(infer=lambda g, weight, *, shape, **attrs: spec(shape, g.dtype), saves=("g", "weight"), namespaces=())
def conv_input_grad(xp, g, weight, *, shape, stride, padding, dilation, groups):
    """The gradient of conv for its input: each output's gradient spread over its window."""
    whole = shape if len(shape) == weight.ndim else (1, *shape)
    how = _geometry(stride, padding, dilation, groups)
    return xp.conv_input_gradient(_lifted(g, weight.ndim), weight, whole, how).reshape(shape)


@conv_input_grad.vjp("g")
def _(ops, gg, result, g, weight, *, shape, **attrs):
    return ops.conv(gg, ops.conj(weight), **attrs)


@conv_input_grad.vjp("weight")
def _(ops, gg, result, g, weight, *, shape, **attrs):
    return ops.conv_weight_grad(ops.conj(g), gg, shape=tuple(weight.shape), **attrs)


@op(infer=lambda g, input, *, shape, **attrs: spec(shape, g.dtype), saves=("g", "input"), namespaces=())
def conv_weight_grad(xp, g, input, *, shape, stride, padding, dilation, groups):
    """The gradient of conv for its weight: gradients times windows, summed over the batch and the places."""
    how = _geometry(stride, padding, dilation, groups)
    return xp.conv_weight_gradient(_lifted(g, len(shape)), _lifted(input, len(shape)), shape, how)


@conv_weight_grad.vjp("g")
def _(ops, gg, result, g, input, *, shape, **attrs):
    return _cropped(ops, ops.conv(ops.conj(input), gg, **attrs), g.shape)


def _cropped(ops, full, shape):
    """Without the windows that only output padding made room for: past a whole stride it has places of its own."""
    for d, (have, want) in enumerate(zip(full.shape, shape, strict=True)):
        if have != want:
            full = ops.slice(full, dim=d, start=0, end=want, step=1)
    return full


@conv_weight_grad.vjp("input")
def _(ops, gg, result, g, input, *, shape, **attrs):
    return ops.conv_input_grad(ops.conj(g), gg, shape=tuple(input.shape), **attrs)


@op(
    infer=spatial.conv_transpose,
    saves=("input", "weight"),
    namespaces=(),
    grad_name="Convolution",
    samples=calls(
        Sample(
            T(2, 3, 4, 4),
            T(3, 2, 3, 3),
            T(2),
            stride=(2, 2),
            padding=(1, 1),
            output_padding=(1, 1),
            dilation=(1, 1),
            groups=1,
        ),
        Sample(T(2, 4, 5), T(4, 2, 3), None, stride=(1,), padding=(0,), output_padding=(0,), dilation=(2,), groups=2),
        Sample(T(2, 3), T(2, 3, 2), T(3), stride=(2,), padding=(0,), output_padding=(0,), dilation=(1,), groups=1),
        Sample(T(1, 2, 3), T(2, 1, 2), None, stride=(1,), padding=(0,), output_padding=(1,), dilation=(2,), groups=2),
    ),
)
def conv_transpose(xp, input, weight, bias=None, *, stride, padding, output_padding, dilation, groups):
    """The gradient of a convolution for its input, used as a layer."""
    x = _lifted(input, weight.ndim)
    values = zip(x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation, strict=True)
    shape = (x.shape[0], weight.shape[1] * groups, *(spatial.conv_transpose_size(*v) for v in values))
    out = xp.conv_input_gradient(x, weight, shape, _geometry(stride, padding, dilation, groups))
    return _add_bias(out, bias).reshape((*input.shape[: input.ndim - weight.ndim + 1], *shape[1:]))


@conv_transpose.vjp("input")
def _(ops, g, out, input, weight, bias=None, *, output_padding, **attrs):
    return _cropped(ops, ops.conv(g, ops.conj(weight), **attrs), input.shape)


@conv_transpose.vjp("weight")
def _(ops, g, out, input, weight, bias=None, *, output_padding, **attrs):
    return ops.conv_weight_grad(ops.conj(input), g, shape=tuple(weight.shape), **attrs)


@conv_transpose.vjp("bias")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return _bias_grad(ops, g, len(weight.shape))
