"""Joining tensors, repeating and reordering their elements."""

from teletensor_core import dtypes, rules
from teletensor_core.errors import ArgumentError, ShapeError
from teletensor_core.registry import TensorList, op
from teletensor_core.rules.dims import normalize_dim, normalize_dims
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _is_skipped(x):
    """PyTorch lets cat ignore one-dimensional empty tensors."""
    return x.shape == (0,)


def _cat_spec(tensors, *, dim=0):
    if not tensors:
        raise ArgumentError("cat expects a non-empty list of tensors")
    dtype = dtypes.result_type(tensors)
    kept = [x for x in tensors if not _is_skipped(x)] or [tensors[0]]
    first = kept[0]
    if not first.ndim:
        raise ShapeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    at = normalize_dim(dim, first.ndim)
    for i, x in enumerate(kept):
        if x.ndim != first.ndim:
            raise ShapeError(f"Tensors must have same number of dimensions: got {first.ndim} and {x.ndim}")
        for d, (m, n) in enumerate(zip(first.shape, x.shape, strict=True)):
            if d != at and m != n:
                raise ShapeError(
                    f"Sizes of tensors must match except in dimension {at}. Expected size {m} but got size {n} for "
                    f"tensor number {i} in the list (dimension {d})."
                )
    return spec((*first.shape[:at], sum(x.shape[at] for x in kept), *first.shape[at + 1 :]), dtype)


def _each_common(tensors, **attrs):
    return [dtypes.result_type(tensors)]


@op(
    infer=_cat_spec,
    promote=_each_common,
    opmath=False,
    namespaces=("torch",),
    aliases=("concat", "concatenate"),
    samples=calls(
        Sample([T(2, 3), T(1, 3)]), Sample([T(2, 3), T(2, 1)], dim=-1), Sample([T(0), T(2, 2)]), Sample([T(3)])
    ),
)
def cat(xp, tensors: TensorList, *, dim=0):
    """The tensors joined along an existing dimension."""
    kept = [x for x in tensors if x.shape != (0,)] or list(tensors[:1])
    return xp.concatenate(kept, axis=dim) if len(kept) > 1 else xp.array(kept[0], order="C")


@cat.vjp("tensors")
def _(ops, g, out, tensors, *, dim=0):
    at, start, parts = normalize_dim(dim, len(g.shape)), 0, []
    for x in tensors:
        if _is_skipped(x) and len(g.shape) != 1:
            parts.append(None)
            continue
        parts.append(ops.slice(g, dim=at, start=start, end=start + x.shape[at], step=1))
        start += x.shape[at]
    return parts


def _stack_spec(tensors, *, dim=0):
    if not tensors:
        raise ArgumentError("stack expects a non-empty list of tensors")
    first = tensors[0]
    for i, x in enumerate(tensors):
        if x.shape != first.shape:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry 0 and "
                f"{list(x.shape)} at entry {i}"
            )
    at = normalize_dim(dim, first.ndim + 1)
    return spec((*first.shape[:at], len(tensors), *first.shape[at:]), dtypes.result_type(tensors))


@op(
    infer=_stack_spec,
    promote=_each_common,
    opmath=False,
    namespaces=("torch",),
    samples=calls(Sample([T(2, 3), T(2, 3)]), Sample([T(2), T(2), T(2)], dim=-1), Sample([T(), T()])),
)
def stack(xp, tensors: TensorList, *, dim=0):
    """The tensors joined along a new dimension."""
    return xp.stack(tensors, axis=dim)


@stack.vjp("tensors")
def _(ops, g, out, tensors, *, dim=0):
    at = normalize_dim(dim, len(g.shape))
    return [ops.select(g, dim=at, index=i) for i in range(len(tensors))]


def _flip_spec(input, *, dims):
    normalize_dims(dims, input.ndim)
    return rules.same(input)


@op(infer=_flip_spec, opmath=False, samples=calls(Sample(T(3, 4), dims=(0,)), Sample(T(2, 3, 2), dims=(0, -1))))
def flip(xp, input, *, dims):
    """The order of elements reversed along `dims`."""
    return xp.array(xp.flip(input, axis=dims), order="C")


@flip.vjp("input")
def _(ops, g, out, input, *, dims):
    return ops.flip(g, dims=dims)


