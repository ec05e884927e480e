"""gather and scatter: one position along a dimension for every element of an index."""

from teletensor_core.dtypes import int64
from teletensor_core.errors import ArgumentError
from teletensor_core.kernels.casting import fitted
from teletensor_core.kernels.scatter import add_at, check_positive, in_dimension, key_along, sum_at
from teletensor_core.registry import op
from teletensor_core.rules import domains, indexing
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _i(*shape, high):
    return T(*shape, dtype=int64, low=0, high=high, grad=False)


def _flat(x):
    """0-d arrays as arrays of one element."""
    return x if x.ndim else x.reshape(1)


@op(
    infer=indexing.gather,
    opmath=False,
    saves=("index",),
    samples=calls(
        Sample(T(3, 4), _i(3, 2, high=4), dim=1),
        Sample(T(3, 4), _i(5, 4, high=3), dim=0),
        Sample(T(3, 4), _i(2, 3, high=4), dim=-1),
        Sample(T(4), _i(6, high=4), dim=0),
        Sample(T(), _i(high=1), dim=0),
        Sample(T(3, 4), _i(0, 2, high=4), dim=1),
    ),
)
def gather(xp, input, index, *, dim):
    """Elements at positions along a dimension, one position per element of `index`."""
    whole, at = _flat(input), _flat(index)
    if not index.size:
        return xp.empty(index.shape, input.dtype)
    dim %= whole.ndim
    check_positive(xp, at, whole.shape[dim], in_dimension(dim))
    rows = whole[tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(at.shape))]
    return xp.take_along_axis(rows, at, axis=dim).reshape(index.shape)


@gather.vjp("input")
def _(ops, g, out, input, index, *, dim):
    return ops.gather_backward(g, index, shape=tuple(input.shape), dim=dim)


@op(infer=lambda g, index, *, shape, dim: spec(shape, g.dtype), opmath=False, saves=("index",), namespaces=())
def gather_backward(xp, g, index, *, shape, dim):
    """Zeros of `shape` with `g` added at positions along a dimension, counting duplicates."""
    if not index.size:
        return xp.zeros(shape, g.dtype)
    at = _flat(index)
    return sum_at(xp, shape or (1,), key_along(xp, at, dim % at.ndim), _flat(g)).reshape(shape)


@gather_backward.vjp("g")
def _(ops, g, out, g_, index, *, shape, dim):
    return ops.gather(g, index, dim=dim)


def _scattering(**more):
    return {"opmath": False, "saves": ("index",), "inplace": True} | more


def _parts(xp, target, index, src, dim):
    """The target as it can be indexed, the key, and the part of `src` that the index covers."""
    whole, at = _flat(target), _flat(index)
    dim %= whole.ndim
    check_positive(xp, at, whole.shape[dim], in_dimension(dim))
    src = fitted(src, target.dtype)
    if hasattr(src, "ndim") and src.ndim:
        src = src[tuple(slice(n) for n in at.shape)]
    return whole, key_along(xp, at, dim), src


def _reduce_spec(input, index, src, *, dim, reduce=None):
    if reduce not in (None, "add", "multiply"):
        raise ArgumentError(f"reduce argument must be either add or multiply, got {reduce!r}")
    return indexing.scatter(input, index, src, dim=dim)


_UNIQUE = T(2, 4, dtype=int64, low=0, high=1, grad=False)


@op(
    **_scattering(
        infer=_reduce_spec,
        samples=calls(
            Sample(T(3, 1), _i(1, 1, high=3), T(1, 1), dim=0),
            Sample(T(3, 4), _UNIQUE, 2, dim=1),
            Sample(T(4), T(3, dtype=int64, low=0, high=4, unique=True, grad=False), T(3), dim=0),
            Sample(T(3, 4), _i(2, 4, high=3), T(3, 4), dim=0, reduce="add"),
            Sample(T(3), _i(0, high=3), T(2), dim=0),
            Sample(T(), _i(high=1), T(), dim=0),
        ),
    )
)
def scatter(xp, input, index, src, *, dim, reduce=None):
    """`input` with elements of `src`, or one number, written at positions along a dimension.

    `reduce` "add" or "multiply" combines them with what is there.
    """
    out = xp.array(input, order="C")
    return _scatter_into(xp, out, index, src, dim, reduce) if index.size else out


