"""Choosing elements, bounding them, and overwriting them."""

from teletensor_core import dtypes, rules
from teletensor_core.dtypes import bool_
from teletensor_core.errors import ArgumentError, DTypeError, ShapeError
from teletensor_core.kernels.casting import cast, fitted
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls, unary
from teletensor_core.spec import spec


def _where_spec(condition, input, other):
    if condition.dtype not in (bool_, dtypes.uint8):
        raise DTypeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.title}"
        )
    shapes = [x.shape for x in (condition, input, other) if hasattr(x, "shape")]
    return spec(rules.broadcast_shapes(*shapes), dtypes.result_type([input, other]))


def _where_cast(condition, input, other):
    """Beside a tensor, a number stays what it is, and has to fit."""
    dtype = dtypes.result_type([input, other])
    both = domains.is_number(input) and domains.is_number(other)
    return [bool_, *(None if domains.is_number(x) and not both else dtype for x in (input, other))]


@op(
    infer=_where_spec,
    promote=_where_cast,
    numbers=("input", "other"),
    saves=("condition",),
    samples=calls(
        Sample(T(3, 4, dtype=bool_), T(3, 4), T(3, 4)),
        Sample(T(4, dtype=bool_), T(3, 1), T(1)),
        Sample(T(3, dtype=bool_), T(3), 0.5),
        Sample(T(3, dtype=bool_), 2, T(3)),
    ),
)
def where(xp, condition, input, other):
    """Elements of `input` where the condition holds, else of `other`."""
    if domains.is_number(other):
        other = _bound(input, other)
    elif domains.is_number(input):
        input = _bound(other, input)
    return xp.where(condition, input, other)


@where.vjp("input")
def _(ops, g, out, condition, input, other):
    return ops.where(condition, g, 0)


@where.vjp("other")
def _(ops, g, out, condition, input, other):
    return ops.where(condition, 0, g)


def _clamp_spec(input, min=None, max=None):
    if min is None and max is None:
        raise ArgumentError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return domains.real(rules.broadcast)(*[x for x in (input, min, max) if x is not None])


def _clamp_cast(input, min=None, max=None):
    dtype = _clamp_spec(input, min, max).dtype
    return [dtype, *(None if x is None or domains.is_number(x) else dtype for x in (min, max))]


def _bound_cast(input, bound):
    dtype = dtypes.result_type([input, bound])
    return [dtype, None if domains.is_number(bound) else dtype]


def _bound(input, value):
    """A number as it can stand beside an array of integers. DTypeError for one that they cannot hold."""
    return fitted(value, input.dtype) if hasattr(input, "dtype") and input.dtype.kind in "biu" else value


@op(
    infer=_clamp_spec,
    promote=_clamp_cast,
    saves=("input", "min", "max"),
    inplace=True,
    aliases=("clip",),
    grad_name="ClampBackward1",
    samples=calls(
        Sample(T(3, 4), -0.5, 0.7),
        Sample(T(5), 0),
        Sample(T(5), None, 1.5),
        Sample(T(2, 3), T(3), None),
        Sample(T(2, 3), T(2, 3, high=-1), T(3, low=1)),
        Sample(T(), -1, 1),
    ),
)
def clamp(xp, input, min=None, max=None):
    """Elements bounded from below and above."""
    out = input if min is None else xp.maximum(input, _bound(input, min))
    return out if max is None else xp.minimum(out, _bound(input, max))


@clamp.vjp("input")
def _(ops, g, out, input, min=None, max=None):
    return ops.where(_inside(ops, input, min, max), g, 0)


def _inside(ops, input, min, max):
    above = None if min is None else ops.ge(input, min)
    below = None if max is None else ops.le(input, max)
    return below if above is None else above if below is None else ops.logical_and(above, below)


@clamp.vjp("min")
def _(ops, g, out, input, min=None, max=None):
    low = ops.lt(input, min) if max is None else ops.logical_and(ops.lt(input, min), ops.lt(min, max))
    return ops.where(low, g, 0)


@clamp.vjp("max")
def _(ops, g, out, input, min=None, max=None):
    high = ops.gt(input, max)
    return ops.where(high if min is None else ops.logical_or(high, ops.gt(min, max)), g, 0)


@op(
    infer=domains.real(rules.broadcast),
    promote=_bound_cast,
    saves=("input", "min"),
    inplace=True,
    samples=calls(Sample(T(3, 4), 0.5), Sample(T(3), T(3))),
)
def clamp_min(xp, input, min):
    """Elements bounded from below."""
    return xp.maximum(input, _bound(input, min))


@clamp_min.vjp("input")
def _(ops, g, out, input, min):
    return ops.where(ops.ge(input, min), g, 0)


@clamp_min.vjp("min")
def _(ops, g, out, input, min):
    return ops.where(ops.lt(input, min), g, 0)


@op(
    infer=domains.real(rules.broadcast),
    promote=_bound_cast,
    saves=("input", "max"),
    inplace=True,
    samples=calls(Sample(T(3, 4), 0.5), Sample(T(3), T(3))),
)
def clamp_max(xp, input, max):
    """Elements bounded from above."""
    return xp.minimum(input, _bound(input, max))