def _roll_spec(input, *, shifts, dims=None):
    shifts, dims = _as_tuple(shifts), _as_tuple(dims)
    if dims and len(shifts) != len(dims):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims: {len(dims)}")
    if not dims and len(shifts) != 1:
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims: 0")
    for dim in dims:
        normalize_dim(dim, input.ndim)
    return spec(input.shape, input.dtype)


def _as_tuple(x):
    return () if x is None else (x,) if isinstance(x, int) else tuple(x)


@op(
    infer=_roll_spec,
    opmath=False,
    samples=calls(
        Sample(T(3, 4), shifts=1), Sample(T(3, 4), shifts=(1, -2), dims=(0, 1)), Sample(T(5), shifts=2, dims=0)
    ),
)
def roll(xp, input, *, shifts, dims=None):
    """Elements moved around the end of a dimension; over the flattened tensor without `dims`."""
    return xp.roll(input, shifts, axis=None if dims in (None, ()) else dims)


@roll.vjp("input")
def _(ops, g, out, input, *, shifts, dims=None):
    back = -shifts if isinstance(shifts, int) else tuple(-s for s in shifts)
    return ops.roll(g, shifts=back, dims=dims)


def _repeat_spec(input, *, repeats):
    extra = len(repeats) - input.ndim
    if extra < 0:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"got {list(repeats)} for a tensor of {input.ndim} dimensions"
        )
    if any(r < 0 for r in repeats):
        raise ShapeError(f"Trying to create tensor with negative dimension: repeat {list(repeats)}")
    sizes = (1,) * extra + input.shape
    return spec(tuple(n * r for n, r in zip(sizes, repeats, strict=True)), input.dtype)


@op(
    infer=_repeat_spec,
    opmath=False,
    namespaces=("Tensor",),
    samples=calls(Sample(T(2, 3), repeats=(2, 1)), Sample(T(3), repeats=(2, 2)), Sample(T(2), repeats=(0,))),
)
def repeat(xp, input, *, repeats):
    """The tensor laid side by side, `repeats` times along each dimension."""
    return xp.tile(input, repeats)


@repeat.vjp("input")
def _(ops, g, out, input, *, repeats):
    sizes = (1,) * (len(repeats) - len(input.shape)) + tuple(input.shape)
    split = [n for pair in zip(repeats, sizes, strict=True) for n in pair]
    summed = ops.sum(ops.reshape(g, shape=tuple(split)), dim=tuple(range(0, len(split), 2)))
    return ops.reshape(summed, shape=input.shape)


def _interleave_spec(input, *, repeats, dim=None):
    if repeats < 0:
        raise ShapeError(f"Repeats must be non-negative, got {repeats}")
    if dim is None:
        return spec((input.numel * repeats,), input.dtype)
    at = normalize_dim(dim, input.ndim)
    return spec((*input.shape[:at], input.shape[at] * repeats, *input.shape[at + 1 :]), input.dtype)


@op(
    infer=_interleave_spec,
    opmath=False,
    namespaces=(),
    samples=calls(Sample(T(2, 3), repeats=2), Sample(T(2, 3), repeats=3, dim=1)),
)
def repeat_interleave(xp, input, *, repeats, dim=None):
    """Each element (or each position of `dim`) repeated in place."""
    return xp.repeat(input, repeats, axis=dim)


@repeat_interleave.vjp("input")
def _(ops, g, out, input, *, repeats, dim=None):
    if dim is None:
        return ops.reshape(ops.sum(ops.reshape(g, shape=(-1, repeats)), dim=1), shape=input.shape)
    at = normalize_dim(dim, len(input.shape))
    split = (*g.shape[:at], input.shape[at], repeats, *g.shape[at + 1 :])
    return ops.sum(ops.reshape(g, shape=split), dim=at + 1)


def _rot90_spec(input, *, k=1, dims=(0, 1)):
    a, b = normalize_dims(dims, input.ndim)
    shape = list(input.shape)
    if k % 2:
        shape[a], shape[b] = shape[b], shape[a]
    return spec(tuple(shape), input.dtype)


@op(infer=_rot90_spec, opmath=False, samples=calls(Sample(T(2, 3)), Sample(T(2, 3), k=-1), Sample(T(2, 3), k=2)))
def rot90(xp, input, *, k=1, dims=(0, 1)):
    """The plane of two dimensions turned by `k` quarters."""
    return xp.array(xp.rot90(input, k, axes=dims), order="C")


@rot90.vjp("input")
def _(ops, g, out, input, *, k=1, dims=(0, 1)):
    return ops.rot90(g, k=-k, dims=dims)
