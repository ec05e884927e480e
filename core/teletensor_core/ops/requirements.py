"""What must hold of values: an error in the place of the result where it does not."""

from teletensor_core import rules
from teletensor_core.registry import op


@op(infer=rules.same, opmath=False, namespaces=())
def required(xp, input, holds, *, message):
    """A copy of the input; ArgumentError with the message, later on a GPU, unless all of `holds` is true."""
    xp.check_all(holds, f"{message}, but found invalid values")
    return xp.array(input, order="C")


@required.vjp("input")
def _(ops, g, out, input, holds, *, message):
    return g
