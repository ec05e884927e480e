"""One op row: take its operands, run it, bind its results or the error that takes their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from teletensor_core.backends import Origin
from teletensor_core.engine import Value
from teletensor_core.engine.engine import RuleMismatch
from teletensor_core.errors import MalformedRequestError
from teletensor_core.plan import INPLACE

from teletensor_server.memory import cost_of_specs
from teletensor_server.rows import Rows
from teletensor_server.signatures import Signature
from teletensor_server.table import Poison, Poisoned

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

# What an error names: so many operands, so many characters of each, and in all.
_MOST_OPERANDS, _MOST_OF_ONE, _MOST_CHARACTERS = 16, 80, 300


def run_op(machine: SessionMachine, rows: Rows, signature: Signature) -> None:
    """Run the op row at `rows.at`. An op that fails poisons what it would have made; only a row of bad form raises."""
    words, outs_at = rows.words, rows.at + 2
    operands_at = outs_at + signature.outs
    end = operands_at + signature.words
    if end > len(words):
        raise MalformedRequestError(f"{signature.op.name}: the row ends after {len(words) - rows.at} words")
    location = words[outs_at - 1]
    table = machine.table
    try:
        operands, kinds = _operands(machine, rows, signature, operands_at)
        prepared = signature.plans.get(kinds)
        if prepared is None:
            prepared = machine.signatures.prepare(signature, kinds, operands, table.max_bytes)
        plan, cost = prepared
        table.reserve(cost)
        if plan.is_plain:
            table.put(words[outs_at], machine.engine.run_plain(plan, operands), location)
            rows.at = end
            return
        results = machine.engine.run(plan, operands)
        if signature.op.dynamic:
            table.settle(cost, cost_of_specs([value.spec for value in results]))
    except Poisoned as poisoned:
        _spread(machine, rows, signature, poisoned.poison, outs_at, location)
    except Exception as error:
        if isinstance(error, RuleMismatch) and not signature.op.namespaces:
            # A step of a gradient, whose rule trusts the engine to give it operands that fit.
            error = MalformedRequestError(str(error))
        poison = machine.fail(error, origin(machine, rows).command or signature.op.name, location)
        _spread(machine, rows, signature, poison, outs_at, location)
    else:
        for handle, value in zip(words[outs_at:operands_at], results, strict=False):
            table.put(handle, value, location)
    rows.at = end


class _Call(NamedTuple):
    """An op that ran: its operands are specs and numbers."""

    signature: Signature
    operands: tuple[Any, ...]
    where: str | None

    @property
    def command(self) -> str:
        """The call as an error names it: `gather(float32[3], int64[9], dim=0)`."""
        signature = self.signature
        parts = [repr(x)[:_MOST_OF_ONE] for x in self.operands]
        if signature.words > _MOST_OPERANDS:
            parts.append(f"... {signature.words} in all")
        attrs = zip(signature.op.attrs, signature.attrs, strict=True)
        parts += [f"{name}={value!r}"[:_MOST_OF_ONE] for name, value in attrs if value is not None]
        return f"{signature.op.name}({', '.join(parts)})"[:_MOST_CHARACTERS]


def origin(machine: SessionMachine, rows: Rows) -> Origin:
    """What the op row at `rows.at` runs, and the client's line of it; put into words only where they are needed."""
    words, values = rows.words, machine.table.values
    signature = machine.signatures.by_number[words[rows.at]]
    start = rows.at + 2 + signature.outs
    operands: list[Any] = []
    for word in words[start : start + min(signature.words, _MOST_OPERANDS)]:
        value = values.get(word) if word > 0 else None
        if type(value) is Value:
            operands.append(value.spec)
        elif word < 0 and -word <= len(rows.numbers):
            operands.append(rows.numbers[-word - 1])
    return _Call(signature, tuple(operands), machine.locations.get(words[rows.at + 1]))


def _operands(
    machine: SessionMachine, rows: Rows, signature: Signature, at: int
) -> tuple[Sequence[Any], tuple[Any, ...]]:
    """The operands, and their kinds, which select a plan: the specs of tensors, the types of numbers, None."""
    words, values = rows.words, machine.table.values
    operands: list[Any] = []
    kinds: list[Any] = []
    for part in signature.layout:
        if type(part) is int:
            listed = [machine.table.value(word) for word in words[at : at + part]]
            at += part
            operands.append(listed)
            kinds.append(tuple([value.spec for value in listed]))
            continue
        word = words[at]
        at += 1
        if word > 0:
            value = values.get(word)
            if type(value) is not Value:
                value = machine.table.value(word)
            operands.append(value)
            kinds.append(value.spec)
        else:
            number = None if word == 0 else rows.number(word)
            operands.append(number)
            kinds.append(type(number))
    return operands, tuple(kinds)


# -- when it fails ---------------------------------------------------------------------------------------------------


def _spread(
    machine: SessionMachine, rows: Rows, signature: Signature, poison: Poison, outs_at: int, location: int
) -> None:
    """Put the error where results, and tensors written in place, would have been."""
    operands_at = outs_at + signature.outs
    for handle in rows.words[outs_at:operands_at]:
        machine.table.put_error(handle, poison, location)
    if signature.flags & INPLACE:
        machine.table.poison(rows.words[operands_at], poison)
    for name, size, start in _parts(signature, operands_at):
        if name in signature.op.mutates:
            for handle in rows.words[start : start + size]:
                machine.table.poison(handle, poison)


def _parts(signature: Signature, at: int) -> Iterator[tuple[str, int, int]]:
    """Where each operand's words are."""
    for name, part in zip(signature.op.operands, signature.layout, strict=True):
        size = part if isinstance(part, int) else 1
        yield name, size, at
        at += size
