"""Greatest and least elements, and where they are."""

from functools import partial

from teletensor_core import rules
from teletensor_core.dtypes import int64
from teletensor_core.errors import DimensionError, ShapeError
from teletensor_core.registry import op
from teletensor_core.rules import domains, normalize_dim, reduced_dims, reduced_shape
from teletensor_core.samples import Sample, T, along_dim, calls, reductions
from teletensor_core.spec import spec


def _kept(ops, x, like, dim, keepdim):
    if keepdim or not like.ndim:
        return x
    return ops.reshape(x, shape=reduced_shape(tuple(like.shape), dim, True))


def _extreme_spec(input, *, dim=None, keepdim=False):
    domains.require(input.dtype, domains.BOOLS, domains.INTEGERS, domains.FLOATS)
    dims = rules.normalize_dims(dim, input.ndim)
    for d in dims:
        if input.shape[d] == 0:
            raise DimensionError(
                f"Expected reduction dim {d} to have non-zero size: the tensor has {list(input.shape)}"
            )
    return rules.reduced(input, dim=dim, keepdim=keepdim)


def _along_spec(input, *, dim, keepdim=False):
    values = _extreme_spec(input, dim=dim, keepdim=keepdim)
    return values, spec(values.shape, int64)


def _ordered_spec(input, *, dim, keepdim=False):
    """Of what sorts: it is not defined for bools."""
    domains.require(input.dtype, domains.INTEGERS, domains.FLOATS)
    return _along_spec(input, dim=dim, keepdim=keepdim)


def _middle_spec(input):
    domains.require(input.dtype, domains.INTEGERS, domains.FLOATS)
    return _whole("median", input)


def _whole(name, input):
    domains.require(input.dtype, domains.BOOLS, domains.INTEGERS, domains.FLOATS)
    if input.numel == 0:
        raise ShapeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with "
            "the 'dim' argument."
        )
    return spec((), input.dtype)


def _share_evenly(ops, g, out, input, *, dim=None, keepdim=False):
    """The gradient of an extreme: equal elements share it."""
    ties = ops.eq(input, _kept(ops, out, input, dim, keepdim))
    ties = ops.to(ties, dtype=ops.dtype(g))
    count = ops.sum(ties, dim=dim, keepdim=True) if input.ndim else ties
    return ops.mul(ops.div(ties, count), _kept(ops, g, input, dim, keepdim))


@op(infer=_extreme_spec, saves=("input", "out"), samples=reductions(unique=True))
def amax(xp, input, *, dim=None, keepdim=False):
    """The greatest element; equal ones share the gradient."""
    return xp.max(input, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)


@op(infer=_extreme_spec, saves=("input", "out"), samples=reductions(unique=True))
def amin(xp, input, *, dim=None, keepdim=False):
    """The least element; equal ones share the gradient."""
    return xp.min(input, axis=reduced_dims(dim, input.ndim), keepdims=keepdim)


@op(
    infer=partial(_whole, "max"),
    saves=("input", "out"),
    namespaces=(),
    grad_name="MaxBackward1",
    samples=calls(Sample(T(3, 4)), Sample(T())),
)
def max_all(xp, input):
    """The greatest of all elements."""
    return xp.max(input)


@op(
    infer=partial(_whole, "min"),
    saves=("input", "out"),
    namespaces=(),
    grad_name="MinBackward1",
    samples=calls(Sample(T(3, 4)), Sample(T())),
)
def min_all(xp, input):
    """The least of all elements."""
    return xp.min(input)


for _op in (amax, amin, max_all, min_all):
    _op.vjp("input")(_share_evenly)


def _take(xp, input, indices, dim, keepdim):
    """The elements at indices that have the reduced dimension kept; both without it unless asked for."""
    values = xp.take_along_axis(input, indices, axis=dim)
    return (values, indices) if keepdim else (xp.squeeze(values, axis=dim), xp.squeeze(indices, axis=dim))


def _put_back(ops, g, out, input, *, dim, keepdim=False):
    """The gradient of picked values: back to where they were picked."""
    if not input.ndim:
        return g[0]
    grad, indices = _kept(ops, g[0], input, dim, keepdim), _kept(ops, out[1], input, dim, keepdim)
    return ops.scatter_add(ops.zeros(shape=tuple(input.shape), dtype=ops.dtype(grad)), indices, grad, dim=dim)


@op(infer=_along_spec, saves=("out[1]",), namespaces=(), grad_name="Max", samples=along_dim(unique=True))
def max_dim(xp, input, *, dim, keepdim=False):
    """The greatest elements along a dimension, and their (first) indices."""
    if not input.ndim:
        return input.copy(), xp.zeros((), "q")
    return _take(xp, input, xp.expand_dims(xp.argmax(input, axis=dim), dim), dim, keepdim)


