"""Sorting, and ops whose result's shape depends on data."""

from teletensor_core import rules
from teletensor_core.dtypes import BOOL, COMPLEX, INTEGER, bool_, int64
from teletensor_core.errors import DimensionError, DTypeError, ShapeError, UnsupportedError
from teletensor_core.registry import op
from teletensor_core.rules import normalize_dim
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _sort_spec(input, *, dim=-1, descending=False, stable=False):
    if input.dtype.category == COMPLEX:
        raise DTypeError(f"Sort does not support complex dtypes on CPU, nor elsewhere: got {input.dtype.title}")
    normalize_dim(dim, input.ndim)
    return rules.same(input), spec(input.shape, int64)


def _order(xp, input, dim, descending):
    """Indices that sort, equal elements in their old order; NaN counts as the greatest."""
    if not input.ndim:
        return xp.zeros((), "q")
    if not descending:
        return xp.stable_argsort(input, dim)
    backwards = xp.flip(input, axis=dim)
    size = input.shape[dim]
    return size - 1 - xp.flip(xp.stable_argsort(backwards, dim), axis=dim)


@op(
    infer=_sort_spec,
    saves=("out[1]",),
    samples=calls(
        Sample(T(3, 4, unique=True)),
        Sample(T(3, 4, unique=True), dim=0, descending=True),
        Sample(T(6, low=-1, high=1), stable=True),
        Sample(T()),
    ),
)
def sort(xp, input, *, dim=-1, descending=False, stable=False):
    """The elements in order along a dimension, and where they were."""
    order = _order(xp, input, dim, descending)
    return (xp.take_along_axis(input, order, axis=dim) if input.ndim else input.copy()), order


def _unsort(ops, g, out, input, *, dim=-1, **attrs):
    if not input.ndim:
        return g[0]
    zeros = ops.zeros(shape=tuple(input.shape), dtype=ops.dtype(g[0]))
    return ops.scatter_add(zeros, out[1], g[0], dim=dim)


sort.vjp("input")(_unsort)


@op(
    infer=lambda input, **attrs: _sort_spec(input, **attrs)[1],
    differentiable=False,
    samples=calls(Sample(T(3, 4, unique=True)), Sample(T(3, 4, unique=True), dim=0, descending=True)),
)
def argsort(xp, input, *, dim=-1, descending=False, stable=False):
    """The indices that sort a dimension."""
    return _order(xp, input, dim, descending)


def _topk_spec(input, *, k, dim=-1, largest=True, sorted=True):
    if input.dtype.category in (BOOL, COMPLEX):
        kind = "bool" if input.dtype is bool_ else "complex"
        raise DTypeError(f"topk does not support {kind} dtypes on CPU, nor elsewhere")
    at = normalize_dim(dim, input.ndim)
    size = input.shape[at] if input.ndim else 1
    if not 0 <= k <= size:
        raise DimensionError(f"selected index k out of range: k={k} for dimension {at} of size {size}")
    shape = (*input.shape[:at], k, *input.shape[at + 1 :]) if input.ndim else ()
    return spec(shape, input.dtype), spec(shape, int64)


@op(
    infer=_topk_spec,
    saves=("out[1]",),
    samples=calls(
        Sample(T(3, 5, unique=True), k=2),
        Sample(T(4, 3, unique=True), k=3, dim=0, largest=False),
        Sample(T(5, unique=True), k=5),
    ),
)
def topk(xp, input, *, k, dim=-1, largest=True, sorted=True):
    """The k greatest (or least) elements along a dimension, in order, and their indices."""
    order = _order(xp, input, dim, largest)
    if not input.ndim:
        return input.copy(), order
    first = (slice(None),) * (dim % input.ndim) + (slice(0, k),)
    indices = xp.array(order[first], order="C")
    return xp.take_along_axis(input, indices, axis=dim), indices


topk.vjp("input")(_unsort)


@op(
    infer=lambda input, **attrs: spec((0, input.ndim), int64),
    dynamic=True,
    differentiable=False,
    opmath=False,
    samples=calls(Sample(T(3, 4, low=-1, high=2)), Sample(T(4, dtype=bool_)), Sample(T())),
)
def nonzero(xp, input):
    """The indices of the elements that are not zero, one row each."""
    if not input.ndim:
        return xp.zeros((int(bool(input)), 0), "q")
    return xp.stack(xp.nonzero(input), axis=1)


