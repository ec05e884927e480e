"""Sums and other reductions over dimensions."""

import math

from teletensor_core import dtypes, rules
from teletensor_core.dtypes import FLOAT
from teletensor_core.registry import op
from teletensor_core.rules import reduced_dims, reduced_shape
from teletensor_core.samples import Sample, T, calls, reductions
from teletensor_core.spec import spec


def _kept(ops, x, like, dim, keepdim):
    """A reduced tensor with the reduced dimensions put back as ones, so that it broadcasts against `like`."""
    if keepdim or not like.ndim:
        return x
    return ops.reshape(x, shape=reduced_shape(tuple(like.shape), dim, True))


def _spread(ops, g, input, dim, keepdim):
    return ops.expand(_kept(ops, g, input, dim, keepdim), size=tuple(input.shape))


def _count(input, dim):
    count = 1
    for d in rules.normalize_dims(dim, len(input.shape)):
        count *= input.shape[d]
    return count


def _sum_cast(input, *, dim=None, keepdim=False, dtype=None):
    return [rules.sum_dtype(input.dtype, dtype)]


@op(infer=rules.reduced_sum, promote=_sum_cast, samples=reductions())
def sum(xp, input, *, dim=None, keepdim=False, dtype=None):
    """The sum over dimensions, or of everything; of integers in int64."""
    return xp.sum(input, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)


@sum.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False, dtype=None):
    return _spread(ops, g, input, dim, keepdim)


@op(
    infer=lambda input, *, shape: spec(shape, input.dtype),
    namespaces=(),
    samples=calls(Sample(T(2, 3, 4), shape=(3, 1)), Sample(T(2, 3), shape=())),
)
def sum_to(xp, input, *, shape):
    """The sum over the dimensions that broadcasting `shape` to the input's shape would add or stretch."""
    extra = input.ndim - len(shape)
    if extra > 0 and input.shape[extra:] == tuple(shape) and shape:
        total = xp.column_sum(input.reshape((math.prod(input.shape[:extra]), math.prod(shape))))
        return total if len(shape) == 1 else total.reshape(shape)
    axes = tuple(i for i in range(input.ndim) if i < extra or (shape[i - extra] == 1 and input.shape[i] != 1))
    return xp.sum(input, axis=axes).reshape(shape)


@sum_to.vjp("input")
def _(ops, g, out, input, *, shape):
    return ops.expand(g, size=tuple(input.shape))


@op(
    infer=rules.reduced_float,
    promote=lambda input, *, dim=None, keepdim=False, dtype=None: [dtype or input.dtype],
    samples=reductions(),
)
def mean(xp, input, *, dim=None, keepdim=False, dtype=None):
    """The mean over dimensions, or of everything; NaN of nothing."""
    axes = reduced_dims(dim, input.ndim)
    if not input.size:
        return xp.sum(input, axis=axes, keepdims=keepdim) * math.nan
    return xp.mean(input, axis=axes, keepdims=keepdim)


@mean.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False, dtype=None):
    count = _count(input, dim)
    return _spread(ops, ops.mul(g, 1 / count if count else float("nan")), input, dim, keepdim)


def _prod_spec(input, *, dim=None, keepdim=False, dtype=None):
    rules.one_dim(dim)
    return rules.reduced_sum(input, dim=dim, keepdim=keepdim, dtype=dtype)


@op(
    infer=_prod_spec,
    promote=_sum_cast,
    saves=("input",),
    samples=calls(Sample(T(3, 4)), Sample(T(3, 4), dim=1), Sample(T(2, 3), dim=0, keepdim=True), Sample(T())),
)
def prod(xp, input, *, dim=None, keepdim=False, dtype=None):
    """The product along a dimension, or of everything."""
    return xp.prod(input, axis=dim, keepdims=keepdim)


@prod.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False, dtype=None):
    if not input.ndim:
        return g
    if dim is None:
        others = ops.product_of_others(ops.reshape(input, shape=(-1,)), dim=0)
        return ops.mul(ops.conj(ops.reshape(others, shape=tuple(input.shape))), g)
    return ops.mul(ops.conj(ops.product_of_others(input, dim=dim)), _kept(ops, g, input, dim, keepdim))


