"""Places in the graph without the values that had them: for steps whose saved tensors are kept somewhere else."""

from teletensor_core.registry import op
from teletensor_core.spec import spec


@op(
    infer=lambda input: spec(input.shape, input.dtype, (0,) * input.ndim),
    view=True,
    differentiable=False,
    unnoticed=True,
    opmath=False,
    namespaces=(),
)
def ghost(xp, input):
    """Zeros that take no memory, in the place in the graph of `input`."""
    return xp.broadcast_to(xp.zeros((), input.dtype), input.shape)


@ghost.vjp("input")
def _(ops, g, out, input):
    return g


@op(
    infer=lambda input, place: input,
    view=True,
    differentiable=False,
    opmath=False,
    namespaces=(),
)
def settle(xp, input, place):
    """The memory of `input`, in the place in the graph of `place`."""
    return input[...]


@settle.vjp("place")
def _(ops, g, out, input, place):
    return g