@clamp_max.vjp("input")
def _(ops, g, out, input, max):
    return ops.where(ops.le(input, max), g, 0)


@clamp_max.vjp("max")
def _(ops, g, out, input, max):
    return ops.where(ops.gt(input, max), g, 0)


def _require_scalar(who, value):
    if hasattr(value, "ndim") and value.ndim:
        raise ShapeError(f"{who} value tensor but got tensor with {value.ndim} dimensions.")


def _fill_spec(input, value):
    _require_scalar("fill_ only supports 0-dimension", value)
    return rules.same(input)


def _of(input, value):
    """The dtype that a tensor is cast to before it is written; a number has to fit."""
    return None if domains.is_number(value) else input.dtype


def _masked_fill_spec(input, mask, value):
    if mask.dtype is not bool_:
        raise DTypeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {mask.dtype.c_name}")
    _require_scalar("masked_fill_ only supports a 0-dimensional", value)
    return spec(rules.broadcast_shapes(input.shape, mask.shape), input.dtype)


@op(
    infer=_masked_fill_spec,
    promote=lambda input, mask, value: [None, None, _of(input, value)],
    opmath=False,
    saves=("mask",),
    inplace=True,
    samples=calls(Sample(T(3, 4), T(3, 4, dtype=bool_), 0.5), Sample(T(2, 3), T(3, dtype=bool_), T())),
)
def masked_fill(xp, input, mask, value):
    """`value` where the mask holds, else `input`."""
    return xp.where(mask, xp.asarray(fitted(value, input.dtype), dtype=input.dtype), input)


@masked_fill.write_inplace
def _(xp, input, mask, value):
    xp.copyto(input, xp.asarray(fitted(value, input.dtype), dtype=input.dtype), where=mask)


@masked_fill.vjp("input")
def _(ops, g, out, input, mask, value):
    return ops.masked_fill(g, mask, 0)


@masked_fill.vjp("value")
def _(ops, g, out, input, mask, value):
    return ops.sum(ops.where(mask, g, 0))


@op(
    infer=_fill_spec,
    promote=lambda input, value: [None, _of(input, value)],
    opmath=False,
    inplace=True,
    samples=calls(Sample(T(3, 4), 1.5), Sample(T(2), T())),
)
def fill(xp, input, value):
    """One value everywhere, in the shape and dtype of `input`."""
    out = xp.empty(input.shape, input.dtype)
    out[...] = fitted(value, input.dtype)
    return out


@fill.write_inplace
def _(xp, input, value):
    input[...] = fitted(value, input.dtype)


@fill.vjp("input")
def _(ops, g, out, input, value):
    return ops.mul(g, 0)


@fill.vjp("value")
def _(ops, g, out, input, value):
    return ops.sum(g)


@op(
    infer=rules.same,
    opmath=False,
    inplace=True,
    namespaces=(),
    samples=unary(),
)
def zero(xp, input):
    """Zeros in the shape and dtype of `input`."""
    return xp.zeros(input.shape, input.dtype)


@zero.vjp("input")
def _(ops, g, out, input):
    return ops.mul(g, 0)


def _copy_spec(input, src):
    if hasattr(src, "shape"):
        shape = rules.broadcast_shapes(input.shape, src.shape)
        if shape != input.shape:
            rules.require(
                False,
                rules.ShapeError,
                f"cannot copy a tensor of shape {list(src.shape)} into one of {list(input.shape)}",
            )
    return rules.same(input)


@op(
    infer=_copy_spec,
    opmath=False,
    inplace=True,
    namespaces=(),
    grad_name="Copy",
    samples=calls(Sample(T(3, 4), T(4)), Sample(T(3), T(3))),
)
def copy(xp, input, src):
    """`src` in the shape and dtype of `input`."""
    out = xp.empty(input.shape, input.dtype)
    copy.inplace_kernel(xp, out, src)
    return out


@copy.write_inplace
def _(xp, input, src):
    xp.copyto(input, src if src.dtype == input.dtype else cast(src, input.dtype))


@copy.vjp("input")
def _(ops, g, out, input, src):
    return ops.zeros(shape=input.shape, dtype=ops.dtype(g))


@copy.vjp("src")
def _(ops, g, out, input, src):
    return g


@op(infer=lambda input, **attrs: rules.same(input), inplace=True, saves=("input",), samples=unary())
def nan_to_num(xp, input, *, nan=0.0, posinf=None, neginf=None):
    """NaN and infinities replaced by numbers; by the dtype's limits where none are given."""
    if input.dtype.kind != "f":
        return input.copy()
    limits = xp.finfo(input.dtype)
    out = xp.where(xp.isnan(input), 0.0 if nan is None else nan, input)
    out = xp.where(input == float("inf"), limits.max if posinf is None else posinf, out)
    return xp.where(input == -float("inf"), limits.min if neginf is None else neginf, out)


@nan_to_num.vjp("input")
def _(ops, g, out, input, **attrs):
    return ops.where(ops.isfinite(input), g, 0)
