"""Convolution in one to three dimensions, its transpose, and its gradients: windows gathered into columns, then one matrix
product a group. A convolution by 1 is a matrix product without gathering."""

from teletensor_core.dtypes import float32 as _ANY
from teletensor_core.registry import op
from teletensor_core.rules import spatial
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _pad(xp, x, padding):
    if not any(padding):
        return x
    return xp.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))


def _windows(xp, x, kernel, stride, padding, dilation):
    """A view (N, C, k1, ..., o1, ...) of all windows of the padded input."""
    x = _pad(xp, x, padding)
    n = len(kernel)
    sizes = [(s - d * (k - 1) - 1) // st + 1 for s, k, st, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)]
    strides = x.strides[2:]
    return xp.as_strided(
        x,
        (*x.shape[:2], *kernel, *sizes),
        (*x.strides[:2], *(strides[i] * dilation[i] for i in range(n)), *(strides[i] * stride[i] for i in range(n))),
    )


def _columns(xp, x, kernel, stride, padding, dilation, groups):
    """Windows as matrices: (groups, C / groups * k, N * o)."""
    windows = _windows(xp, x, kernel, stride, padding, dilation)
    n = len(kernel)
    batch, channels = x.shape[:2]
    order = (1, *range(2, 2 + n), 0, *range(2 + n, 2 + 2 * n))
    size = 1
    for s in windows.shape[2 + n :]:
        size *= s
    return windows.transpose(order).reshape((groups, channels // groups * _product(kernel), batch * size))


def _product(sizes):
    total = 1
    for s in sizes:
        total *= s
    return total


_conv_samples = calls(
    Sample(T(2, 3, 5, 5), T(4, 3, 3, 3), T(4), stride=(1, 1), padding=(1, 1), dilation=(1, 1), groups=1),
    Sample(T(2, 4, 6), T(6, 2, 3), None, stride=(2,), padding=(0,), dilation=(2,), groups=2),
    Sample(T(1, 2, 4, 4), T(2, 1, 3, 2), T(2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2),
    Sample(T(2, 3, 4, 4), T(5, 3, 1, 1), T(5), stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1),
    Sample(T(1, 2, 3, 3, 3), T(2, 2, 2, 2, 2), None, stride=(1, 1, 1), padding=(0, 0, 0), dilation=(1, 1, 1), groups=1),
)  # fmt: skip


def _torch_conv(torch, x, w, b=None, *, stride, padding, dilation, groups):
    function = getattr(torch.nn.functional, f"conv{len(stride)}d")
    return function(x, w, b, stride, padding, dilation, groups)


@op(infer=spatial.conv, saves=("input", "weight"), namespaces=(), grad_name="Convolution", samples=_conv_samples, oracle=_torch_conv)
def conv(xp, input, weight, bias=None, *, stride, padding, dilation, groups):
    """The cross-correlation of (N, C, d1, ...) with (O, C / groups, k1, ...), plus a bias for each output channel."""
    kernel = weight.shape[2:]
    columns = _columns(xp, input, kernel, stride, padding, dilation, groups)
    rows = weight.reshape((groups, weight.shape[0] // groups, -1))
    values = zip(input.shape[2:], kernel, stride, padding, dilation, strict=True)
    sizes = tuple(spatial.conv_size(*v) for v in values)
    out = xp.matmul(rows, columns).reshape((weight.shape[0], input.shape[0], *sizes))
    if bias is not None:
        out += bias.reshape((-1,) + (1,) * (out.ndim - 1))
    return xp.ascontiguousarray(xp.swapaxes(out, 0, 1))


@conv.vjp("input")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return ops.conv_input_grad(g, ops.conj(weight), shape=tuple(input.shape), **attrs)


@conv.vjp("weight")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return ops.conv_weight_grad(g, ops.conj(input), shape=tuple(weight.shape), **attrs)


@conv.vjp("bias")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return ops.sum(g, dim=tuple(d for d in range(len(g.shape)) if d != 1))


@op(infer=lambda g, weight, *, shape, **attrs: spec(shape, g.dtype), saves=("g", "weight"), namespaces=())
def conv_input_grad(xp, g, weight, *, shape, stride, padding, dilation, groups):
    """The gradient of conv for its input: each output's gradient spread over its window."""
    kernel = weight.shape[2:]
    batch, channels, *sizes = shape
    rows = xp.swapaxes(weight.reshape((groups, weight.shape[0] // groups, -1)), 1, 2)
    turned = xp.swapaxes(g, 0, 1).reshape((groups, weight.shape[0] // groups, -1))
    columns = xp.matmul(rows, turned).reshape((channels, *kernel, batch, *g.shape[2:]))
    out = xp.zeros((channels, batch, *(s + 2 * p for s, p in zip(sizes, padding, strict=True))), g.dtype)
    for offset in _offsets(kernel):
        window = tuple(
            slice(o * d, o * d + st * (n - 1) + 1, st) for o, d, st, n in zip(offset, dilation, stride, g.shape[2:], strict=True)
        )
        out[(slice(None), slice(None), *window)] += columns[(slice(None), *offset)]
    inner = tuple(slice(p, p + s) for p, s in zip(padding, sizes, strict=True))
    return xp.ascontiguousarray(xp.swapaxes(out[(slice(None), slice(None), *inner)], 0, 1))


def _offsets(kernel):
    offsets = [()]
    for k in kernel:
        offsets = [(*o, i) for o in offsets for i in range(k)]
    return offsets


@conv_input_grad.vjp("g")
def _(ops, gg, result, g, weight, *, shape, **attrs):
    return ops.conv(gg, weight, **attrs)


@conv_input_grad.vjp("weight")
def _(ops, gg, result, g, weight, *, shape, **attrs):
    return ops.conv_weight_grad(g, gg, shape=tuple(weight.shape), **attrs)


@op(infer=lambda g, input, *, shape, **attrs: spec(shape, g.dtype), saves=("g", "input"), namespaces=())
def conv_weight_grad(xp, g, input, *, shape, stride, padding, dilation, groups):
    """The gradient of conv for its weight: gradients times windows, summed over the batch and the places."""
    used = [st * (n - 1) + d * (k - 1) + 1 for n, k, st, d in zip(g.shape[2:], shape[2:], stride, dilation, strict=True)]
    padded = _pad(xp, input, padding)[(slice(None), slice(None), *(slice(0, u) for u in used))]
    columns = _columns(xp, padded, shape[2:], stride, (0,) * len(stride), dilation, groups)
    turned = xp.swapaxes(g, 0, 1).reshape((groups, shape[0] // groups, -1))
    return xp.matmul(turned, xp.swapaxes(columns, 1, 2)).reshape(shape)


@conv_weight_grad.vjp("g")
def _(ops, gg, result, g, input, *, shape, **attrs):
    return ops.conv(input, gg, **attrs)


@conv_weight_grad.vjp("input")
def _(ops, gg, result, g, input, *, shape, **attrs):
    return ops.conv_input_grad(g, gg, shape=tuple(input.shape), **attrs)


def _torch_transpose(torch, x, w, b=None, *, stride, padding, output_padding, dilation, groups):
    function = getattr(torch.nn.functional, f"conv_transpose{len(stride)}d")
    return function(x, w, b, stride, padding, output_padding, groups, dilation)


@op(infer=spatial.conv_transpose, saves=("input", "weight"), namespaces=(), grad_name="Convolution", oracle=_torch_transpose, samples=calls(
    Sample(T(2, 3, 4, 4), T(3, 2, 3, 3), T(2), stride=(2, 2), padding=(1, 1), output_padding=(1, 1), dilation=(1, 1), groups=1),
    Sample(T(2, 4, 5), T(4, 2, 3), None, stride=(1,), padding=(0,), output_padding=(0,), dilation=(2,), groups=2)))  # fmt: skip
def conv_transpose(xp, input, weight, bias=None, *, stride, padding, output_padding, dilation, groups):
    """The gradient of a convolution for its input, used as a layer."""
    like = spatial.conv_transpose(
        spec(input.shape, _ANY), spec(weight.shape, _ANY),
        stride=stride, padding=padding, output_padding=output_padding, dilation=dilation, groups=groups,
    )  # fmt: skip
    attrs = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    out = conv_input_grad.kernel(xp, input, weight, shape=like.shape, **attrs)
    if bias is not None:
        out += bias.reshape((1, -1) + (1,) * (out.ndim - 2))
    return out


@conv_transpose.vjp("input")
def _(ops, g, out, input, weight, bias=None, *, output_padding, **attrs):
    full = ops.conv(g, weight, **attrs)
    for d in range(2, len(input.shape)):
        full = ops.slice(full, dim=d, start=0, end=input.shape[d])
    return full


@conv_transpose.vjp("weight")
def _(ops, g, out, input, weight, bias=None, *, output_padding, **attrs):
    return ops.conv_weight_grad(input, g, shape=tuple(weight.shape), **attrs)


@conv_transpose.vjp("bias")
def _(ops, g, out, input, weight, bias=None, **attrs):
    return ops.sum(g, dim=tuple(d for d in range(len(g.shape)) if d != 1))
