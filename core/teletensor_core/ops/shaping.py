"""Views: other shapes, orders and parts of the same memory."""

from teletensor_core.registry import op
from teletensor_core.rules import views
from teletensor_core.rules.dims import normalize_dim
from teletensor_core.samples import Sample, T, calls, unary

_METHOD = ("Tensor",)


@op(
    infer=views.view,
    view=True,
    namespaces=_METHOD,
    samples=calls(Sample(T(2, 6), shape=(3, 4)), Sample(T(2, 6), shape=(-1,)), Sample(T(), shape=(1, 1))),
)
def view(xp, input, *, shape):
    """The same elements under another shape, sharing memory; one size may be -1."""
    return input.reshape(shape)


@view.vjp("input")
def _(ops, g, out, input, *, shape):
    return ops.reshape(g, shape=input.shape)


@op(infer=views.permute, view=True, samples=calls(Sample(T(2, 3, 4), dims=(2, 0, 1)), Sample(T(3, 2), dims=(-1, 0))))
def permute(xp, input, *, dims):
    """The dimensions in another order."""
    return input.transpose(dims)


@permute.vjp("input")
def _(ops, g, out, input, *, dims):
    inverse = sorted(range(len(dims)), key=lambda i: dims[i] % len(dims))
    return ops.permute(g, dims=tuple(inverse))


@op(
    infer=views.transpose,
    view=True,
    aliases=("swapaxes", "swapdims"),
    samples=calls(Sample(T(2, 3), dim0=0, dim1=1), Sample(T(2, 3, 4), dim0=-1, dim1=0), Sample(T(), dim0=0, dim1=-1)),
)
def transpose(xp, input, *, dim0, dim1):
    """Two dimensions exchanged."""
    return xp.swapaxes(input, dim0, dim1) if input.ndim else input[...]


@transpose.vjp("input")
def _(ops, g, out, input, *, dim0, dim1):
    return ops.transpose(g, dim0=dim0, dim1=dim1)


@op(
    infer=views.expand,
    view=True,
    namespaces=_METHOD,
    samples=calls(Sample(T(3, 1), size=(2, 3, 4)), Sample(T(3, 1), size=(-1, 4)), Sample(T(), size=(2, 2))),
)
def expand(xp, input, *, size):
    """Dimensions of one element repeated without copying; -1 keeps a size."""
    extra = len(size) - input.ndim
    have, steps = (1,) * extra + input.shape, (0,) * extra + input.strides
    shape = tuple(h if n == -1 else n for n, h in zip(size, have, strict=True))
    # What broadcast_to gives cannot be written to, as single elements of it may be.
    return xp.as_strided(input, shape, tuple(s if n == h else 0 for n, h, s in zip(shape, have, steps, strict=True)))


@expand.vjp("input")
def _(ops, g, out, input, *, size):
    return g


@op(infer=views.unsqueeze, view=True, inplace=False, samples=calls(Sample(T(3), dim=0), Sample(T(2, 3), dim=-1)))
def unsqueeze(xp, input, *, dim):
    """One more dimension, of size 1, at `dim`."""
    return xp.expand_dims(input, dim)


@unsqueeze.vjp("input")
def _(ops, g, out, input, *, dim):
    return ops.reshape(g, shape=input.shape)


@op(
    infer=views.squeeze,
    view=True,
    samples=calls(
        Sample(T(1, 3, 1)), Sample(T(1, 3, 1), dim=0), Sample(T(1, 3, 1), dim=1), Sample(T(1, 1), dim=(0, 1))
    ),
)
def squeeze(xp, input, *, dim=None):
    """Without the dimensions of size 1, or without those among `dim`."""
    if dim is None:
        return input.squeeze()
    dims = (dim,) if isinstance(dim, int) else dim
    gone = tuple(d % max(input.ndim, 1) for d in dims if input.ndim and input.shape[d] == 1)
    return xp.squeeze(input, axis=gone)


@squeeze.vjp("input")
def _(ops, g, out, input, *, dim=None):
    return ops.reshape(g, shape=input.shape)


@op(infer=views.select, view=True, samples=calls(Sample(T(3, 4), dim=0, index=1), Sample(T(3, 4), dim=-1, index=-2)))
def select(xp, input, *, dim, index):
    """One position of a dimension, which goes away."""
    return input[(slice(None),) * normalize_dim(dim, input.ndim) + (int(index), ...)]


@select.vjp("input")
def _(ops, g, out, input, *, dim, index):
    return ops.view_backward(g, shape=input.shape, chain=(("select", (dim, index), 0),))