@op(
    infer=lambda input, *, dim: spec(input.shape, input.dtype),
    saves=("input",),
    namespaces=(),
    samples=calls(Sample(T(3, 4), dim=1)),
)
def product_of_others(xp, input, *, dim):
    """For each element the product of all others along a dimension: right also where elements are zero."""
    at = dim % input.ndim
    x = xp.swapaxes(input, at, -1)
    ones = xp.ones_like(x[..., :1])
    before = xp.cumprod(xp.concatenate([ones, x[..., :-1]], axis=-1), axis=-1)
    after = xp.cumprod(xp.concatenate([ones, x[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return xp.array(xp.swapaxes(before * after, at, -1), order="C")


@product_of_others.vjp("input")
def _(ops, g, out, input, *, dim):
    size, parts = input.shape[dim], []
    for i in range(size):
        without = [ops.slice(input, dim=dim, start=0, end=i), ops.slice(input, dim=dim, start=i + 1, end=None)]
        mine = ops.mul(
            ops.conj(ops.product_of_others(ops.cat(without, dim=dim), dim=dim)),
            ops.slice(g, dim=dim, start=i, end=i + 1),
        )
        zero = ops.mul(ops.slice(g, dim=dim, start=i, end=i + 1), 0)
        left, right = ops.slice(mine, dim=dim, start=0, end=i), ops.slice(mine, dim=dim, start=i, end=None)
        parts.append(ops.cat([left, zero, right], dim=dim))
    total = parts[0]
    for part in parts[1:]:
        total = ops.add(total, part)
    return total


def _variance_spec(input, *, dim=None, correction=1, keepdim=False):
    reduced = rules.reduced_spread(input, dim=dim, keepdim=keepdim)
    return spec(reduced.shape, reduced.dtype.to_real())


@op(infer=_variance_spec, saves=("input",), samples=reductions())
def var(xp, input, *, dim=None, correction=1, keepdim=False):
    """The variance: squared deviations over (count - correction)."""
    axes = reduced_dims(dim, input.ndim)
    centred = input - xp.mean(input, axis=axes, keepdims=True)
    squares = (centred * xp.conj(centred)).real if input.dtype.kind == "c" else centred * centred
    scale = max(_count(input, dim) - correction, 0)
    return xp.sum(squares, axis=axes, keepdims=keepdim) / xp.asarray(scale, squares.dtype)


@var.vjp("input")
def _(ops, g, out, input, *, dim=None, correction=1, keepdim=False):
    scale = _count(input, dim) - correction
    centred = ops.sub(input, ops.mean(input, dim=dim, keepdim=True))
    return ops.mul(ops.mul(centred, _kept(ops, g, input, dim, keepdim)), 2 / scale if scale > 0 else float("nan"))


@op(infer=_variance_spec, saves=("input", "out"), samples=reductions())
def std(xp, input, *, dim=None, correction=1, keepdim=False):
    """The standard deviation: the root of the variance."""
    return xp.sqrt(var.kernel(xp, input, dim=dim, correction=correction, keepdim=keepdim))


@std.vjp("input")
def _(ops, g, out, input, *, dim=None, correction=1, keepdim=False):
    scale = _count(input, dim) - correction
    centred = ops.sub(input, ops.mean(input, dim=dim, keepdim=True))
    slope = ops.where(ops.eq(out, 0), 0, ops.div(g, ops.mul(out, scale if scale > 0 else float("nan"))))
    return ops.mul(centred, _kept(ops, slope, input, dim, keepdim))


def _moments_spec(input, *, dim=None, correction=1, keepdim=False):
    return (
        _variance_spec(input, dim=dim, correction=correction, keepdim=keepdim),
        rules.reduced_spread(input, dim=dim, keepdim=keepdim),
    )


@op(infer=_moments_spec, saves=("input",), samples=reductions())
def var_mean(xp, input, *, dim=None, correction=1, keepdim=False):
    """The variance and the mean."""
    mean_ = xp.mean(input, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)
    return var.kernel(xp, input, dim=dim, correction=correction, keepdim=keepdim), mean_


@var_mean.vjp("input")
def _(ops, g, out, input, *, dim=None, correction=1, keepdim=False):
    count = _count(input, dim)
    scale = count - correction
    centred = ops.sub(input, ops.mean(input, dim=dim, keepdim=True))
    spread = ops.mul(ops.mul(centred, _kept(ops, g[0], input, dim, keepdim)), 2 / scale if scale > 0 else float("nan"))
    return ops.add(spread, _kept(ops, ops.mul(g[1], 1 / count), input, dim, keepdim))


@op(infer=_moments_spec, saves=("input", "out[0]"), samples=reductions())
def std_mean(xp, input, *, dim=None, correction=1, keepdim=False):
    """The standard deviation and the mean."""
    variance, mean_ = var_mean.kernel(xp, input, dim=dim, correction=correction, keepdim=keepdim)
    return xp.sqrt(variance), mean_


@std_mean.vjp("input")
def _(ops, g, out, input, *, dim=None, correction=1, keepdim=False):
    count = _count(input, dim)
    scale = count - correction
    centred = ops.sub(input, ops.mean(input, dim=dim, keepdim=True))
    slope = ops.where(ops.eq(out[0], 0), 0, ops.div(g[0], ops.mul(out[0], scale if scale > 0 else float("nan"))))
    spread = ops.mul(centred, _kept(ops, slope, input, dim, keepdim))
    return ops.add(spread, _kept(ops, ops.mul(g[1], 1 / count), input, dim, keepdim))


@op(infer=rules.reduced_sum, promote=_sum_cast, saves=("input",), samples=reductions())
def nansum(xp, input, *, dim=None, keepdim=False, dtype=None):
    """The sum of the elements that are not NaN."""
    kept = xp.where(xp.isnan(input), 0, input) if input.dtype.kind in "fc" else input
    return xp.sum(kept, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)


@nansum.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False, dtype=None):
    return ops.where(ops.isnan(input), 0, _spread(ops, g, input, dim, keepdim))


@op(infer=rules.reduced_float, saves=("input",), samples=reductions())
def nanmean(xp, input, *, dim=None, keepdim=False, dtype=None):
    """The mean of the elements that are not NaN."""
    axes = reduced_dims(dim, input.ndim)
    valid = ~xp.isnan(input)
    total = xp.sum(xp.where(valid, input, 0), axis=axes, keepdims=keepdim)
    return total / xp.sum(valid, axis=axes, keepdims=keepdim).astype(total.dtype)


@nanmean.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False, dtype=None):
    valid = ops.logical_not(ops.isnan(input))
    count = ops.sum(ops.to(valid, dtype=ops.dtype(g)), dim=dim, keepdim=True)
    return ops.where(valid, ops.div(_kept(ops, g, input, dim, keepdim), count), 0)


@op(
    infer=lambda input, *, dim=None: spec(reduced_shape(input.shape, dim, False), dtypes.int64),
    differentiable=False,
    samples=calls(Sample(T(3, 4)), Sample(T(3, 4), dim=1), Sample(T(2, 3, 4), dim=(0, 2))),
)
def count_nonzero(xp, input, *, dim=None):
    """How many elements are not zero."""
    return xp.sum(input != 0, axis=reduced_dims(dim, input.ndim))


@op(infer=rules.reduced_bool, differentiable=False, samples=reductions(-1, 2))
def all(xp, input, *, dim=None, keepdim=False):
    """Whether every element is not zero."""
    return xp.all(input != 0, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)


@op(infer=rules.reduced_bool, differentiable=False, samples=reductions(-1, 2))
def any(xp, input, *, dim=None, keepdim=False):
    """Whether some element is not zero."""
    return xp.any(input != 0, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)


def _lse_spec(input, *, dim=None, keepdim=False):
    dtype = input.dtype if input.dtype.category >= FLOAT else dtypes.default_dtype()
    return spec(reduced_shape(input.shape, dim, keepdim), dtype)


@op(
    infer=_lse_spec,
    promote=lambda input, **attrs: [_lse_spec(input).dtype],
    saves=("input", "out"),
    samples=calls(Sample(T(3, 4), dim=1), Sample(T(2, 3, 4), dim=(0, 2), keepdim=True), Sample(T(5), dim=0)),
)
def logsumexp(xp, input, *, dim=None, keepdim=False):
    """The logarithm of the sum of exponentials, without overflow."""
    axes = reduced_dims(dim, input.ndim)
    top = xp.max(input.real, axis=axes, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0)
    total = xp.log(xp.sum(xp.exp(input - top), axis=axes, keepdims=True)) + top
    return total if keepdim else total.reshape(reduced_shape(input.shape, dim, False))


@logsumexp.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False):
    weights = ops.conj(ops.exp(ops.sub(input, _kept(ops, out, input, dim, keepdim))))
    return ops.mul(weights, _kept(ops, g, input, dim, keepdim))
