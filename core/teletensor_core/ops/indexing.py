"""Reading and writing at index tensors: `x[i, j]`, take, put, index_select and its in-place relatives, masks."""

from teletensor_core.dtypes import bool_, int64
from teletensor_core.errors import DTypeError
from teletensor_core.kernels.scatter import (
    IN_TENSOR,
    add_at,
    advanced_key,
    check_advanced,
    check_positive,
    in_dimension,
    sum_at,
)
from teletensor_core.registry import TensorList, op
from teletensor_core.rules import indexing, normalize_dim
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _i(*shape, high, low=0):
    return T(*shape, dtype=int64, low=low, high=high, grad=False)


@op(
    infer=indexing.index,
    opmath=False,
    saves=("indices",),
    namespaces=(),
    samples=calls(
        Sample(T(3, 4), [_i(5, high=3)], positions=(0, None)),
        Sample(T(3, 4), [_i(2, 3, high=4, low=-4)], positions=(None, 0)),
        Sample(T(3, 4), [_i(5, high=3), _i(5, high=4)], positions=(0, 1)),
        Sample(T(2, 3, 4), [_i(2, 1, high=2), _i(3, high=4)], positions=(0, None, 1)),
        Sample(T(2, 3, 4), [_i(2, high=3), _i(2, high=4)], positions=(None, 0, 1)),
        Sample(T(3, 2), [_i(0, high=3)], positions=(0, None)),
        Sample(T(3), [_i(high=3)], positions=(0,)),
    ),
)
def index(xp, input, indices: TensorList, *, positions):
    """Elements at index tensors; `positions` says which tensor indexes each dimension, None keeps the dimension."""
    check_advanced(xp, input.shape, indices, positions)
    return input[advanced_key(indices, positions)]


@index.vjp("input")
def _(ops, g, out, input, indices, *, positions):
    return ops.index_backward(g, indices, shape=input.shape, positions=positions)


@op(infer=lambda g, indices, *, shape, positions: spec(shape, g.dtype), opmath=False, saves=("indices",), namespaces=())
def index_backward(xp, g, indices: TensorList, *, shape, positions):
    """Zeros of `shape` with `g` added at index tensors, counting duplicates."""
    return sum_at(xp, shape, advanced_key(indices, positions), g)


@index_backward.vjp("g")
def _(ops, g, out, g_, indices, *, shape, positions):
    return ops.index(g, indices, positions=positions)


@op(
    infer=indexing.index_put,
    promote=lambda input, values, indices, **attrs: [None, input.dtype, None],
    opmath=False,
    saves=("indices",),
    inplace=True,
    namespaces=(),
    samples=calls(
        Sample(T(5, 4), T(4), [T(2, dtype=int64, low=0, high=5, unique=True, grad=False)], positions=(0, None)),
        Sample(T(3, 4), T(5, 4), [_i(5, high=3)], positions=(0, None), accumulate=True),
        Sample(T(3, 4), T(), [_i(2, high=3), _i(2, high=4)], positions=(0, 1)),
        Sample(T(3, 4), 1, [_i(2, high=4, low=-4)], positions=(None, 0)),
    ),
)
def index_put(xp, input, values, indices: TensorList, *, positions, accumulate=False):
    """`input` with values written, or added, at index tensors; `positions` as in `index`."""
    check_advanced(xp, input.shape, indices, positions)
    out = xp.array(input, order="C")
    return _written(xp, out, advanced_key(indices, positions), values, accumulate)


def _written(xp, target, key, values, accumulate):
    if accumulate:
        return add_at(xp, target, key, xp.asarray(values, dtype=target.dtype))
    target[key] = values
    return target


@index_put.write_inplace
def _(xp, input, values, indices, *, positions, accumulate=False):
    check_advanced(xp, input.shape, indices, positions)
    _into(xp, input, _written(xp, input, advanced_key(indices, positions), values, accumulate))


