"""index_reduce: slices combined at positions of a dimension, by the rules of scatter_reduce."""

from teletensor_core.dtypes import int64
from teletensor_core.errors import ArgumentError
from teletensor_core.ops.scattering import scatter_reduce
from teletensor_core.registry import op
from teletensor_core.rules import domains, indexing, normalize_dim
from teletensor_core.samples import Sample, T

_REDUCTIONS = ("prod", "mean", "amax", "amin")


def _spec(input, index, source, *, dim, reduce, include_self=True):
    if reduce not in _REDUCTIONS:
        raise ArgumentError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    domains.require(input.dtype, domains.INTEGERS, domains.FLOATS)
    return indexing.index_reduce(input, index, source, dim=dim)


def _samples():
    index = T(5, dtype=int64, low=0, high=3, grad=False)
    for reduce in _REDUCTIONS:
        for include_self in (True, False):
            attrs = {"dim": 0, "reduce": reduce, "include_self": include_self}
            yield Sample(T(4, 2, unique=True), index, T(5, 2, unique=True), **attrs)
    two = T(2, dtype=int64, low=0, high=4, grad=False)
    yield Sample(T(3, 4), two, T(3, 2), dim=-1, reduce="mean")
    yield Sample(T(3), T(0, dtype=int64, low=0, high=1, grad=False), T(0), dim=0, reduce="prod")


@op(
    infer=_spec,
    saves=("input", "index", "source", "out"),
    inplace=True,
    grad_name="IndexReduce",
    samples=_samples,
)
def index_reduce(xp, input, index, source, *, dim, reduce, include_self=True):
    """`input` combined with slices of `source` at positions of one dimension: prod, mean, amax or amin.

    Without `include_self`, slices that something is combined with do not count themselves.
    """
    rows, (at, _) = source.reshape(source.shape or (1,)), _spread(input.shape, source.shape, dim)
    each = xp.broadcast_to(index.reshape(at), rows.shape)
    return scatter_reduce.kernel(xp, input, each, rows, reduce=reduce, dim=dim, include_self=include_self)


def _spread(input, source, dim):
    """The shape of an index that has a number for each slice, and that of an index with one for each element."""
    at = normalize_dim(dim, len(input))
    shape = tuple(source) or (1,)
    return tuple(-1 if d == at else 1 for d in range(len(shape))), shape


@index_reduce.vjp("input", "source")
def _(ops, g, out, input, index, source, *, dim, reduce, include_self=True, needs):
    at, shape = _spread(input.shape, source.shape, dim)
    each = ops.expand(ops.reshape(index, shape=at), size=shape)
    rows = ops.reshape(source, shape=shape)
    attrs = {"reduce": reduce, "dim": dim, "include_self": include_self, "needs": needs}
    to_input, to_rows = scatter_reduce.joint_vjp(ops, g, out, input, each, rows, **attrs)
    return to_input, ops.reshape(to_rows, shape=tuple(source.shape))
