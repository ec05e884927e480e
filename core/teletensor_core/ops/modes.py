"""Most frequent elements, and medians of what is a number."""

from teletensor_core.dtypes import int64
from teletensor_core.ops.extremes import _along_spec, _put_back, _take
from teletensor_core.registry import op
from teletensor_core.rules import normalize_dim
from teletensor_core.samples import Sample, T, along_dim, calls


def _mode_spec(input, *, dim=-1, keepdim=False):
    return _along_spec(input, dim=dim, keepdim=keepdim)


@op(
    infer=_mode_spec,
    saves=("out[1]",),
    samples=calls(
        Sample(T(3, 6, dtype=int64, low=0, high=3)),
        Sample(T(6, 3, dtype=int64, low=0, high=3), dim=0, keepdim=True),
        Sample(T(3, 4, unique=True)),
        Sample(T()),
    ),
)
def mode(xp, input, *, dim=-1, keepdim=False):
    """The most frequent elements along a dimension, the least of equally frequent ones, and the last index of each."""
    if not input.ndim:
        return input.copy(), xp.zeros((), "q")
    axis = normalize_dim(dim, input.ndim)
    order = xp.stable_argsort(input, axis)
    ordered = xp.moveaxis(xp.take_along_axis(input, order, axis=axis), axis, -1)
    place = xp.broadcast_to(xp.arange(ordered.shape[-1]), ordered.shape)
    fresh = ordered[..., 1:] != ordered[..., :-1]
    starts = xp.concatenate([xp.zeros((*ordered.shape[:-1], 1), "q"), xp.where(fresh, place[..., 1:], 0)], axis=-1)
    length = place - xp.running_max(starts, ordered.ndim - 1)
    end = xp.moveaxis(xp.argmax(length, axis=-1)[..., None], -1, axis)
    return _take(xp, input, xp.take_along_axis(order, end, axis=axis), dim, keepdim)


@mode.vjp("input")
def _(ops, g, out, input, *, dim=-1, keepdim=False):
    return _put_back(ops, g, out, input, dim=dim, keepdim=keepdim)


@op(infer=_along_spec, saves=("out[1]",), namespaces=(), grad_name="Nanmedian", samples=along_dim(unique=True))
def nanmedian_dim(xp, input, *, dim, keepdim=False):
    """The lower medians of the numbers along a dimension, and their indices; NaN where there is none."""
    if not input.ndim:
        return input.copy(), xp.zeros((), "q")
    axis = normalize_dim(dim, input.ndim)
    order = xp.stable_argsort(input, axis)
    count = xp.sum(input == input, axis=axis, keepdims=True, dtype="q")
    middle = xp.maximum((count - 1) // 2, 0)
    return _take(xp, input, xp.take_along_axis(order, middle, axis=axis), dim, keepdim)


nanmedian_dim.vjp("input")(_put_back)
