"""The greater or the less of two tensors, and arithmetic of three."""

from teletensor_core import rules
from teletensor_core.dtypes import FLOAT
from teletensor_core.errors import DTypeError
from teletensor_core.registry import Family, op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, binary, calls

_choice: Family = {
    "infer": domains.real(rules.broadcast),
    "promote": rules.common,
    "saves": ("input", "other"),
    "numbers": (),
    "samples": binary(),
}


@op(**_choice)
def maximum(xp, input, other):
    """The greater of two elements; NaN if either is."""
    return xp.maximum(input, other)


@op(**_choice)
def minimum(xp, input, other):
    """The less of two elements; NaN if either is."""
    return xp.minimum(input, other)


@op(**_choice)
def fmax(xp, input, other):
    """The greater of two elements; the other one if one is NaN."""
    return xp.fmax(input, other)


@op(**_choice)
def fmin(xp, input, other):
    """The less of two elements; the other one if one is NaN."""
    return xp.fmin(input, other)


def _pick(better, ties):
    """The gradient rules of a choice between two: all to the chosen one, ties shared or given to `input`."""

    def share(ops, g, mine, theirs, tie):
        won = ops.mul(g, getattr(ops, better)(mine, theirs))
        return won if tie == 0 else ops.add(won, ops.mul(ops.mul(g, ops.eq(mine, theirs)), tie))

    def to_input(ops, g, out, input, other):
        return share(ops, g, input, other, ties[0])

    def to_other(ops, g, out, input, other):
        return share(ops, g, other, input, ties[1])

    return to_input, to_other


for _op, _better, _ties in (
    (maximum, "gt", (0.5, 0.5)),
    (minimum, "lt", (0.5, 0.5)),
    (fmax, "gt", (1, 0)),
    (fmin, "lt", (1, 0)),
):
    _to_input, _to_other = _pick(_better, _ties)
    _op.vjp("input")(_to_input)
    _op.vjp("other")(_to_other)


@op(
    infer=lambda input, tensor1, tensor2, value=1: domains.numeric(rules.broadcast)(input, tensor1, tensor2),
    inplace=True,
    saves=("tensor1", "tensor2", "value"),
    promote=lambda input, tensor1, tensor2, value=1: [rules.common(input, tensor1, tensor2)[0]] * 4,
    samples=calls(Sample(T(2, 3), T(2, 3), T(3), 0.5), Sample(T(2, 3), T(3), T(2, 1), 2)),
)
def addcmul(xp, input, tensor1, tensor2, value):
    """`input + value * tensor1 * tensor2`."""
    return xp.add(input, xp.multiply(xp.multiply(tensor1, tensor2), value))


@addcmul.vjp("input")
def _(ops, g, out, input, tensor1, tensor2, value):
    return g


@addcmul.vjp("tensor1")
def _(ops, g, out, input, tensor1, tensor2, value):
    return ops.mul(ops.mul(g, ops.conj(tensor2)), value)


@addcmul.vjp("tensor2")
def _(ops, g, out, input, tensor1, tensor2, value):
    return ops.mul(ops.mul(g, ops.conj(tensor1)), value)


def _ratio_spec(input, tensor1, tensor2, value=1):
    result = rules.broadcast(input, tensor1, tensor2)
    if result.dtype.category < FLOAT:
        raise DTypeError(f"addcdiv divides integers no longer: convert them, or truncate; got {result.dtype.name}")
    return result


@op(
    infer=_ratio_spec,
    inplace=True,
    saves=("tensor1", "tensor2", "value"),
    promote=lambda input, tensor1, tensor2, value=1: [*rules.common(input, tensor1, tensor2), None],
    samples=calls(Sample(T(2, 3), T(2, 3), T(3, low=0.5), 0.5)),
)
def addcdiv(xp, input, tensor1, tensor2, value):
    """`input + value * tensor1 / tensor2`."""
    return xp.add(input, xp.multiply(xp.true_divide(tensor1, tensor2), value))


@addcdiv.vjp("input")
def _(ops, g, out, input, tensor1, tensor2, value):
    return g


@addcdiv.vjp("tensor1")
def _(ops, g, out, input, tensor1, tensor2, value):
    return ops.mul(ops.div(g, ops.conj(tensor2)), value)


@addcdiv.vjp("tensor2")
def _(ops, g, out, input, tensor1, tensor2, value):
    slope = ops.div(ops.div(tensor1, tensor2), tensor2)
    return ops.mul(ops.mul(g, ops.conj(slope)), -value)


def _lerp_spec(input, end, weight):
    tensors = {"end": end} | ({"weight": weight} if hasattr(weight, "shape") else {})
    for name, x in tensors.items():
        if x.dtype is not input.dtype:
            raise DTypeError(f"expected dtype {input.dtype.c_name} for `{name}` but got dtype {x.dtype.c_name}")
    return domains.continuous(rules.broadcast)(input, *tensors.values())


@op(
    infer=_lerp_spec,
    inplace=True,
    saves=("input", "end", "weight"),
    samples=calls(Sample(T(2, 3), T(2, 3), 0.3), Sample(T(2, 3), T(3), T(2, 1, low=0))),
)
def lerp(xp, input, end, weight):
    """`input + weight * (end - input)`."""
    return xp.add(input, xp.multiply(xp.subtract(end, input), weight))


@lerp.vjp("input")
def _(ops, g, out, input, end, weight):
    return ops.mul(g, ops.sub(1, ops.conj(weight)) if hasattr(weight, "shape") else 1 - domains.conj(ops, weight))


@lerp.vjp("end")
def _(ops, g, out, input, end, weight):
    return ops.mul(g, domains.conj(ops, weight))


@lerp.vjp("weight")
def _(ops, g, out, input, end, weight):
    return ops.mul(g, ops.conj(ops.sub(end, input)))
