"""Padding. `pad` lists sizes before and after, from the last dimension backwards, as PyTorch does."""

from teletensor_core.errors import ShapeError
from teletensor_core.kernels.casting import fitted
from teletensor_core.registry import Family, op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _borders(pad, ndim):
    """(before, after) for every dimension."""
    pairs = [(pad[i], pad[i + 1]) for i in range(0, len(pad), 2)]
    return [(0, 0)] * (ndim - len(pairs)) + pairs[::-1]


def _pad_spec(input, *, pad, value=0.0):
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise ShapeError(
            "Padding length must be even and at most twice the number of dimensions of the input "
            f"({input.ndim}), got {list(pad)}"
        )
    shape = tuple(n + a + b for n, (a, b) in zip(input.shape, _borders(pad, input.ndim), strict=True))
    if any(n < 0 for n in shape):
        raise ShapeError(
            f"padding {list(pad)} of input {list(input.shape)} resulted in a negative output size {list(shape)}"
        )
    return spec(shape, input.dtype)


def _mirror_spec(name, limit):
    def infer(input, *, pad):
        made = _pad_spec(input, pad=pad)
        for n, (a, b) in zip(input.shape, _borders(pad, input.ndim), strict=True):
            if max(a, b) > n - limit and max(a, b) > 0:
                raise ShapeError(
                    f"{name}: Padding size should be less than the corresponding input dimension, "
                    f"but got padding {list(pad)} "
                    f"for input {list(input.shape)}"
                )
        return made

    return infer


@op(
    infer=_pad_spec,
    opmath=False,
    namespaces=(),
    grad_name="ConstantPadNd",
    samples=calls(
        Sample(T(2, 3), pad=(1, 2)), Sample(T(2, 3), pad=(1, 0, 0, 2), value=1.5), Sample(T(2, 4), pad=(-1, -1))
    ),
)
def constant_pad(xp, input, *, pad, value=0.0):
    """A border of one value; negative sizes cut off."""
    borders = _borders(pad, input.ndim)
    out = xp.full(
        tuple(n + a + b for n, (a, b) in zip(input.shape, borders, strict=True)),
        fitted(value, input.dtype),
        input.dtype,
    )
    inside = tuple(
        slice(max(a, 0), max(a, 0) + n + min(a, 0) + min(b, 0)) for n, (a, b) in zip(input.shape, borders, strict=True)
    )
    kept = tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(input.shape, borders, strict=True))
    out[inside] = input[kept]
    return out


@constant_pad.vjp("input")
def _(ops, g, out, input, *, pad, value=0.0):
    return ops.constant_pad(g, pad=tuple(-p for p in pad))


def _source(xp, n, a, b, mode):
    """For each position of a padded dimension, the position of the input it shows."""
    positions = xp.arange(-a, n + b)
    if mode == "edge":
        return xp.minimum(xp.maximum(positions, 0), n - 1)
    if mode == "wrap":
        return positions % n
    folded = xp.absolute(positions)
    return xp.where(folded >= n, 2 * (n - 1) - folded, folded)


def _take(xp, x, pad, mode):
    for d, (a, b) in enumerate(_borders(pad, x.ndim)):
        if a or b:
            x = xp.take(x, _source(xp, x.shape[d], a, b, mode), axis=d)
    return xp.array(x, order="C")


def _fold(xp, g, shape, pad, mode):
    """The sum of what each input position was shown as."""
    for d, (a, b) in enumerate(_borders(pad, g.ndim)):
        if a or b:
            out = xp.zeros((*g.shape[:d], shape[d], *g.shape[d + 1 :]), g.dtype)
            xp.scatter_add(out, (slice(None),) * d + (_source(xp, shape[d], a, b, mode),), g)
            g = out
    return xp.array(g, order="C")


_samples = calls(Sample(T(2, 3, 5), pad=(2, 1)), Sample(T(1, 2, 4, 3), pad=(1, 2, 0, 1)))
_padding: Family = {"opmath": False, "namespaces": (), "samples": _samples}


@op(infer=_mirror_spec("reflection_pad", 1), **_padding)
def reflection_pad(xp, input, *, pad):
    """A border that mirrors the inside without repeating the edge."""
    return _take(xp, input, pad, "reflect")


@op(infer=_pad_spec, **_padding)
def replication_pad(xp, input, *, pad):
    """A border that repeats the edge."""
    return _take(xp, input, pad, "edge")


@op(infer=_mirror_spec("circular_pad", 0), **_padding)
def circular_pad(xp, input, *, pad):
    """A border that shows the other side."""
    return _take(xp, input, pad, "wrap")


_MODES = {"reflect": reflection_pad, "edge": replication_pad, "wrap": circular_pad}


@op(infer=lambda g, *, shape, pad, mode: spec(shape, g.dtype), namespaces=())
def pad_backward(xp, g, *, shape, pad, mode):
    """The gradient of a mirrored, repeated or circular border."""
    return _fold(xp, g, shape, pad, mode)


@pad_backward.vjp("g")
def _(ops, gg, result, g, *, shape, pad, mode):
    return getattr(ops, _MODES[mode].name)(gg, pad=pad)


for _mode, _op in _MODES.items():
    _op.vjp("input")(
        lambda ops, g, out, input, *, pad, mode=_mode: ops.pad_backward(g, shape=tuple(input.shape), pad=pad, mode=mode)
    )
