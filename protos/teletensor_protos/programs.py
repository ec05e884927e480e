"""Programs as they are defined on the wire: one MessagePack value, laid out as `worker.proto` says."""

from __future__ import annotations

from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.engine import Part
from teletensor_core.errors import MalformedRequestError, QuotaExceededError
from teletensor_core.programs import (
    Argument,
    BackwardCall,
    Call,
    Code,
    Command,
    Constant,
    Detach,
    Number,
    RequireGrad,
)
from teletensor_core.registry import OPS
from teletensor_core.spec import MAX_DIMS

from teletensor_protos import codec

# Bounds on a definition: its bytes, its commands, the tensors that it mentions.
MOST_BYTES = 8 << 20
MOST_COMMANDS = 1 << 16
MOST_SLOTS = 1 << 20

_CALL, _BACKWARD, _REQUIRE_GRAD, _DETACH, _CONSTANT = range(5)
_SLOTS, _ARGUMENT, _NUMBER = range(3)


# -- out ---------------------------------------------------------------------------------------------------------------


def encode(code: Code, locations: list[str]) -> bytes:
    """A program as bytes. Raises QuotaExceededError for one that is too large to travel."""
    if len(code.commands) > MOST_COMMANDS:
        raise QuotaExceededError(f"a program of {len(code.commands)} commands: at most {MOST_COMMANDS} can be sent")
    rows = [_row(command) for command in code.commands]
    whole = (code.inputs, code.arguments, rows, locations, code.outputs, sorted(code.live))
    data = bytes(codec.encode_entry(whole))
    if len(data) > MOST_BYTES:
        raise QuotaExceededError(
            f"a program of {len(data)} bytes: at most {MOST_BYTES} can be sent; give large tensors as arguments "
            "instead of making them inside"
        )
    return data


def _row(command: Command) -> tuple[Any, ...]:
    match command:
        case Call(op, attrs, flags, operands, outs, location):
            return _CALL, location, op.name, attrs, flags, tuple(_operand(x) for x in operands), outs
        case BackwardCall(roots, grads, targets, results, create, retain, only, part, location):
            which = None if part is None else (part.number, part.goals, part.until)
            return _BACKWARD, location, roots, grads, targets, results, create, retain, only, which
        case RequireGrad(slot, required, location):
            return _REQUIRE_GRAD, location, slot, required
        case Detach(slot, location):
            return _DETACH, location, slot
        case Constant(slot, array, location):
            code = dtypes.BY_NP[array.dtype].code
            return _CONSTANT, location, slot, code, array.shape, np.ascontiguousarray(array).tobytes()


def _operand(x: Any) -> Any:
    if isinstance(x, tuple):
        return (_SLOTS, *x)
    if isinstance(x, Argument):
        return _ARGUMENT, x.index
    return (_NUMBER, x.value) if isinstance(x, Number) else x


# -- in ----------------------------------------------------------------------------------------------------------------


def decode(data: bytes) -> tuple[Code, list[str]]:
    """A program, checked for form: every slot is made once and before it is used. Raises MalformedRequestError."""
    if len(data) > MOST_BYTES:
        raise MalformedRequestError(f"a program of {len(data)} bytes; it may have {MOST_BYTES}")
    match codec.decode_value(data):
        case (int(inputs), int(arguments), tuple(rows), tuple(locations), tuple(outputs), tuple(live)):
            if not (0 <= inputs <= MOST_SLOTS and 0 <= arguments <= MOST_SLOTS and len(rows) <= MOST_COMMANDS):
                raise MalformedRequestError(f"a program of {inputs} inputs and {len(rows)} commands")
            reader = _Reader(inputs, arguments, locations)
            commands = [reader.command(row) for row in rows]
            known = reader.slots(outputs)
            return Code(inputs, arguments, commands, known, frozenset(reader.slots(live))), list(locations)
    raise MalformedRequestError("a program is [inputs, arguments, commands, lines, outputs, live outputs]")