def _scatter_into(xp, out, index, src, dim, reduce):
    whole, key, src = _parts(xp, out, index, src, dim)
    if reduce == "add":
        return add_at(xp, whole, key, _spread(xp, src, key, whole)).reshape(out.shape)
    if reduce == "multiply":
        xp.scatter_mul(whole, key, _spread(xp, src, key, whole))
    else:
        whole[key] = src
    return whole.reshape(out.shape)


def _spread(xp, src, key, whole):
    return src if hasattr(src, "ndim") else xp.asarray(src, dtype=whole.dtype)


@scatter.vjp("input")
def _(ops, g, out, input, index, src, *, dim, reduce=None):
    return {None: lambda: ops.scatter(g, index, 0, dim=dim), "add": lambda: g}.get(reduce, lambda: None)()


@scatter.vjp("src")
def _(ops, g, out, input, index, src, *, dim, reduce=None):
    return None if reduce == "multiply" else _source_grad(ops, g, index, src, dim)


def _source_grad(ops, g, index, src, dim):
    """What flows back to `src`: zeros where the index did not reach."""
    if not hasattr(src, "shape"):
        return None
    grad = ops.gather(g, index, dim=dim)
    if tuple(src.shape) == tuple(index.shape):
        return grad
    if len(src.shape) != len(index.shape):
        return ops.zeros(shape=tuple(src.shape), dtype=ops.dtype(g))
    pad = [p for n, m in zip(reversed(src.shape), reversed(index.shape), strict=True) for p in (0, n - m)]
    return ops.constant_pad(grad, pad=tuple(pad), value=0)


@op(
    **_scattering(
        infer=indexing.scatter,
        samples=calls(
            Sample(T(3, 4), _i(3, 4, high=4), T(3, 4), dim=1),
            Sample(T(3, 4), _i(5, 2, high=3), T(5, 4), dim=0),
            Sample(T(), _i(high=1), T(), dim=0),
            Sample(T(3), _i(0, high=3), T(2), dim=0),
        ),
    )
)
def scatter_add(xp, input, index, src, *, dim):
    """`input` with elements of `src` added at positions along a dimension, counting duplicates."""
    out = xp.array(input, order="C")
    return _scatter_into(xp, out, index, src, dim, "add") if index.size else out


@scatter_add.vjp("input")
def _(ops, g, out, input, index, src, *, dim):
    return g


@scatter_add.vjp("src")
def _(ops, g, out, input, index, src, *, dim):
    return _source_grad(ops, g, index, src, dim)


# -- scatter_reduce ---------------------------------------------------------------------------------------------------

_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


def _scatter_reduce_spec(input, index, src, *, reduce, dim, include_self=True):
    if reduce not in _REDUCTIONS:
        raise ArgumentError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce!r}")
    if reduce in ("amax", "amin"):
        domains.require(input.dtype, domains.BOOLS, domains.INTEGERS, domains.FLOATS)
    return indexing.scatter(input, index, src, dim=dim)


def _identity(xp, reduce, dtype):
    """The number that leaves every other as it is."""
    if reduce in ("sum", "mean", "prod"):
        return int(reduce == "prod")
    if dtype.kind == "f":
        return float("-inf" if reduce == "amax" else "inf")
    if dtype.kind == "b":
        return reduce == "amin"
    limits = xp.iinfo(dtype)
    return limits.min if reduce == "amax" else limits.max


def _reduce_samples():
    for reduce in _REDUCTIONS:
        for include_self in (True, False):
            yield Sample(
                T(3, 4, unique=True),
                _i(3, 4, high=4),
                T(3, 4, unique=True),
                reduce=reduce,
                dim=1,
                include_self=include_self,
            )
    yield Sample(T(3, 4), _i(2, 3, high=3), T(3, 4), reduce="mean", dim=0)


