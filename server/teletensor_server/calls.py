"""One op row: take its operands, run it, bind its results or the error that takes their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from teletensor_core.engine import Value
from teletensor_core.errors import MalformedRequestError
from teletensor_core.plan import INPLACE

from teletensor_server.rows import Rows
from teletensor_server.signatures import Signature
from teletensor_server.table import Poison, Poisoned

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine


def run_op(machine: SessionMachine, rows: Rows, signature: Signature) -> None:
    """Run the op row at `rows.at`. An op that fails poisons what it would have made; only a row of bad form raises."""
    at = rows.at
    outs_at = at + 2
    operands_at = outs_at + signature.outs
    end = operands_at + signature.words
    words = rows.words
    if end > len(words):
        raise MalformedRequestError(f"{signature.op.name}: the row ends after {len(words) - at} words")
    rows.at = end
    location = words[at + 1]
    outs = words[outs_at:operands_at]
    table = machine.table
    try:
        operands, kinds, described = _operands(machine, rows, signature, operands_at)
        plan = signature.plan(kinds, described)
        table.check_room(plan.specs)
        results = machine.engine.run(plan, operands)
    except Poisoned as poisoned:
        _spread(machine, rows, signature, poisoned.poison, outs, operands_at, location)
    except Exception as error:
        shapes = _shapes(machine, rows, operands_at, end)
        poison = machine.fail(error, f"{signature.op.name}({shapes})", location)
        _spread(machine, rows, signature, poison, outs, operands_at, location)
    else:
        for handle, value in zip(outs, results, strict=False):
            table.put(handle, value, location)


def _operands(
    machine: SessionMachine, rows: Rows, signature: Signature, at: int
) -> tuple[list[Any], tuple[Any, ...], list[Any]]:
    """The operands, what selects their plan, and what a plan is made from."""
    operands: list[Any] = []
    kinds: list[Any] = []
    described: list[Any] = []
    words = rows.words
    for part in signature.layout:
        if type(part) is int:
            values = [_operand(machine, rows, word) for word in words[at : at + part]]
            at += part
            specs = tuple(value.spec for value in values)
            operands.append(values)
            kinds.append(specs)
            described.append(specs)
            continue
        value = _operand(machine, rows, words[at])
        at += 1
        operands.append(value)
        if type(value) is Value:
            kinds.append(value.spec)
            described.append(value.spec)
        else:
            kinds.append(type(value))
            described.append(value)
    return operands, tuple(kinds), described


def _operand(machine: SessionMachine, rows: Rows, word: int) -> Any:
    if word > 0:
        value = machine.table.values.get(word)
        return value if type(value) is Value else machine.table.value(word)
    return None if word == 0 else rows.number(word)


def _spread(
    machine: SessionMachine,
    rows: Rows,
    signature: Signature,
    poison: Poison,
    outs: list[int],
    operands_at: int,
    location: int,
) -> None:
    """Put the error where results, and tensors written in place, would have been."""
    for handle in outs:
        machine.table.put(handle, poison, location)
    if signature.flags & INPLACE:
        machine.table.poison(rows.words[operands_at], poison.error)
    for name, part, start in _parts(signature, operands_at):
        if name in signature.op.mutates:
            for handle in rows.words[start : start + part]:
                machine.table.poison(handle, poison.error)


def _parts(signature: Signature, at: int) -> Iterator[tuple[str, int, int]]:
    for name, part in zip(signature.op.operands, signature.layout, strict=True):
        size = part if isinstance(part, int) else 1
        yield name, size, at
        at += size


def _shapes(machine: SessionMachine, rows: Rows, start: int, end: int) -> str:
    parts = []
    for word in rows.words[start:end]:
        value = machine.table.values.get(word) if word > 0 else None
        if type(value) is Value:
            parts.append(repr(value.spec))
        elif word < 0 and -word <= len(rows.numbers):
            parts.append(repr(rows.numbers[-word - 1]))
    return ", ".join(parts)