class _Reader:
    """Reads commands, and knows the slots that there are so far."""

    def __init__(self, inputs: int, arguments: int, locations: tuple[Any, ...]) -> None:
        if not all(isinstance(line, str) and len(line) <= 1024 for line in locations):
            raise MalformedRequestError("the lines of a program are texts")
        self._arguments = arguments
        self._locations = len(locations)
        self._made = set(range(inputs))

    def command(self, row: Any) -> Command:
        match row:
            case (int(kind), int(location), *_) if 0 <= location < self._locations:
                found = self._command(kind, location, row[2:])
                if found is not None:
                    return found
        raise MalformedRequestError(f"no command of a program: {str(row)[:200]}")

    def _command(self, kind: int, location: int, row: tuple[Any, ...]) -> Command | None:
        match kind, row:
            case 0, (str(name), tuple(attrs), int(flags), tuple(operands), tuple(outs)):
                op = OPS.get(name)
                if op is None:
                    raise MalformedRequestError(f"this worker has no op called {name[:100]!r}")
                taken = tuple(self._operand(x) for x in operands)
                return Call(op, attrs, flags, taken, self._make(outs), location)
            case 1, (tuple(roots), tuple(grads), tuple(targets), tuple(results), create, retain, only, which):
                if len(grads) != len(roots) or len(results) != len(targets):
                    return None
                self.slots(roots), self.slots([g for g in grads if g is not None]), self.slots(targets)
                modes = bool(create), bool(retain), bool(only)
                part = None if which is None else self._part(which)
                return BackwardCall(roots, grads, targets, self._make(results), *modes, part, location)
            case 2, (slot, bool(required)):
                return RequireGrad(self.slots([slot])[0], required, location)
            case 3, (slot,):
                return Detach(self.slots([slot])[0], location)
            case 4, (slot, int(code), tuple(shape), bytes(data)):
                return Constant(self._make((slot,))[0], _array(code, shape, data), location)
        return None

    def _part(self, which: Any) -> Part:
        match which:
            case (int(number), tuple(goals), None | int()):
                until = which[2]
                return Part(number, self.slots(goals), None if until is None else self.slots([until])[0])
        raise MalformedRequestError(f"no part of a backward: {str(which)[:200]}")

    def slots(self, slots: Any) -> tuple[int, ...]:
        """Slots that there are. Raises MalformedRequestError."""
        for slot in slots:
            if type(slot) is not int or slot not in self._made:
                raise MalformedRequestError(f"a program uses slot {str(slot)[:40]} before it is made")
        return tuple(slots)

    def _make(self, slots: tuple[Any, ...]) -> tuple[int, ...]:
        for slot in slots:
            if type(slot) is not int or slot in self._made or not 0 <= slot < MOST_SLOTS:
                raise MalformedRequestError(f"a program makes slot {str(slot)[:40]}, which is no new one")
            self._made.add(slot)
        return slots

    def _operand(self, x: Any) -> Any:
        match x:
            case None:
                return None
            case int() if type(x) is int:
                return self.slots([x])[0]
            case (0, *slots):
                return self.slots(slots)
            case (1, int(index)) if 0 <= index < self._arguments:
                return Argument(index)
            case (2, bool() | int() | float() | complex()):
                return Number(x[1])
        raise MalformedRequestError(f"no operand of a program: {str(x)[:100]}")


def _array(code: int, shape: tuple[Any, ...], data: bytes) -> Any:
    if not 0 <= code < len(dtypes.ALL) or len(shape) > MAX_DIMS or not all(type(n) is int and n >= 0 for n in shape):
        raise MalformedRequestError(f"no constant of a program: dtype {code}, shape {str(shape)[:200]}")
    kind = dtypes.ALL[code]
    size = kind.itemsize
    for n in shape:
        size *= n
    if size != len(data):
        raise MalformedRequestError(f"a constant of shape {shape} in {kind.name} has {size} bytes, not {len(data)}")
    return np.frombuffer(data, kind.np).reshape(shape)