@op(
    infer=_scatter_reduce_spec,
    saves=("input", "index", "src", "out"),
    inplace=True,
    samples=_reduce_samples,
)
def scatter_reduce(xp, input, index, src, *, reduce, dim, include_self=True):
    """`input` combined with elements of `src` at positions along a dimension: sum, prod, mean, amax or amin.

    Without `include_self`, elements that something is scattered to do not count themselves.
    """
    out = xp.array(input, order="C")
    if not index.size:
        return out
    whole, key, part = _parts(xp, out, index, src, dim)
    if not include_self:
        whole[key] = _identity(xp, reduce, whole.dtype)
    if reduce in ("sum", "mean"):
        whole = add_at(xp, whole, key, part)
    else:
        {"prod": xp.scatter_mul, "amax": xp.scatter_max, "amin": xp.scatter_min}[reduce](whole, key, part)
    if reduce == "mean":
        whole = _divided(xp, whole, key, include_self)
    return whole.reshape(out.shape)


def _divided(xp, total, key, include_self):
    """A sum over the number of its terms; integers round down."""
    count = xp.full(total.shape, int(include_self), "int64")
    xp.scatter_add(count, key, xp.ones((), "int64"))
    count = xp.maximum(count, 1)
    if total.dtype.kind in "fc":
        return total / count.astype(total.dtype)
    return xp.floor_divide(total, count.astype(total.dtype)) if total.dtype.kind != "b" else total


@scatter_reduce.vjp("input", "src")
def _(ops, g, out, input, index, src, *, reduce, dim, include_self=True, needs):
    covered = src if tuple(src.shape) == tuple(index.shape) else _covered(ops, src, index)
    rule = {"sum": _sum_rule, "mean": _mean_rule, "prod": _prod_rule}.get(reduce, _extreme_rule)
    to_input, to_src = rule(ops, g, out, input, index, covered, dim, include_self)
    if not include_self:
        to_input = ops.scatter(to_input, index, 0, dim=dim)
    if tuple(src.shape) != tuple(index.shape):
        pad = [p for n, m in zip(reversed(src.shape), reversed(index.shape), strict=True) for p in (0, n - m)]
        to_src = ops.constant_pad(to_src, pad=tuple(pad), value=0)
    return to_input, to_src


def _covered(ops, src, index):
    for d, n in enumerate(index.shape):
        src = ops.slice(src, dim=d, start=0, end=n, step=1)
    return src


def _sum_rule(ops, g, out, input, index, src, dim, include_self):
    return g, ops.gather(g, index, dim=dim)


def _mean_rule(ops, g, out, input, index, src, dim, include_self):
    dtype = ops.dtype(g)
    count = ops.full(int(include_self), shape=tuple(input.shape), dtype=dtype)
    count = ops.scatter_add(count, index, ops.full(1, shape=tuple(index.shape), dtype=dtype), dim=dim)
    share = ops.div(g, ops.clamp_min(count, 1))
    return share, ops.gather(share, index, dim=dim)


def _extreme_rule(ops, g, out, input, index, src, dim, include_self):
    """The gradient is shared by all that equal the result."""
    dtype = ops.dtype(g)
    own = ops.to(ops.eq(input, out), dtype=dtype)
    theirs = ops.to(ops.eq(src, ops.gather(out, index, dim=dim)), dtype=dtype)
    share = ops.div(g, ops.clamp_min(ops.scatter_add(own, index, theirs, dim=dim), 1))
    return ops.mul(own, share), ops.mul(theirs, ops.gather(share, index, dim=dim))


def _prod_rule(ops, g, out, input, index, src, dim, include_self):
    attrs = {"reduce": "prod", "dim": dim}
    nonzero = ops.masked_fill(input, ops.eq(input, 0), 1)
    others = ops.scatter_reduce(nonzero, index, src, include_self=include_self, **attrs)
    to_input = ops.div(ops.mul(g, others), nonzero)
    zero = ops.eq(src, 0)
    zeros = ops.zeros(shape=tuple(input.shape), dtype=ops.dtype(g))
    count = ops.gather(ops.scatter_add(zeros, index, ops.to(zero, dtype=ops.dtype(g)), dim=dim), index, dim=dim)
    alone = ops.logical_and(zero, ops.eq(count, 1))
    without = ops.scatter_reduce(input, index, ops.masked_fill(src, alone, 1), include_self=include_self, **attrs)
    through = ops.gather(ops.mul(g, without), index, dim=dim)
    usual = ops.div(ops.gather(ops.mul(g, out), index, dim=dim), ops.masked_fill(src, zero, 1))
    return to_input, ops.where(alone, through, usual)
