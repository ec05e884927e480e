"""Running sums, products and extremes."""

from teletensor_core import rules
from teletensor_core.dtypes import int64
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import along_dim
from teletensor_core.spec import spec


def _scan_spec(input, *, dim, dtype=None):
    rules.normalize_dim(dim, input.ndim)
    return spec(input.shape, rules.sum_dtype(input.dtype, dtype))


_scan: Family = {
    "infer": _scan_spec,
    "promote": lambda input, *, dim, dtype=None: [rules.sum_dtype(input.dtype, dtype)],
}


@op(**_scan, inplace=True, samples=along_dim())
def cumsum(xp, input, *, dim, dtype=None):
    """The sum of all elements so far along a dimension."""
    return xp.cumsum(input, axis=dim) if input.ndim else input.copy()


@cumsum.vjp("input")
def _(ops, g, out, input, *, dim, dtype=None):
    return ops.flip(ops.cumsum(ops.flip(g, dims=(dim,)), dim=dim), dims=(dim,)) if input.ndim else g


@op(**_scan, saves=("input",), inplace=True, samples=along_dim(low=0.3))
def cumprod(xp, input, *, dim, dtype=None):
    """The product of all elements so far along a dimension."""
    return xp.cumprod(input, axis=dim) if input.ndim else input.copy()


@cumprod.vjp("input")
def _(ops, g, out, input, *, dim, dtype=None):
    """The sum over later positions j of g_j times the product of all elements up to j but its own: right for zeros."""
    if not input.ndim:
        return g
    size, parts = input.shape[dim], []
    for i in range(size):
        before = ops.prod(ops.slice(input, dim=dim, start=0, end=i), dim=dim, keepdim=True)
        rest = ops.slice(input, dim=dim, start=i + 1, end=None)
        ones = ops.full(1, shape=tuple(before.shape), dtype=ops.dtype(before))
        products = ops.mul(before, ops.cumprod(ops.cat([ones, rest], dim=dim), dim=dim))
        later = ops.slice(g, dim=dim, start=i, end=None)
        parts.append(ops.sum(ops.mul(later, ops.conj(products)), dim=dim, keepdim=True))
    return ops.cat(parts, dim=dim)


@domains.real
def _running_spec(input, *, dim):
    rules.normalize_dim(dim, input.ndim)
    return rules.same(input), spec(input.shape, int64)


def _running(xp, function, input, dim):
    """Running extremes with the index of each: the latest position that equals it."""
    if not input.ndim:
        return input.copy(), xp.zeros((), "q")
    values = function(input, dim)
    at = dim % input.ndim
    positions = xp.arange(input.shape[at]).reshape((-1,) + (1,) * (input.ndim - 1 - at))
    here = (input == values) | (input != input)
    return values, xp.running_max(xp.where(here, positions, 0), dim)


@op(infer=_running_spec, saves=("out[1]",), samples=along_dim(unique=True))
def cummax(xp, input, *, dim):
    """The greatest element so far along a dimension, and its index."""
    return _running(xp, xp.running_max, input, dim)


@op(infer=_running_spec, saves=("out[1]",), samples=along_dim(unique=True))
def cummin(xp, input, *, dim):
    """The least element so far along a dimension, and its index."""
    return _running(xp, xp.running_min, input, dim)


def _to_sources(ops, g, out, input, *, dim):
    if not input.ndim:
        return g[0]
    zeros = ops.zeros(shape=tuple(input.shape), dtype=ops.dtype(g[0]))
    return ops.scatter_add(zeros, out[1], g[0], dim=dim)


cummax.vjp("input")(_to_sources)
cummin.vjp("input")(_to_sources)


@op(
    infer=domains.continuous(lambda input, *, dim: rules.same(_checked(input, dim))),
    saves=("input", "out"),
    samples=along_dim(),
)
def logcumsumexp(xp, input, *, dim):
    """The logarithm of the running sum of exponentials."""
    if not input.ndim:
        return input.copy()
    top = xp.max(input.real, axis=dim, keepdims=True)
    return xp.log(xp.cumsum(xp.exp(input - top), axis=dim)) + top


def _checked(input, dim):
    rules.normalize_dim(dim, input.ndim)
    return input


@logcumsumexp.vjp("input")
def _(ops, g, out, input, *, dim):
    if not input.ndim:
        return g
    weighted = ops.mul(g, ops.exp(ops.neg(ops.conj(out))))
    later = ops.flip(ops.cumsum(ops.flip(weighted, dims=(dim,)), dim=dim), dims=(dim,))
    return ops.mul(later, ops.exp(ops.conj(input)))
