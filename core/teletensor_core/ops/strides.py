"""Views of a tensor's memory by sizes and strides."""

import math

from teletensor_core.errors import ShapeError, UnsupportedError
from teletensor_core.registry import op
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _strided_spec(input, *, size, stride, storage_offset=0):
    if len(size) != len(stride):
        raise ShapeError(f"mismatch in length of strides and shape: {list(stride)}, {list(size)}")
    if any(n < 0 for n in size) or any(s < 0 for s in stride) or storage_offset < 0:
        raise ShapeError(
            f"as_strided: negative sizes, strides and offsets are not supported at the moment, got {list(size)}, "
            f"{list(stride)}, {storage_offset}"
        )
    if not input.contiguous:
        raise UnsupportedError("as_strided: the tensor has strides of its own; call contiguous() first")
    last = storage_offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if math.prod(size) and last >= input.numel:
        raise ShapeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset} are out of "
            f"bounds for storage of {input.numel} elements"
        )
    return spec(size, input.dtype, stride)


@op(
    infer=_strided_spec,
    view=True,
    samples=calls(
        Sample(T(3, 4), size=(2, 3), stride=(4, 1), storage_offset=1),
        Sample(T(7), size=(3, 3), stride=(2, 1), storage_offset=0),
        Sample(T(5), size=(2, 4), stride=(0, 1), storage_offset=1),
        Sample(T(6), size=(), stride=(), storage_offset=5),
        Sample(T(4), size=(0, 3), stride=(1, 1), storage_offset=0),
    ),
)
def as_strided(xp, input, *, size, stride, storage_offset=0):
    """A view of the memory: sizes, the step in elements of each dimension, and where it begins."""
    flat = input.reshape(-1)[storage_offset:]
    return xp.as_strided(flat, size, tuple(s * flat.itemsize for s in stride))


@as_strided.vjp("input")
def _(ops, g, out, input, *, size, stride, storage_offset=0):
    return ops.as_strided_backward(g, shape=input.shape, size=size, stride=stride, storage_offset=storage_offset)


@op(infer=lambda g, *, shape, size, stride, storage_offset: spec(shape, g.dtype), opmath=False, namespaces=())
def as_strided_backward(xp, g, *, shape, size, stride, storage_offset):
    """The elements of `g` added up where they were taken from."""
    out = xp.zeros((math.prod(shape),), g.dtype)
    place = xp.full(size, storage_offset, "q")
    for d, (n, s) in enumerate(zip(size, stride, strict=True)):
        place = place + (xp.arange(n) * s).reshape((n,) + (1,) * (len(size) - 1 - d))
    xp.scatter_add(out, (place.reshape(-1),), xp.ascontiguousarray(g).reshape(-1))
    return out.reshape(shape)


@as_strided_backward.vjp("g")
def _(ops, gg, out, g, *, shape, size, stride, storage_offset):
    return ops.as_strided(gg, size=size, stride=stride, storage_offset=storage_offset)
