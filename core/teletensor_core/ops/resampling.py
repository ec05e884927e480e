"""Changing the sizes of the last dimensions: by repeating, or by linear interpolation."""

from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _sized(input, *, size, **attrs):
    return spec((*input.shape[: input.ndim - len(size)], *size), input.dtype)


@op(
    infer=_sized,
    opmath=False,
    namespaces=(),
    grad_name="UpsampleNearest2D",
    samples=calls(Sample(T(1, 2, 3, 4), size=(6, 6)), Sample(T(2, 3, 5), size=(3,))),
)
def upsample_nearest(xp, input, *, size):
    """Each position shows the nearest one of the input (rounded down)."""
    for i, n in enumerate(size):
        d = input.ndim - len(size) + i
        input = xp.take(input, xp.arange(n) * input.shape[d] // n, axis=d)
    return xp.array(input, order="C")


@upsample_nearest.vjp("input")
def _(ops, g, out, input, *, size):
    return ops.upsample_nearest_backward(g, shape=tuple(input.shape), size=size)


@op(infer=lambda g, *, shape, size: spec(shape, g.dtype), namespaces=())
def upsample_nearest_backward(xp, g, *, shape, size):
    """The sum over all positions that showed each one of the input."""
    for i, n in enumerate(size):
        d = len(shape) - len(size) + i
        out = xp.zeros((*g.shape[:d], shape[d], *g.shape[d + 1 :]), g.dtype)
        xp.scatter_add(out, (slice(None),) * d + (xp.arange(n) * shape[d] // n,), g)
        g = out
    return g


@upsample_nearest_backward.vjp("g")
def _(ops, gg, result, g, *, shape, size):
    return ops.upsample_nearest(gg, size=size)


def _linear_matrix(xp, size, out, align_corners, dtype):
    """The (out, size) matrix of interpolation weights."""
    positions = xp.arange(out).astype("d")
    if align_corners:
        where = positions * ((size - 1) / (out - 1) if out > 1 else 0.0)
    else:
        where = xp.maximum((positions + 0.5) * (size / out) - 0.5, 0.0)
    low = xp.minimum(xp.floor(where), size - 1)
    high = xp.minimum(low + 1, size - 1)
    part = (where - low)[:, None]
    columns = xp.arange(size)
    weights = (columns == low[:, None]) * (1 - part) + (columns == high[:, None]) * part
    return weights.astype(dtype)


def _apply(xp, x, sizes, targets, align_corners, transpose):
    for i, (small, large) in enumerate(zip(sizes, targets, strict=True)):
        d = x.ndim - len(sizes) + i
        matrix = _linear_matrix(xp, small, large, align_corners, x.dtype)
        x = xp.moveaxis(xp.matmul(xp.moveaxis(x, d, -1), matrix if transpose else matrix.T), -1, d)
    return xp.array(x, order="C")


def _linear_sized(input, *, size, **attrs):
    domains.require(input.dtype, domains.FLOATS)
    return _sized(input, size=size)


@op(
    infer=_linear_sized,
    namespaces=(),
    grad_name="UpsampleBilinear2D",
    samples=calls(
        Sample(T(1, 2, 3, 4), size=(6, 5), align_corners=False),
        Sample(T(1, 2, 3, 4), size=(5, 7), align_corners=True),
        Sample(T(2, 3, 5), size=(8,), align_corners=False),
    ),
)
def upsample_bilinear(xp, input, *, size, align_corners):
    """Linear interpolation along each of the last dimensions."""
    return _apply(xp, input, input.shape[-len(size) :], size, align_corners, transpose=False)


@upsample_bilinear.vjp("input")
def _(ops, g, out, input, *, size, align_corners):
    return ops.upsample_bilinear_backward(g, shape=tuple(input.shape), size=size, align_corners=align_corners)


@op(infer=lambda g, *, shape, **attrs: spec(shape, g.dtype), namespaces=())
def upsample_bilinear_backward(xp, g, *, shape, size, align_corners):
    """Gradients spread with the same weights."""
    return _apply(xp, g, shape[-len(size) :], size, align_corners, transpose=True)


@upsample_bilinear_backward.vjp("g")
def _(ops, gg, result, g, *, shape, size, align_corners):
    return ops.upsample_bilinear(gg, size=size, align_corners=align_corners)
