"""Copies: reshaping that needs one, other dtypes, and the ops behind gradients and writes of views."""

from teletensor_core import dtypes, rules
from teletensor_core.dtypes import INTEGER
from teletensor_core.kernels.casting import cast
from teletensor_core.registry import OPS, op
from teletensor_core.rules import views
from teletensor_core.samples import Sample, T, calls, unary
from teletensor_core.spec import spec


@op(
    infer=lambda input, *, shape: spec(views.full_shape(shape, input), input.dtype),
    opmath=False,
    namespaces=(),
    samples=calls(Sample(T(2, 6), shape=(3, 4)), Sample(T(2, 6), shape=(4, -1))),
    name="reshape",
)
def reshape_copy(xp, input, *, shape):
    """The same elements under another shape, copied."""
    return xp.array(input.reshape(shape), order="C")


@reshape_copy.vjp("input")
def _(ops, g, out, input, *, shape):
    return ops.reshape(g, shape=input.shape)


@op(infer=rules.same, opmath=False, samples=unary())
def clone(xp, input):
    """A copy with memory of its own."""
    return xp.array(input, order="C")


@clone.vjp("input")
def _(ops, g, out, input):
    return g


@op(
    infer=lambda input, *, dtype: spec(input.shape, dtype),
    opmath=False,
    namespaces=(),
    grad_name="ToCopy",
    samples=lambda: (Sample(T(2, 3), dtype=d) for d in dtypes.ALL),
)
def to(xp, input, *, dtype):
    """A copy with another dtype."""
    return cast(input, dtype.np)


@to.vjp("input")
def _(ops, g, out, input, *, dtype):
    return None if dtype.category <= INTEGER else g


def _show(xp, array, chain):
    for name, attrs, index in chain:
        made = OPS[name].kernel(xp, array, **dict(zip(OPS[name].attrs, attrs, strict=True)))
        array = made[index] if isinstance(made, tuple) else made
    return array


@op(infer=lambda g, *, shape, chain: spec(shape, g.dtype), opmath=False, namespaces=())
def view_backward(xp, g, *, shape, chain):
    """Zeros of `shape` with `g` in the part that a chain of view ops shows."""
    out = xp.zeros(shape, g.dtype)
    xp.copyto(_show(xp, out, chain), g)
    return out


@view_backward.vjp("g")
def _(ops, g, out, g_, *, shape, chain):
    return ops.replay(g, chain)


@op(
    infer=lambda input, src, *, chain: spec(input.shape, input.dtype),
    opmath=False,
    namespaces=(),
    grad_name="CopySlices",
)
def view_scatter(xp, input, src, *, chain):
    """A copy of `input` with `src` in the part that a chain of view ops shows."""
    out = xp.array(input, order="C")
    xp.copyto(_show(xp, out, chain), src, casting="unsafe")
    return out


@view_scatter.vjp("input")
def _(ops, g, out, input, src, *, chain):
    return ops.view_scatter(g, ops.zeros(shape=src.shape, dtype=ops.dtype(g)), chain=chain)


@view_scatter.vjp("src")
def _(ops, g, out, input, src, *, chain):
    return ops.replay(g, chain)


@op(
    infer=lambda g, *, shape, dimension, size, step: spec(shape, g.dtype),
    opmath=False,
    namespaces=(),
)
def unfold_backward(xp, g, *, shape, dimension, size, step):
    """The sum of overlapping windows, back in the shape they were taken from."""
    out = xp.zeros(shape, g.dtype)
    if not shape:
        return xp.array(g[:1].sum())
    at = dimension % len(shape)
    for offset in range(size):
        window = (slice(None),) * at + (slice(offset, offset + step * (g.shape[at] - 1) + 1, step),)
        out[window] += g[..., offset]
    return out


@unfold_backward.vjp("g")
def _(ops, g, out, g_, *, shape, dimension, size, step):
    return ops.unfold(g, dimension=dimension, size=size, step=step)