@op(
    name="slice",
    infer=views.slice_,
    view=True,
    namespaces=(),
    samples=calls(
        Sample(T(5, 3), dim=0, start=1, end=4, step=2),
        Sample(T(5), dim=0, start=-3, end=None),
        Sample(T(2, 4), dim=1, start=3, end=1),
    ),
)
def slice_(xp, input, *, dim, start, end, step=1):
    """Every `step`-th position from `start` up to `end` of a dimension."""
    return input[(slice(None),) * normalize_dim(dim, input.ndim) + (slice(start, end, step),)]


@slice_.vjp("input")
def _(ops, g, out, input, *, dim, start, end, step=1):
    return ops.view_backward(g, shape=input.shape, chain=(("slice", (dim, start, end, step), 0),))


@op(
    infer=views.diagonal,
    view=True,
    samples=calls(Sample(T(3, 4)), Sample(T(3, 4), offset=-1), Sample(T(2, 3, 4), offset=1, dim1=-1, dim2=0)),
)
def diagonal(xp, input, *, offset=0, dim1=0, dim2=1):
    """The diagonal of two dimensions, as the last dimension."""
    part = xp.moveaxis(input, (dim1, dim2), (-2, -1))[..., max(-offset, 0) :, max(offset, 0) :]
    size = min(part.shape[-2:])
    return xp.as_strided(part, (*part.shape[:-2], size), (*part.strides[:-2], part.strides[-2] + part.strides[-1]))


@diagonal.vjp("input")
def _(ops, g, out, input, *, offset=0, dim1=0, dim2=1):
    return ops.view_backward(g, shape=input.shape, chain=(("diagonal", (offset, dim1, dim2), 0),))


@op(
    infer=views.unfold,
    view=True,
    namespaces=_METHOD,
    samples=calls(Sample(T(7), dimension=0, size=3, step=2), Sample(T(2, 5), dimension=1, size=2, step=1)),
)
def unfold(xp, input, *, dimension, size, step):
    """Windows of `size`, `step` apart, along a dimension; the window is a new last dimension."""
    if not input.ndim:
        return input.reshape((1,))[:size]
    at = normalize_dim(dimension, input.ndim)
    count = (input.shape[at] - size) // step + 1
    shape = (*input.shape[:at], count, *input.shape[at + 1 :], size)
    strides = (*input.strides[:at], input.strides[at] * step, *input.strides[at + 1 :], input.strides[at])
    return xp.as_strided(input, shape, strides)


@unfold.vjp("input")
def _(ops, g, out, input, *, dimension, size, step):
    return ops.unfold_backward(g, shape=input.shape, dimension=dimension, size=size, step=step)


@op(
    infer=views.split,
    view=True,
    namespaces=(),
    samples=calls(Sample(T(5, 2), split_size=2), Sample(T(2, 5), split_size=(1, 4), dim=1)),
)
def split(xp, input, *, split_size, dim=0):
    """Consecutive parts of a dimension: all of one size, or of the given sizes."""
    at, start, parts = normalize_dim(dim, input.ndim), 0, []
    for size in views.split_sizes(input, split_size, dim):
        parts.append(input[(slice(None),) * at + (slice(start, start + size),)])
        start += size
    return tuple(parts)


@split.vjp("input")
def _(ops, g, out, input, *, split_size, dim=0):
    return ops.cat(list(g), dim=dim)


@op(infer=views.unbind, view=True, samples=calls(Sample(T(3, 2)), Sample(T(3, 2), dim=-1), Sample(T(3))))
def unbind(xp, input, *, dim=0):
    """Every position of a dimension, as tensors without that dimension."""
    at = normalize_dim(dim, input.ndim)
    return tuple(input[(slice(None),) * at + (i, ...)] for i in range(input.shape[at]))


@unbind.vjp("input")
def _(ops, g, out, input, *, dim=0):
    return ops.stack(list(g), dim=normalize_dim(dim, input.ndim))


@op(infer=lambda input: input, view=True, differentiable=False, samples=unary())
def detach(xp, input):
    """The same memory, cut off from the graph."""
    return input[...]


@op(infer=lambda input: input, view=True, differentiable=False, unnoticed=True, namespaces=())
def data(xp, input):
    """The same memory, cut off from the graph and from the counting of writes."""
    return input[...]


@op(
    infer=lambda input: input,
    view=True,
    namespaces=(),
    grad_name="Alias",
    samples=unary(),
)
def alias(xp, input):
    """The same memory, as another tensor of the graph."""
    return input[...]


@alias.vjp("input")
def _(ops, g, out, input):
    return g
