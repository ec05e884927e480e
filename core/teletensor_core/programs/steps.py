"""One instruction as a function of the registers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from teletensor_core.engine.engine import Engine
from teletensor_core.programs.code import Number
from teletensor_core.programs.trace import Instruction

Registers: TypeAlias = list[Any]
Step: TypeAlias = Callable[[Registers], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A step, and what there is to know of it.

    `command` is the position in the code of what it belongs to. `launches` is about how many kernels it launches, 0 for
    one that only looks at memory in another way. A step that `escapes` makes what may outlive the run.
    """

    function: Step
    command: int
    name: str
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    launches: int = 0
    escapes: bool = False


def bound(engine: Engine, instruction: Instruction, operands: list[Any], outs: list[int | None]) -> Step:
    """The step that runs an instruction on these registers."""
    function = instruction.function
    if not instruction.bare:
        function = functools.partial(function, engine.xp, **instruction.attrs)
    casts = _array_casts(instruction)
    if casts is not None or instruction.specs is not None or any(isinstance(x, list) for x in operands):
        return _general(engine, function, instruction, operands, outs, casts)
    if instruction.multiple:
        return _several(function, operands, outs)
    return _single(function, operands, outs[0] if outs else None)


def _array_casts(instruction: Instruction) -> list[Any] | None:
    """The casts that are left for the run: those of arrays and arguments."""
    if instruction.casts is None:
        return None
    pairs = zip(instruction.operands, instruction.casts, strict=True)
    casts = [None if isinstance(x, Number) else cast for x, cast in pairs]
    return casts if any(cast is not None for cast in casts) else None


def _single(function: Callable[..., Any], operands: list[int], out: int | None) -> Step:
    if out is None:

        def step(r: Registers) -> None:
            function(*[r[i] for i in operands])

        return step
    match operands:
        case [a]:

            def step(r: Registers) -> None:
                r[out] = function(r[a])

        case [a, b]:

            def step(r: Registers) -> None:
                r[out] = function(r[a], r[b])

        case _:

            def step(r: Registers) -> None:
                r[out] = function(*[r[i] for i in operands])

    return step


def _several(function: Callable[..., Any], operands: list[int], outs: list[int | None]) -> Step:
    def step(r: Registers) -> None:
        for out, result in zip(outs, function(*[r[i] for i in operands]), strict=False):
            if out is not None:
                r[out] = result

    return step


def _general(
    engine: Engine,
    function: Callable[..., Any],
    instruction: Instruction,
    operands: list[Any],
    outs: list[int | None],
    casts: list[Any] | None,
) -> Step:
    """Any instruction: lists, casts before and conforming afterwards."""
    specs, op = instruction.specs, instruction.op

    def step(r: Registers) -> None:
        taken = _taken(r, operands)
        if casts is not None:
            taken = engine.arrays.cast(taken, casts)
        result = function(*taken)
        if not outs:
            return
        results = result if instruction.multiple else (result,)
        for index, (out, value) in enumerate(zip(outs, results, strict=False)):
            if out is None:
                continue
            wanted = specs[index] if specs is not None else None
            r[out] = value if wanted is None or op is None else engine._conform(op, value, wanted, taken)

    return step


def _taken(r: Registers, operands: list[Any]) -> list[Any]:
    return [_taken(r, x) if isinstance(x, list) else r[x] for x in operands]