def _into(xp, target, result):
    """Copy a result into its target, unless it was written there already."""
    if result is not target:
        xp.copyto(target, result, casting="unsafe")


@index_put.vjp("input")
def _(ops, g, out, input, values, indices, *, positions, accumulate=False):
    return g if accumulate else ops.index_put(g, 0, indices, positions=positions, accumulate=False)


@index_put.vjp("values")
def _(ops, g, out, input, values, indices, *, positions, accumulate=False):
    grad = ops.index(g, indices, positions=positions)
    return ops.reshape(ops.sum(grad), shape=values.shape) if len(values.shape) > len(grad.shape) else grad


# -- flat positions ---------------------------------------------------------------------------------------------------


@op(
    infer=indexing.take,
    opmath=False,
    saves=("index",),
    samples=calls(
        Sample(T(3, 4), _i(2, 3, high=12, low=-12)), Sample(T(3), _i(high=3)), Sample(T(2, 2), _i(0, high=4))
    ),
)
def take(xp, input, index):
    """Elements at positions of the flattened input, in the index's shape."""
    xp.check_bounds(index, input.size, IN_TENSOR)
    return input.reshape(-1)[index]


@take.vjp("input")
def _(ops, g, out, input, index):
    flat = ops.index_backward(g, [index], shape=(_numel(input.shape),), positions=(0,))
    return ops.reshape(flat, shape=tuple(input.shape))


def _numel(shape):
    total = 1
    for n in shape:
        total *= n
    return total


@op(
    infer=indexing.put,
    opmath=False,
    saves=("index",),
    inplace=True,
    namespaces=("Tensor",),
    samples=calls(
        Sample(T(3, 4), T(3, dtype=int64, low=0, high=12, unique=True, grad=False), T(3)),
        Sample(T(3, 4), _i(2, 2, high=12), T(4), accumulate=True),
    ),
)
def put(xp, input, index, source, *, accumulate=False):
    """`input` with source elements written, or added, at positions of the flattened input."""
    xp.check_bounds(index, input.size, IN_TENSOR)
    out = xp.array(input, order="C")
    flat = _written(xp, out.reshape(-1), (index.reshape(-1),), source.reshape(-1), accumulate)
    return flat.reshape(input.shape)


@put.vjp("input")
def _(ops, g, out, input, index, source, *, accumulate=False):
    return g if accumulate else ops.put(g, index, ops.zeros(shape=tuple(source.shape), dtype=ops.dtype(g)))


@put.vjp("source")
def _(ops, g, out, input, index, source, *, accumulate=False):
    return ops.reshape(ops.take(g, index), shape=tuple(source.shape))


# -- masks ------------------------------------------------------------------------------------------------------------


def _ranks(xp, mask):
    """For each element, how many True come before it in row-major order (itself not counted), and the running count."""
    counts = xp.cumsum(mask.reshape(-1), dtype="int64")
    return counts - mask.reshape(-1), counts


@op(
    infer=indexing.masked_scatter,
    opmath=False,
    saves=("mask",),
    inplace=True,
    samples=calls(
        Sample(T(3, 4), T(3, 4, dtype=bool_), T(12)),
        Sample(T(3, 4), T(4, dtype=bool_), T(3, 5)),
        Sample(T(4), T(2, 4, dtype=bool_), T(8)),
    ),
)
def masked_scatter(xp, input, mask, source):
    """`input`, with the elements where the mask holds taken from `source` in order."""
    shape = xp.broadcast_shapes(input.shape, mask.shape)
    mask, input = xp.broadcast_to(mask, shape), xp.broadcast_to(input, shape)
    if not mask.size:
        return xp.array(input, order="C")
    ranks, counts = _ranks(xp, mask)
    xp.check_bounds(
        counts[-1:] - 1, max(source.size, 1), "Number of elements of source < number of ones in mask: {size}"
    )
    if not source.size:
        return xp.array(input, order="C")
    taken = xp.take(source.reshape(-1), xp.minimum(ranks, source.size - 1))
    return xp.where(mask, taken.reshape(shape), input)


