"""Whole slices of a dimension, named by an index tensor."""

from teletensor_core.dtypes import int64
from teletensor_core.kernels.casting import fitted
from teletensor_core.kernels.scatter import IN_SELF, add_at, check_positive, in_dimension, key_on_dim
from teletensor_core.registry import op
from teletensor_core.rules import domains, indexing, normalize_dim
from teletensor_core.samples import Sample, T, calls


def _i(*shape, high):
    return T(*shape, dtype=int64, low=0, high=high, grad=False)


@op(
    infer=indexing.index_select,
    opmath=False,
    saves=("index",),
    samples=calls(
        Sample(T(3, 4), _i(5, high=3), dim=0),
        Sample(T(3, 4), _i(2, high=4), dim=-1),
        Sample(T(3, 4), _i(high=3), dim=0),
        Sample(T(3, 4), _i(0, high=4), dim=1),
        Sample(T(), _i(1, high=1), dim=0),
    ),
)
def index_select(xp, input, index, *, dim):
    """Whole slices at positions of one dimension."""
    check_positive(xp, index, input.shape[dim] if input.ndim else 1, IN_SELF)
    if not input.ndim:
        return xp.array(input)
    return xp.take(input, index.reshape(-1), axis=dim)


@index_select.vjp("input")
def _(ops, g, out, input, index, *, dim):
    if not input.shape:
        return g
    at = normalize_dim(dim, len(input.shape))
    positions = tuple(0 if d == at else None for d in range(len(input.shape)))
    return ops.index_backward(g, [ops.reshape(index, shape=(-1,))], shape=tuple(input.shape), positions=positions)


def _row_op(**more):
    return {"opmath": False, "saves": ("index",), "inplace": True} | more


def _lifted(x):
    """0-d arrays as arrays of one element."""
    return x.reshape(-1) if hasattr(x, "ndim") and not x.ndim else x


@op(
    **_row_op(
        infer=indexing.index_add,
        samples=calls(
            Sample(T(3, 4), _i(5, high=3), T(5, 4), dim=0),
            Sample(T(3, 4), _i(2, high=4), T(3, 2), dim=-1, alpha=2),
            Sample(T(3), _i(2, high=3), T(2), dim=0),
        ),
    )
)
def index_add(xp, input, index, source, *, dim, alpha=1):
    """`input` with `alpha * source` added at positions of one dimension, counting duplicates."""
    out = xp.array(input, order="C")
    return _add_rows(xp, out, index, source, dim, alpha)


def _add_rows(xp, target, index, source, dim, alpha):
    at = dim % max(target.ndim, 1)
    check_positive(xp, index, target.shape[at] if target.ndim else 1, in_dimension(at))
    source = source if alpha == 1 else source * alpha
    whole = _lifted(target)
    return add_at(xp, whole, key_on_dim(index.reshape(-1), at), _lifted(source)).reshape(target.shape)


@index_add.vjp("input")
def _(ops, g, out, input, index, source, *, dim, alpha=1):
    return g


@index_add.vjp("source")
def _(ops, g, out, input, index, source, *, dim, alpha=1):
    grad = ops.reshape(ops.index_select(g, index, dim=dim), shape=tuple(source.shape))
    return grad if alpha == 1 else ops.mul(grad, alpha)


@op(
    **_row_op(
        infer=indexing.index_copy,
        samples=calls(
            Sample(T(5, 4), T(2, dtype=int64, low=0, high=5, unique=True, grad=False), T(2, 4), dim=0),
            Sample(T(3, 4), T(2, dtype=int64, low=0, high=4, unique=True, grad=False), T(3, 2), dim=-1),
        ),
    )
)
def index_copy(xp, input, index, source, *, dim):
    """`input` with slices of `source` written at positions of one dimension."""
    out = xp.array(input, order="C")
    _set_rows(xp, out, index, source, dim, "index_copy_(): ")
    return out


def _set_rows(xp, target, index, source, dim, who=""):
    at = dim % max(target.ndim, 1)
    check_positive(xp, index, target.shape[at] if target.ndim else 1, who + in_dimension(at))
    _lifted(target)[key_on_dim(index.reshape(-1), at)] = fitted(source, target.dtype)


@index_copy.write_inplace
def _(xp, input, index, source, *, dim):
    _set_rows(xp, input, index, source, dim, "index_copy_(): ")


@index_copy.vjp("input")
def _(ops, g, out, input, index, source, *, dim):
    return ops.index_fill(g, index, 0, dim=dim)


@index_copy.vjp("source")
def _(ops, g, out, input, index, source, *, dim):
    return ops.reshape(ops.index_select(g, index, dim=dim), shape=tuple(source.shape))


@op(
    **_row_op(
        infer=indexing.index_fill,
        promote=lambda input, index, value, *, dim: [None, None, None if domains.is_number(value) else input.dtype],
        samples=calls(Sample(T(3, 4), _i(2, high=3), 2, dim=0), Sample(T(3, 4), _i(2, high=4), T(), dim=-1)),
    )
)
def index_fill(xp, input, index, value, *, dim):
    """`input` with one value at positions of one dimension."""
    out = xp.array(input, order="C")
    _set_rows(xp, out, index, value, dim)
    return out


@index_fill.write_inplace
def _(xp, input, index, value, *, dim):
    _set_rows(xp, input, index, value, dim)


@index_fill.vjp("input")
def _(ops, g, out, input, index, value, *, dim):
    return ops.index_fill(g, index, 0, dim=dim)


@index_fill.vjp("value")
def _(ops, g, out, input, index, value, *, dim):
    return ops.sum(ops.sub(g, ops.index_fill(g, index, 0, dim=dim)))
