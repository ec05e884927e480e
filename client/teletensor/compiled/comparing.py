"""Whether two recordings say the same, and if not, what differs first."""

from __future__ import annotations

from typing import Any

import numpy as np
from teletensor_core.programs import BackwardCall, Call, Command, Constant, Detach, Number, RequireGrad

from teletensor.compiled.lowering import Recording


def difference(old: Recording, new: Recording) -> str | None:
    """What differs, with the line that it comes from; None when a program made of one does what the other did."""
    for before, after in zip(old.code.commands, new.code.commands, strict=False):
        said = _between(before, after)
        if said is not None:
            return f"{new.where(after.location)}: {said}"
    count, other = len(old.code.commands), len(new.code.commands)
    if count != other:
        longer, at = (old, other) if count > other else (new, count)
        extra = longer.code.commands[at]
        return f"{longer.where(extra.location)}: {_said(extra)} runs in one call and not in another"
    for name in ("inputs", "arguments", "outputs", "live"):
        if getattr(old.code, name) != getattr(new.code, name):
            return f"other tensors come in, or out: {name} {getattr(old.code, name)} and {getattr(new.code, name)}"
    if [type(x) for x in old.host] != [type(x) for x in new.host]:
        return "generators, optimisers or schedules were used in another order"
    if [index for _, index in old.grads] != [index for _, index in new.grads] or old.written != new.written:
        return "other gradients were set, or other tensors written to"
    return None


def _between(a: Command, b: Command) -> str | None:
    if type(a) is not type(b):
        return f"{_said(b)} where {_said(a)} was"
    if isinstance(a, Call) and isinstance(b, Call):
        return _between_calls(a, b)
    if isinstance(a, Constant) and isinstance(b, Constant):
        same = a.array.shape == b.array.shape and a.array.dtype == b.array.dtype and _same_bits(a.array, b.array)
        return (
            None
            if same and a.slot == b.slot
            else ("a tensor is made of other values than before, which are part of the program: give it as an argument")
        )
    fields = [name for name in type(a).__slots__ if name != "location"]
    changed = [name for name in fields if getattr(a, name) != getattr(b, name)]
    return f"{_said(b)} has other {', '.join(changed)} than before" if changed else None


def _same_bits(a: Any, b: Any) -> bool:
    return bool(np.array_equal(np.ascontiguousarray(a).view(np.uint8), np.ascontiguousarray(b).view(np.uint8)))


def _between_calls(a: Call, b: Call) -> str | None:
    if a.op is not b.op:
        return f"{b.op.name} where {a.op.name} was"
    for name, x, y in zip(a.op.attrs, a.attrs, b.attrs, strict=True):
        if repr(x) != repr(y):
            return f"{name} of {a.op.name} is {y!r} and was {x!r}, which is part of the program: {_ADVICE}"
    for name, x, y in zip(a.op.operands, a.operands, b.operands, strict=True):
        if isinstance(x, Number) and isinstance(y, Number) and repr(x.value) != repr(y.value):
            return f"{name} of {a.op.name} is {y.value!r} and was {x.value!r}, which is part of the program: {_ADVICE}"
        if not (isinstance(x, Number) and isinstance(y, Number)) and x != y:
            return f"{a.op.name} takes another {name} than before"
    if a.flags != b.flags or a.outs != b.outs:
        return f"{a.op.name} is recorded by autograd once, and once not" if a.flags != b.flags else "other results"
    return None


_ADVICE = "a number that changes is an argument of the compiled function, or a tensor"


def _said(command: Command) -> str:
    match command:
        case Call():
            return command.op.name
        case BackwardCall():
            return "a backward"
        case RequireGrad():
            return "requires_grad_"
        case Detach():
            return "detach_"
        case _:
            return "a tensor made of values"