def _selected_spec(input, mask):
    if mask.dtype is not bool_:
        raise DTypeError(f"masked_select: expected BoolTensor for mask, got {mask.dtype.title}")
    rules.broadcast_shapes(mask.shape, input.shape)
    return spec((0,), input.dtype)


@op(
    infer=_selected_spec,
    dynamic=True,
    opmath=False,
    saves=("mask",),
    samples=calls(Sample(T(3, 4), T(3, 4, dtype=bool_)), Sample(T(3, 4), T(4, dtype=bool_))),
)
def masked_select(xp, input, mask):
    """The elements where the mask holds, in one dimension."""
    shape = rules.broadcast_shapes(input.shape, mask.shape)
    return xp.broadcast_to(input, shape)[xp.broadcast_to(mask, shape)]


@masked_select.vjp("input")
def _(ops, g, out, input, mask):
    shape = rules.broadcast_shapes(tuple(input.shape), tuple(mask.shape))
    zeros = ops.zeros(shape=shape, dtype=ops.dtype(g))
    return ops.masked_scatter(zeros, ops.expand(mask, size=shape), g)


def _unique_spec(input, *, sorted=True, return_inverse=False, return_counts=False, dim=None):
    return spec((0,), input.dtype), spec((0,), int64), spec((0,), int64)


@op(
    infer=_unique_spec,
    dynamic=True,
    differentiable=False,
    namespaces=(),
    samples=calls(Sample(T(3, 4, low=-2, high=2, dtype=int64))),
)
def unique(xp, input, *, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements in order, which of them each element is, and how often each occurs."""
    if dim is None:
        values, inverse, counts = xp.unique(input, return_inverse=True, return_counts=True)
        return values, inverse.reshape(input.shape), counts
    values, inverse, counts = xp.unique(input, return_inverse=True, return_counts=True, axis=dim)
    return values, inverse.reshape(-1), counts


def _bincount_spec(input, weights=None, *, minlength=0):
    if input.ndim != 1:
        raise ShapeError(f"bincount only supports 1-d non-negative integral inputs, got shape {list(input.shape)}")
    if input.dtype.category != INTEGER:
        raise UnsupportedError(f"\"bincount\" not implemented for '{input.dtype.title}', only for integers")
    if weights is not None and weights.shape != input.shape:
        raise ShapeError(f"weights should be 1-d and have the same length as input, got shape {list(weights.shape)}")
    if minlength < 0:
        raise ShapeError(f"minlength should be >= 0, got {minlength}")
    return spec((0,), int64 if weights is None else weights.dtype)


@op(
    infer=_bincount_spec,
    dynamic=True,
    differentiable=False,
    samples=calls(Sample(T(6, dtype=int64, low=0, high=5)), Sample(T(6, dtype=int64, low=0, high=3), minlength=6)),
)
def bincount(xp, input, weights=None, *, minlength=0):
    """How often each non-negative integer occurs, or the sum of its weights."""
    if input.size and int(input.min()) < 0:
        raise ShapeError("bincount only supports 1-d non-negative integral inputs.")
    return xp.bincount(input, weights, minlength)


def _search_spec(sorted_sequence, input, *, right=False):
    return spec(input.shape if hasattr(input, "shape") else (), int64)


@op(
    infer=_search_spec,
    promote=lambda s, v, **attrs: rules.common(s, v),
    differentiable=False,
    namespaces=("torch",),
    samples=calls(Sample(T(6, transform="sorted"), T(2, 3)), Sample(T(6, transform="sorted"), T(4), right=True)),
)
def searchsorted(xp, sorted_sequence, input, *, right=False):
    """Where elements would be inserted into a sorted sequence (or into its rows) to keep it sorted."""
    side = "right" if right else "left"
    if sorted_sequence.ndim == 1:
        return xp.searchsorted(sorted_sequence, xp.asarray(input), side=side)
    below = (
        sorted_sequence[..., None, :] <= input[..., :, None]
        if right
        else sorted_sequence[..., None, :] < input[..., :, None]
    )
    return xp.sum(below, axis=-1)


@op(
    infer=lambda elements, test_elements: rules.as_bool(elements),
    promote=rules.common,
    differentiable=False,
    namespaces=("torch",),
    samples=calls(Sample(T(3, 4, dtype=int64, low=0, high=5), T(3, dtype=int64, low=0, high=5))),
)
def isin(xp, elements, test_elements):
    """Whether each element is among the test elements."""
    return xp.any(elements[..., None] == test_elements.reshape(-1), axis=-1)
