"""Softmax and its logarithm: one op each, with a fused gradient."""

from teletensor_core import dtypes, rules
from teletensor_core.errors import UnsupportedError
from teletensor_core.registry import op
from teletensor_core.samples import along_dim
from teletensor_core.spec import spec

_NAMES = ("torch", "Tensor", "nn.functional")


def _softmax_spec(input, *, dim, dtype=None):
    rules.normalize_dim(dim, input.ndim)
    wanted = dtype or input.dtype
    if wanted.category < dtypes.FLOAT:
        raise UnsupportedError(f"\"softmax\" not implemented for '{wanted.title}'; pass dtype=torch.float32")
    return spec(input.shape, wanted)


def _softmax_cast(input, *, dim, dtype=None):
    return [dtype or input.dtype]


def _by_rows(xp, function, dim, *arrays):
    """A function of rows, along any dimension; a number is a row of one."""
    ndim, shape = arrays[0].ndim, arrays[0].shape
    if not arrays[0].size:
        return xp.empty(shape, arrays[0].dtype)
    if not ndim:
        return function(*(x.reshape((1, 1)) for x in arrays)).reshape(())
    if dim % ndim == ndim - 1:
        return function(*arrays)
    return xp.moveaxis(function(*(xp.ascontiguousarray(xp.moveaxis(x, dim, -1)) for x in arrays)), -1, dim)


@op(infer=_softmax_spec, promote=_softmax_cast, saves=("out",), namespaces=_NAMES, samples=along_dim())
def softmax(xp, input, *, dim, dtype=None):
    """exp(x) over its sum along a dimension."""
    return _by_rows(xp, xp.softmax, dim, input)


@softmax.vjp("input")
def _(ops, g, out, input, *, dim, dtype=None):
    return ops.softmax_backward(g, out, dim=dim)


@op(infer=lambda g, out, *, dim: rules.same(g), saves=("g", "out"), namespaces=())
def softmax_backward(xp, g, out, *, dim):
    """The gradient of softmax from its result: out * (g - sum(g * out))."""
    return _by_rows(xp, xp.softmax_backward, dim, g, out)


@softmax_backward.vjp("g")
def _(ops, gg, result, g, out, *, dim):
    return ops.softmax_backward(gg, out, dim=dim)


@softmax_backward.vjp("out")
def _(ops, gg, result, g, out, *, dim):
    inner = ops.sum(ops.mul(g, out), dim=dim, keepdim=True) if out.ndim else ops.mul(g, out)
    outer = ops.sum(ops.mul(gg, out), dim=dim, keepdim=True) if out.ndim else ops.mul(gg, out)
    return ops.sub(ops.mul(gg, ops.sub(g, inner)), ops.mul(g, outer))


@op(infer=_softmax_spec, promote=_softmax_cast, saves=("out",), namespaces=_NAMES, samples=along_dim())
def log_softmax(xp, input, *, dim, dtype=None):
    """The logarithm of softmax, without overflow."""
    return _by_rows(xp, xp.log_softmax, dim, input)


@log_softmax.vjp("input")
def _(ops, g, out, input, *, dim, dtype=None):
    return ops.log_softmax_backward(g, out, dim=dim)


@op(infer=lambda g, out, *, dim: rules.same(g), saves=("g", "out"), namespaces=())
def log_softmax_backward(xp, g, out, *, dim):
    """The gradient of log_softmax from its result: g - exp(out) * sum(g)."""
    return _by_rows(xp, xp.log_softmax_backward, dim, g, out)


@log_softmax_backward.vjp("g")
def _(ops, gg, result, g, out, *, dim):
    weighted = ops.mul(gg, ops.exp(out))
    return ops.sub(gg, ops.sum(weighted, dim=dim, keepdim=True) if out.ndim else weighted)


@log_softmax_backward.vjp("out")
def _(ops, gg, result, g, out, *, dim):
    total = ops.sum(g, dim=dim, keepdim=True) if out.ndim else g
    return ops.neg(ops.mul(ops.mul(gg, ops.exp(out)), total))