@op(infer=_along_spec, saves=("out[1]",), namespaces=(), grad_name="Min", samples=along_dim(unique=True))
def min_dim(xp, input, *, dim, keepdim=False):
    """The least elements along a dimension, and their (first) indices."""
    if not input.ndim:
        return input.copy(), xp.zeros((), "q")
    return _take(xp, input, xp.expand_dims(xp.argmin(input, axis=dim), dim), dim, keepdim)


def _arg_spec(input, *, dim=None, keepdim=False):
    domains.require(input.dtype, domains.INTEGERS, domains.FLOATS)
    return rules.arg_reduced(input, dim=dim, keepdim=keepdim)


_arg_samples = calls(
    Sample(T(3, 4, unique=True)),
    Sample(T(3, 4, unique=True), dim=1),
    Sample(T(2, 3, unique=True), dim=0, keepdim=True),
    Sample(T()),
)


@op(infer=_arg_spec, differentiable=False, samples=_arg_samples)
def argmax(xp, input, *, dim=None, keepdim=False):
    """The index of the greatest element, the first of equal ones."""
    return _arg(xp, xp.argmax, input, dim, keepdim)


@op(infer=_arg_spec, differentiable=False, samples=_arg_samples)
def argmin(xp, input, *, dim=None, keepdim=False):
    """The index of the least element, the first of equal ones."""
    return _arg(xp, xp.argmin, input, dim, keepdim)


def _arg(xp, function, input, dim, keepdim):
    found = function(input, axis=dim) if input.ndim else xp.zeros((), "q")
    return xp.asarray(found).reshape(reduced_shape(input.shape, dim, True)) if keepdim else found


def _aminmax_spec(input, *, dim=None, keepdim=False):
    rules.one_dim(dim)
    return (_extreme_spec(input, dim=dim, keepdim=keepdim),) * 2


@op(
    infer=_aminmax_spec,
    saves=("input", "out"),
    samples=calls(Sample(T(3, 4, unique=True)), Sample(T(3, 4, unique=True), dim=1, keepdim=True)),
)
def aminmax(xp, input, *, dim=None, keepdim=False):
    """The least and the greatest element."""
    return xp.min(input, axis=dim, keepdims=keepdim), xp.max(input, axis=dim, keepdims=keepdim)


@aminmax.vjp("input")
def _(ops, g, out, input, *, dim=None, keepdim=False):
    low, high = (_share_evenly(ops, g[i], out[i], input, dim=dim, keepdim=keepdim) for i in (0, 1))
    return ops.add(low, high)


@op(
    infer=_middle_spec,
    saves=("input", "out"),
    namespaces=(),
    grad_name="Median",
    samples=calls(Sample(T(3, 4, unique=True)), Sample(T(5, unique=True))),
)
def median_all(xp, input):
    """The lower median of all elements."""
    flat = xp.sort(input.reshape(-1))
    middle = flat[(flat.shape[0] - 1) // 2]
    return xp.where(xp.isnan(flat[-1]), flat[-1], middle) if flat.dtype.kind == "f" else middle


median_all.vjp("input")(_share_evenly)


@op(infer=_ordered_spec, saves=("out[1]",), namespaces=(), grad_name="Median", samples=along_dim(unique=True))
def median_dim(xp, input, *, dim, keepdim=False):
    """The lower medians along a dimension, and their indices."""
    return kthvalue.kernel(xp, input, k=(input.shape[dim] + 1) // 2 if input.ndim else 1, dim=dim, keepdim=keepdim)


def _kth_spec(input, *, k, dim=-1, keepdim=False):
    size = input.shape[normalize_dim(dim, input.ndim)] if input.ndim else 1
    if not 1 <= k <= size:
        if size == 0:
            raise DimensionError(
                f"kthvalue(): Expected reduction dim {normalize_dim(dim, input.ndim)} to have non-zero size."
            )
        raise DimensionError(f"kthvalue(): selected number k out of range for dimension {dim}: k={k}, size {size}")
    return _ordered_spec(input, dim=dim, keepdim=keepdim)


@op(
    infer=_kth_spec,
    saves=("out[1]",),
    samples=calls(Sample(T(3, 4, unique=True), k=2), Sample(T(3, 4, unique=True), k=1, dim=0, keepdim=True)),
)
def kthvalue(xp, input, *, k, dim=-1, keepdim=False):
    """The k-th least elements along a dimension, and their indices."""
    if not input.ndim:
        return input.copy(), xp.zeros((), "q")
    order = xp.stable_argsort(input, dim)
    at = (slice(None),) * (dim % input.ndim) + (slice(k - 1, k),)
    return _take(xp, input, xp.array(order[at], order="C"), dim, keepdim)


@kthvalue.vjp("input")
def _(ops, g, out, input, *, k, dim=-1, keepdim=False):
    return _put_back(ops, g, out, input, dim=dim, keepdim=keepdim)


for _op in (max_dim, min_dim, median_dim):
    _op.vjp("input")(_put_back)
