"""Vector norms and distances."""

import math

from teletensor_core import dtypes
from teletensor_core.errors import DTypeError
from teletensor_core.registry import op
from teletensor_core.rules import reduced_dims, reduced_shape
from teletensor_core.samples import Sample, T, calls
from teletensor_core.spec import spec


def _norm_spec(input, *, ord=2.0, dim=None, keepdim=False, dtype=None):
    wanted = dtype or input.dtype
    if wanted.category < dtypes.FLOAT:
        raise DTypeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {wanted.title}"
        )
    return spec(reduced_shape(input.shape, dim, keepdim), wanted.to_real())


def _norm_cast(input, *, ord=2.0, dim=None, keepdim=False, dtype=None):
    return [dtype or input.dtype]


_samples = [Sample(T(3, 4), ord=p, dim=d) for p in (2.0, 1.0, 3.0, math.inf, 0.0, 0.5) for d in (None, 1)]


@op(
    infer=_norm_spec,
    promote=_norm_cast,
    saves=("input", "out"),
    namespaces=("linalg",),
    grad_name="LinalgVectorNorm",
    samples=calls(*_samples, Sample(T(2, 3, 4), dim=(0, 2), keepdim=True), Sample(T(5), ord=-math.inf)),
)
def vector_norm(xp, input, *, ord=2.0, dim=None, keepdim=False, dtype=None):
    """(sum |x|^ord)^(1/ord) over dimensions; the count of non-zeros for 0, the extremes for infinities."""
    axes = reduced_dims(dim, input.ndim)
    size = xp.absolute(input) if ord != 2 or input.dtype.kind == "c" else input
    if ord == 2:
        return xp.sqrt(xp.sum(size * size, axis=axes, keepdims=keepdim))
    if ord == 1:
        return xp.sum(size, axis=axes, keepdims=keepdim)
    if ord == 0:
        return xp.sum(size != 0, axis=axes, keepdims=keepdim)
    if math.isinf(ord):
        return (xp.max if ord > 0 else xp.min)(size, axis=axes, keepdims=keepdim)
    return xp.power(xp.sum(xp.power(size, ord), axis=axes, keepdims=keepdim), 1 / ord)


@vector_norm.vjp("input")
def _(ops, g, out, input, *, ord=2.0, dim=None, keepdim=False, dtype=None):
    if not keepdim and input.ndim:
        kept = reduced_shape(tuple(input.shape), dim, True)
        g, out = ops.reshape(g, shape=kept), ops.reshape(out, shape=kept)
    if ord == 0:
        return ops.mul(ops.mul(input, 0), g)
    if ord == 1:
        return ops.mul(ops.sgn(input), g)
    if math.isinf(ord):
        ties = ops.to(ops.eq(ops.abs(input), out), dtype=ops.dtype(g))
        share = ops.div(ties, ops.sum(ties, dim=dim, keepdim=True) if input.ndim else ties)
        return ops.mul(ops.sgn(input), ops.mul(share, g))
    safe = ops.where(ops.eq(out, 0), 1, out)
    if ord == 2:
        slope = ops.div(input, safe)
    else:
        size = ops.abs(input)
        positive = ops.where(ops.eq(size, 0), 1, size)
        slope = ops.mul(ops.sgn(input), ops.div(ops.pow(positive, ord - 1), ops.pow(safe, ord - 1)))
    return ops.mul(slope, ops.where(ops.eq(out, 0), 0, g))
