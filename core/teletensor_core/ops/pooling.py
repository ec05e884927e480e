"""Pooling: the greatest or the mean of windows over the last dimensions."""

import math

from teletensor_core.dtypes import int32, int64, uint8
from teletensor_core.kernels import pooling
from teletensor_core.kernels.pooling import Pool
from teletensor_core.registry import op
from teletensor_core.rules import domains, spatial
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _out_sizes(x, kernel, stride, padding, dilation, ceil_mode):
    values = zip(x.shape[-len(kernel) :], kernel, stride, padding, dilation, strict=True)
    return tuple(spatial.pool_size(*v, ceil_mode) for v in values)


def _max_spec(input, **attrs):
    domains.require(input.dtype, domains.INTEGERS, domains.FLOATS)
    values = spatial.pool(input, **attrs)
    return values, spec(values.shape, int64)


def _lowest(xp, dtype):
    return -float("inf") if dtype.kind == "f" else xp.iinfo(dtype).min


@op(
    infer=_max_spec,
    saves=("out[1]",),
    namespaces=(),
    grad_name="MaxPool2DWithIndices",
    samples=calls(
        Sample(
            T(2, 3, 4, 4, unique=True),
            kernel_size=(2, 2),
            stride=(2, 2),
            padding=(0, 0),
            dilation=(1, 1),
            ceil_mode=False,
        ),
        Sample(T(2, 3, 7, unique=True), kernel_size=(3,), stride=(2,), padding=(1,), dilation=(1,), ceil_mode=True),
        Sample(
            T(1, 2, 6, 5, unique=True),
            kernel_size=(2, 3),
            stride=(1, 2),
            padding=(1, 1),
            dilation=(2, 1),
            ceil_mode=False,
        ),
    ),
)
def max_pool(xp, input, *, kernel_size, stride, padding, dilation, ceil_mode):
    """The greatest element of each window, and its index in the flattened plane."""
    how = Pool(kernel_size, stride, padding, dilation)
    values, place = _greatest(xp, input, how, ceil_mode)
    return values, pooling.flat_index(xp, place, input.shape[-len(kernel_size) :], how)


def _greatest(xp, input, how, ceil_mode):
    sizes = _out_sizes(input, *how, ceil_mode)
    return xp.max_pool(pooling.padded(xp, input, how, sizes, _lowest(xp, input.dtype)), how, sizes)


@max_pool.vjp("input")
def _(ops, g, out, input, *, kernel_size, **attrs):
    lead = tuple(input.shape[: len(input.shape) - len(kernel_size)])
    plane = 1
    for s in input.shape[len(lead) :]:
        plane *= s
    zeros = ops.zeros(shape=(*lead, plane), dtype=ops.dtype(g[0]))
    flat = ops.scatter_add(zeros, ops.reshape(out[1], shape=(*lead, -1)), ops.reshape(g[0], shape=(*lead, -1)), dim=-1)
    return ops.reshape(flat, shape=tuple(input.shape))


def _places_spec(input, **attrs):
    values, _ = _max_spec(input, **attrs)
    return values, spec(values.shape, uint8 if math.prod(attrs["kernel_size"]) <= 256 else int32)


@op(
    infer=_places_spec,
    saves=("out[1]",),
    namespaces=(),
    grad_name="MaxPool2DWithIndices",
    samples=max_pool.samples,
)
def max_pool_places(xp, input, *, kernel_size, stride, padding, dilation, ceil_mode):
    """The greatest element of each window, and the number of its place in the window."""
    return _greatest(xp, input, Pool(kernel_size, stride, padding, dilation), ceil_mode)


@max_pool_places.vjp("input")
def _(ops, g, out, input, *, ceil_mode, **attrs):
    return ops.max_pool_backward(g[0], out[1], shape=tuple(input.shape), **attrs)


@op(infer=lambda g, place, *, shape, **attrs: spec(shape, g.dtype), saves=("place",), namespaces=())
def max_pool_backward(xp, g, place, *, shape, kernel_size, stride, padding, dilation):
    """Each window's gradient at the place of its greatest element."""
    return xp.max_pool_backward(g, place, shape, Pool(kernel_size, stride, padding, dilation))


@max_pool_backward.vjp("g")
def _(ops, gg, result, g, place, *, shape, **attrs):
    return ops.max_pool_pick(gg, place, **attrs)


@op(infer=lambda x, place, **attrs: spec(place.shape, x.dtype), saves=("place",), namespaces=())
def max_pool_pick(xp, x, place, *, kernel_size, stride, padding, dilation):
    """The element at the given place of each window."""
    return pooling.pick(xp, x, place, Pool(kernel_size, stride, padding, dilation))


@max_pool_pick.vjp("x")
def _(ops, g, out, x, place, **attrs):
    return ops.max_pool_backward(g, place, shape=tuple(x.shape), **attrs)


