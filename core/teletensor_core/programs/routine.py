"""Instructions made ready to run: functions bound, operands in numbered registers, nothing left to look up.

A register holds one array after another: a result goes where an operand was that nobody needs any more, which frees it.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from teletensor_core.engine.arrays import number
from teletensor_core.engine.engine import Engine
from teletensor_core.programs.code import Argument, Number
from teletensor_core.programs.graphs import GraphRunner
from teletensor_core.programs.passes import Straight, read_by
from teletensor_core.programs.steps import Prepared, Registers, Step, bound
from teletensor_core.programs.trace import Instruction

if TYPE_CHECKING:
    from teletensor_core.backends.graphs import Workshop

# Arrays from this size on are let go at once; smaller ones when their register is used again.
_LARGE = 1 << 16
# To copy more than this takes longer than a graph saves.
_MOST_COPIED = 16 << 20


class StepFailure(Exception):
    """A step of a routine failed: `command` is the position in the code of what it belongs to."""

    def __init__(self, command: int, error: Exception) -> None:
        super().__init__(command, error)
        self.command = command
        self.error = error


class Routine:
    """Runs prepared steps: arrays and numbers in, arrays out. Not thread-safe.

    `held` is how many bytes it keeps between runs, `peak` how many it needs besides while it runs. With a workshop it
    runs as CUDA graphs as far as it can.
    """

    def __init__(self, engine: Engine, straight: Straight, arguments: int, workshop: Workshop | None = None) -> None:
        builder = _Builder(engine, straight, arguments)
        self._steps = [step.function for step in builder.steps]
        self._commands = [step.command for step in builder.steps]
        self._progress = iter(self._steps)
        self._template = builder.template
        self._inputs = len(straight.inputs)
        self._arguments = arguments
        self._outputs = tuple(builder.where[slot] for slot in straight.outputs)
        self._runner: GraphRunner | None = None
        if workshop is not None:
            first = self._inputs
            self._runner = GraphRunner(
                workshop,
                engine.backend.out_of_memory_errors,
                builder.steps,
                range(first),
                builder.copyable(),
                range(first, first + arguments),
                builder.results,
                frozenset(self._outputs),
            )
        self.held = sum(array.nbytes for array in straight.constants.values()) + straight.scratch
        self.peak = builder.peak

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def running(self) -> int:
        """The position in the code of what the step that runs now, or ran last, belongs to."""
        if self._runner is not None:
            return self._commands[self._runner.position]
        return self._commands[len(self._steps) - operator.length_hint(self._progress) - 1]

    def run(self, arrays: Sequence[Any], numbers: Sequence[Any] = ()) -> list[Any]:
        """The outputs. Raises StepFailure."""
        registers = self._template.copy()
        count = self._inputs
        registers[:count] = arrays
        registers[count : count + self._arguments] = numbers
        self._progress = iter(self._steps)
        try:
            if self._runner is not None:
                self._runner.run(registers)
            else:
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
        self.steps: list[Prepared] = []
        # Registers that hold one result after another.
        self.results: set[int] = set()
        self._outer = straight.roots(straight.outputs)
        self._free: list[int] = []
        self._numbers: dict[int, int] = {}
        for slot, array in straight.constants.items():
            self.where[slot] = self._fixed(array)
        self._last = self._last_uses()
        self.peak = 0
        self._build()

    def copyable(self) -> frozenset[int]:
        """The registers of dense inputs, not too large, that nobody writes to and that no output is a view of."""
        straight = self.straight
        taken = self._outer | straight.roots(slot for step in straight.instructions for slot in step.writes)
        arrays = [straight.trace.arrays[slot] for slot in straight.inputs]
        return frozenset(
            i
            for i, (slot, array) in enumerate(zip(straight.inputs, arrays, strict=True))
            if straight.root(slot) not in taken and array.flags.c_contiguous and array.nbytes <= _MOST_COPIED
        )

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
            self._emit(bound(self.engine, instruction, operands, outs), instruction, operands, outs)
            live += sum(_own_bytes(arrays[out]) for out in instruction.outs if out is not None)
            self.peak = max(self.peak, live)
            live -= sum(_own_bytes(arrays[slot]) for slot in dying)
            never = [self.where[slot] for slot in dying if slot in instruction.outs]
            self._free.extend(register for register in never if register not in self._free)
            self._let_go(dying, freed, outs, instruction.command)

    def _result(self, slot: int) -> int:
        self.where[slot] = self._free.pop() if self._free else self._fixed(None)
        self.results.add(self.where[slot])
        return self.where[slot]

    def _let_go(self, dying: list[int], freed: list[int], outs: list[Any], command: int) -> None:
        arrays = self.straight.trace.arrays
        large = [
            self.where[slot]
            for slot in dying
            if arrays[slot].nbytes >= _LARGE and self.where[slot] in freed and self.where[slot] not in outs
        ]
        if large:
            self.steps.append(Prepared(_emptying(large), command, "let go", writes=tuple(large)))

    def _emit(self, step: Step, instruction: Instruction, operands: list[Any], outs: list[int | None]) -> None:
        op = instruction.op
        escapes = not self._outer.isdisjoint(self.straight.roots(out for out in instruction.outs if out is not None))
        launches = 0 if op is not None and op.view else len(instruction.writes) or 1
        self.steps.append(
            Prepared(
                step,
                instruction.command,
                _name(instruction),
                tuple(_flat(operands)),
                tuple(out for out in outs if out is not None),
                launches,
                escapes,
            )
        )

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


def _name(instruction: Instruction) -> str:
    if instruction.op is not None:
        return instruction.op.name
    return str(getattr(instruction.function, "__name__", "a chain of steps"))


def _flat(registers: list[Any]) -> list[int]:
    return [i for x in registers for i in (_flat(x) if isinstance(x, list) else (x,))]


def _own_bytes(array: Any) -> int:
    return int(array.nbytes) if array.base is None else 0


def _emptying(registers: list[int]) -> Step:
    def step(r: Registers) -> None:
        for i in registers:
            r[i] = None

    return step