@masked_scatter.vjp("input")
def _(ops, g, out, input, mask, source):
    return ops.masked_fill(g, mask, 0)


@masked_scatter.vjp("source")
def _(ops, g, out, input, mask, source):
    return ops.masked_gather(g, mask, shape=tuple(source.shape))


@op(infer=lambda g, mask, *, shape: spec(shape, g.dtype), opmath=False, saves=("mask",), namespaces=())
def masked_gather(xp, g, mask, *, shape):
    """The elements where the mask holds, in order, then zeros, under a given shape."""
    size = _numel(shape)
    ranks, _ = _ranks(xp, xp.broadcast_to(mask, g.shape))
    # One more place at the end takes what the mask leaves out.
    places = xp.where(xp.broadcast_to(mask, g.shape).reshape(-1), ranks, size)
    out = xp.zeros((size + 1,), g.dtype)
    out[places] = g.reshape(-1)
    return out[:size].reshape(shape)


@masked_gather.vjp("g")
def _(ops, g, out, g_, mask, *, shape):
    return ops.masked_scatter(ops.zeros(shape=tuple(g_.shape), dtype=ops.dtype(g)), mask, g)


def _one_hot_spec(input, *, num_classes):
    if input.dtype is not int64:
        raise DTypeError(
            f"one_hot is only applicable to index tensor of type LongTensor. Got {input.dtype.title}Tensor."
        )
    return spec((*input.shape, num_classes), int64)


@op(
    infer=_one_hot_spec,
    namespaces=(),
    differentiable=False,
    samples=calls(
        Sample(_i(2, 3, high=4), num_classes=4), Sample(_i(high=4), num_classes=5), Sample(_i(0, high=4), num_classes=4)
    ),
)
def one_hot(xp, input, *, num_classes):
    """1 where the new last dimension's position is the value, else 0, as int64."""
    check_positive(
        xp, input, num_classes, "Class values must be smaller than num_classes, and non-negative: got {index} of {size}"
    )
    return (input[..., None] == xp.arange(num_classes)).astype("int64")


@op(
    infer=indexing.take_along_dim,
    opmath=False,
    saves=("indices",),
    samples=calls(
        Sample(T(3, 4), _i(3, 2, high=4), dim=1),
        Sample(T(3, 4), _i(1, 4, high=3), dim=0),
        Sample(T(1, 4), _i(3, 2, high=4), dim=-1),
        Sample(T(3, 4), _i(2, 2, high=12)),
    ),
)
def take_along_dim(xp, input, indices, *, dim=None):
    """Elements at positions along a dimension, one per element of `indices`; of the flattened input for None."""
    if dim is None:
        xp.check_bounds(indices, input.size, in_dimension(0))
        return input.reshape(-1)[indices.reshape(-1)]
    xp.check_bounds(indices, input.shape[dim], in_dimension(dim % input.ndim))
    at = dim % input.ndim
    shape = indexing.along_shape(input.shape, indices.shape, at)
    wide = (*shape[:at], indices.shape[at], *shape[at + 1 :])
    return xp.take_along_axis(xp.broadcast_to(input, shape), xp.broadcast_to(indices, wide), axis=at)


@take_along_dim.vjp("input")
def _(ops, g, out, input, indices, *, dim=None):
    if dim is None:
        flat = ops.index_backward(g, [ops.reshape(indices, shape=(-1,))], shape=(_numel(input.shape),), positions=(0,))
        return ops.reshape(flat, shape=tuple(input.shape))
    at = normalize_dim(dim, len(input.shape))
    shape = indexing.along_shape(tuple(input.shape), tuple(indices.shape), at)
    return ops.gather_backward(g, ops.expand(indices, size=tuple(g.shape)), shape=shape, dim=at)