@op(
    infer=spatial.pool,
    namespaces=(),
    grad_name="AvgPool2D",
    samples=calls(
        Sample(T(2, 3, 4, 4), kernel_size=(2, 2), stride=(2, 2), padding=(0, 0)),
        Sample(T(2, 3, 7), kernel_size=(3,), stride=(2,), padding=(1,), ceil_mode=True),
        Sample(T(1, 2, 5, 5), kernel_size=(3, 2), stride=(1, 2), padding=(1, 1), count_include_pad=False),
        Sample(T(1, 2, 4, 4), kernel_size=(2, 2), stride=(1, 1), padding=(0, 0), divisor_override=3),
    ),
)
def avg_pool(
    xp, input, *, kernel_size, stride, padding, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window."""
    n = len(kernel_size)
    how = Pool(kernel_size, stride, padding, (1,) * n)
    sizes = _out_sizes(input, *how, ceil_mode)
    return xp.avg_pool(input, how, sizes, count_include_pad, divisor_override)


@avg_pool.vjp("input")
def _(ops, g, out, input, **attrs):
    return ops.avg_pool_backward(g, shape=tuple(input.shape), **attrs)


@op(infer=lambda g, *, shape, **attrs: spec(shape, g.dtype), namespaces=())
def avg_pool_backward(xp, g, *, shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    """Each window's gradient spread evenly over it."""
    how = Pool(kernel_size, stride, padding, (1,) * len(kernel_size))
    return xp.avg_pool_backward(g, shape, how, count_include_pad, divisor_override)


@avg_pool_backward.vjp("g")
def _(ops, gg, result, g, *, shape, **attrs):
    return ops.avg_pool(gg, **attrs)


# -- adaptive ---------------------------------------------------------------------------------------------------------


def _adaptive_spec(input, *, output_size):
    domains.require(input.dtype, domains.FLOATS, domains.COMPLEX)
    return spec((*input.shape[: input.ndim - len(output_size)], *output_size), input.dtype)


def _bins(size, out):
    """Start and end of each output's window."""
    return [(i * size // out, -(-((i + 1) * size) // out)) for i in range(out)]


def _mean_matrix(xp, size, out, dtype):
    """The (out, size) matrix that takes the mean of each bin."""
    positions = xp.arange(size)
    rows = [((positions >= a) & (positions < b)).astype(dtype) / (b - a) for a, b in _bins(size, out)]
    return xp.stack(rows)


@op(
    infer=_adaptive_spec,
    namespaces=(),
    grad_name="AdaptiveAvgPool2D",
    samples=calls(Sample(T(2, 3, 5, 4), output_size=(2, 3)), Sample(T(2, 3, 6), output_size=(1,))),
)
def adaptive_avg_pool(xp, input, *, output_size):
    """Means over windows chosen so that the output has the given sizes."""
    return _along_dims(xp, input, output_size, transpose=False)


def _along_dims(xp, x, sizes, *, transpose, targets=None):
    for i, out in enumerate(sizes):
        d = x.ndim - len(sizes) + i
        size = x.shape[d] if targets is None else targets[i]
        matrix = _mean_matrix(xp, size, out, x.dtype)
        moved = xp.moveaxis(x, d, -1)
        x = xp.moveaxis(xp.matmul(moved, matrix if transpose else matrix.T), -1, d)
    return xp.array(x, order="C")


@adaptive_avg_pool.vjp("input")
def _(ops, g, out, input, *, output_size):
    return ops.adaptive_avg_pool_backward(g, shape=tuple(input.shape))


@op(infer=lambda g, *, shape: spec(shape, g.dtype), namespaces=())
def adaptive_avg_pool_backward(xp, g, *, shape):
    """Each window's gradient spread evenly over it."""
    sizes = [i for i in range(len(shape)) if i >= 2 or g.shape[i] != shape[i]]
    n = len(shape) - (min(sizes) if sizes else len(shape) - 1)
    return _along_dims(xp, g, g.shape[-n:], transpose=True, targets=shape[-n:])


@adaptive_avg_pool_backward.vjp("g")
def _(ops, gg, result, g, *, shape):
    return ops.adaptive_avg_pool(gg, output_size=tuple(g.shape[2:]))


def _adaptive_max_spec(input, *, output_size):
    values = _adaptive_spec(input, output_size=output_size)
    return values, spec(values.shape, int64)


@op(
    infer=_adaptive_max_spec,
    saves=("out[1]",),
    namespaces=(),
    grad_name="AdaptiveMaxPool2D",
    samples=calls(
        Sample(T(2, 3, 5, 4, unique=True), output_size=(2, 3)), Sample(T(2, 3, 6, unique=True), output_size=(2,))
    ),
)
def adaptive_max_pool(xp, input, *, output_size):
    """The greatest elements of windows chosen so that the output has the given sizes, and their flat indices."""
    n = len(output_size)
    plane = input.shape[-n:]
    boxes = [()]
    for size, out in zip(plane, output_size, strict=True):
        boxes = [(*box, edge) for box in boxes for edge in _bins(size, out)]
    flat_index = xp.arange(_product(plane)).reshape(plane)
    values, places = [], []
    for box in boxes:
        cut = tuple(slice(a, b) for a, b in box)
        window = input[(Ellipsis, *cut)].reshape((*input.shape[:-n], -1))
        at = xp.expand_dims(xp.argmax(window, axis=-1), -1)
        values.append(xp.take_along_axis(window, at, axis=-1))
        places.append(xp.take(flat_index[cut].reshape(-1), at))
    shape = (*input.shape[:-n], *output_size)
    return xp.concatenate(values, axis=-1).reshape(shape), xp.concatenate(places, axis=-1).reshape(shape)


def _product(sizes):
    total = 1
    for s in sizes:
        total *= s
    return total


@adaptive_max_pool.vjp("input")
def _(ops, g, out, input, *, output_size):
    lead = tuple(input.shape[: len(input.shape) - len(output_size)])
    zeros = ops.zeros(shape=(*lead, _product(input.shape[len(lead) :])), dtype=ops.dtype(g[0]))
    flat = ops.scatter_add(zeros, ops.reshape(out[1], shape=(*lead, -1)), ops.reshape(g[0], shape=(*lead, -1)), dim=-1)
    return ops.reshape(flat, shape=tuple(input.shape))
