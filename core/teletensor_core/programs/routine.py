"""Instructions made ready to run: functions bound, operands in numbered registers, nothing left to look up.

A register holds one array after another: a result goes where an operand was that nobody needs any more, which frees it.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from teletensor_core.engine.arrays import number
from teletensor_core.engine.engine import Engine
from teletensor_core.programs.code import Argument, Number
from teletensor_core.programs.passes import Straight, read_by
from teletensor_core.programs.trace import Instruction

Registers: TypeAlias = list[Any]
Step: TypeAlias = Callable[[Registers], None]

# Arrays from this size on are let go at once; smaller ones when their register is used again.
_LARGE = 1 << 16


class StepFailure(Exception):
    """A step of a routine failed: `command` is the position in the code of what it belongs to."""

    def __init__(self, command: int, error: Exception) -> None:
        super().__init__(command, error)
        self.command = command
        self.error = error


class Routine:
    """Runs prepared steps: arrays and numbers in, arrays out. Not thread-safe.

    `held` is how many bytes it keeps between runs, `peak` how many it needs besides while it runs.
    """

    def __init__(self, engine: Engine, straight: Straight, arguments: int) -> None:
        builder = _Builder(engine, straight, arguments)
        self._steps = builder.steps
        self._commands = builder.commands
        self._progress = iter(self._steps)
        self._template = builder.template
        self._inputs = len(straight.inputs)
        self._arguments = arguments
        self._outputs = tuple(builder.where[slot] for slot in straight.outputs)
        self.held = sum(array.nbytes for array in straight.constants.values()) + straight.scratch
        self.peak = builder.peak

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def running(self) -> int:
        """The position in the code of what the step that runs now, or ran last, belongs to."""
        return self._commands[len(self._steps) - operator.length_hint(self._progress) - 1]

    def run(self, arrays: Sequence[Any], numbers: Sequence[Any] = ()) -> list[Any]:
        """The outputs. Raises StepFailure."""
        registers = self._template.copy()
        count = self._inputs
        registers[:count] = arrays
        registers[count : count + self._arguments] = numbers
        self._progress = iter(self._steps)
        try:
            for step in self._progress:
                step(registers)
        except Exception as error:
            raise StepFailure(self.running, error) from error
        return [registers[i] for i in self._outputs]


class _Builder:
    """Gives every slot a register, and every instruction a function of registers."""

    def __init__(self, engine: Engine, straight: Straight, arguments: int) -> None:
        self.engine = engine
        self.straight = straight
        self.where: dict[int, int] = {slot: i for i, slot in enumerate(straight.inputs)}
        self.template: Registers = [None] * (len(straight.inputs) + arguments)
        self.first_argument = len(straight.inputs)
        self.steps: list[Step] = []
        self.commands: list[int] = []
        self._free: list[int] = []
        self._numbers: dict[int, int] = {}
        for slot, array in straight.constants.items():
            self.where[slot] = self._fixed(array)
        self._last = self._last_uses()
        self.peak = 0
        self._build()

    def _fixed(self, value: Any) -> int:
        self.template.append(value)
        return len(self.template) - 1

    def _last_uses(self) -> dict[int, list[int]]:
        """The slots that are used for the last time by each instruction."""
        last: dict[int, int] = {}
        for position, step in enumerate(self.straight.instructions):
            for slot in (*read_by(step), *[out for out in step.outs if out is not None]):
                last[slot] = position
        keep = {*self.straight.outputs, *self.straight.inputs, *self.straight.constants}
        dying: dict[int, list[int]] = {}
        for slot, position in last.items():
            if slot not in keep:
                dying.setdefault(position, []).append(slot)
        return dying

    def _build(self) -> None:
        arrays, live = self.straight.trace.arrays, 0
        for position, instruction in enumerate(self.straight.instructions):
            operands = [self._register(x, i, instruction) for i, x in enumerate(instruction.operands)]
            dying = self._last.get(position, [])
            freed = [self.where[slot] for slot in dying if slot in self.where]
            self._free.extend(freed)
            outs = [None if out is None else self._result(out) for out in instruction.outs]
            self._emit(bound(self.engine, instruction, operands, outs), instruction.command)
            live += sum(_own_bytes(arrays[out]) for out in instruction.outs if out is not None)
            self.peak = max(self.peak, live)
            live -= sum(_own_bytes(arrays[slot]) for slot in dying)
            never = [self.where[slot] for slot in dying if slot in instruction.outs]
            self._free.extend(register for register in never if register not in self._free)
            self._let_go(dying, freed, outs, instruction.command)

    def _result(self, slot: int) -> int:
        self.where[slot] = self._free.pop() if self._free else self._fixed(None)
        return self.where[slot]

    def _let_go(self, dying: list[int], freed: list[int], outs: list[Any], command: int) -> None:
        arrays = self.straight.trace.arrays
        large = [
            self.where[slot]
            for slot in dying
            if arrays[slot].nbytes >= _LARGE and self.where[slot] in freed and self.where[slot] not in outs
        ]
        if large:
            self._emit(_emptying(large), command)

    def _emit(self, step: Step, command: int) -> None:
        self.steps.append(step)
        self.commands.append(command)

    def _register(self, operand: Any, position: int, instruction: Instruction) -> Any:
        """An operand's register, or a list of registers. Numbers are cast here, once and for all."""
        if isinstance(operand, int):
            return self.where[operand]
        if isinstance(operand, tuple):
            return [self._register(part, position, instruction) for part in operand]
        if isinstance(operand, Argument):
            return self.first_argument + operand.index
        assert isinstance(operand, Number)
        value = operand.value
        cast = None if instruction.casts is None else instruction.casts[position]
        return self._fixed(value if cast is None or isinstance(value, list) else number(value, cast))


def _own_bytes(array: Any) -> int:
    return int(array.nbytes) if array.base is None else 0


def _emptying(registers: list[int]) -> Step:
    def step(r: Registers) -> None:
        for i in registers:
            r[i] = None

    return step


# -- one instruction as a function of the registers --------------------------------------------------------------------


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
