"""What later runs need not do: constant steps, steps that nobody asked for, copies of what nobody else holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from teletensor_core.programs.trace import Instruction, Trace, arguments_of, slots_of

# Constants are kept between runs: no more than this of them.
_MOST_CONSTANT_BYTES = 16 << 20


@dataclass(eq=False)
class Straight:
    """A straight run of instructions: what goes in, what comes out, and what is the same in every run."""

    trace: Trace
    instructions: list[Instruction]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    constants: dict[int, Any] = field(default_factory=dict)
    # Bytes that steps keep for themselves between runs.
    scratch: int = 0
    memory: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.memory = list(self.trace.roots)

    def root(self, slot: int) -> int:
        """What tells the memory of a slot."""
        return self.memory[slot]

    def roots(self, slots: Iterable[int]) -> set[int]:
        """The memories of slots."""
        return {self.memory[slot] for slot in slots}

    def merge(self, slot: int, into: int) -> None:
        """Let everything that shows the memory of one slot show that of another."""
        old, new = self.memory[slot], self.memory[into]
        self.memory = [new if root == old else root for root in self.memory]


def read_by(instruction: Instruction) -> list[int]:
    """The slots that an instruction takes."""
    return slots_of(instruction.operands)


def simplified(
    trace: Trace, instructions: Sequence[Instruction], inputs: Sequence[int], outputs: Sequence[int]
) -> Straight:
    """The instructions that runs after the traced one need."""
    straight = Straight(trace, list(instructions), tuple(inputs), tuple(outputs))
    _fold_constants(straight)
    _drop_unused(straight)
    _drop_copies(straight)
    return straight


def _fold_constants(straight: Straight) -> None:
    """Keep what depends on nothing that changes, as the traced run has computed it."""
    written = straight.roots(slot for step in straight.instructions for slot in step.writes)
    untouchable = written | straight.roots(straight.outputs) | straight.roots(straight.inputs)
    left: list[Instruction] = []
    room = _MOST_CONSTANT_BYTES
    for step in straight.instructions:
        outs = [slot for slot in step.outs if slot is not None]
        size = sum(straight.trace.arrays[slot].nbytes for slot in outs)
        constant = (
            outs
            and not step.writes
            and not arguments_of(step.operands)
            and all(slot in straight.constants for slot in read_by(step))
            and straight.roots(outs).isdisjoint(untouchable)
        )
        if constant and size <= room:
            room -= size
            straight.constants.update((slot, straight.trace.arrays[slot]) for slot in outs)
        else:
            left.append(step)
    straight.instructions = left


def _drop_unused(straight: Straight) -> None:
    """Leave out what neither leads to an output nor changes an input."""
    live = set(straight.outputs)
    memory = straight.roots(live) | straight.roots(straight.inputs)
    kept: list[Instruction] = []
    for step in reversed(straight.instructions):
        wanted = any(out in live for out in step.outs if out is not None)
        if not wanted and straight.roots(step.writes).isdisjoint(memory):
            continue
        taken = read_by(step)
        live.update(taken)
        memory |= straight.roots(taken)
        kept.append(replace(step, outs=tuple(out if out in live else None for out in step.outs)))
    kept.reverse()
    straight.instructions = kept
    straight.constants = {slot: array for slot, array in straight.constants.items() if slot in live}


def _drop_copies(straight: Straight) -> None:
    """Hand out an array itself, where a copy was made of one that nothing uses afterwards."""
    made = straight.roots(out for step in straight.instructions for out in step.outs if out is not None)
    made -= straight.roots(straight.inputs) | straight.roots(straight.constants)
    last = _last_uses(straight)
    kept: list[Instruction] = []
    names: dict[int, int] = {}
    for position, step in enumerate(straight.instructions):
        step = _renamed(step, names)
        source, out = step.operands[0] if step.copies else None, step.outs[0] if step.copies else None
        if out is not None and isinstance(source, int):
            root = straight.root(source)
            if root in made and last[root] <= position and _is_whole(straight.trace, source):
                names[out] = source
                last[root] = max(last[root], last[straight.root(out)])
                straight.merge(out, source)
                continue
        kept.append(step)
    straight.instructions = kept
    straight.outputs = tuple(names.get(slot, slot) for slot in straight.outputs)


def _last_uses(straight: Straight) -> dict[int, int]:
    """Where each memory is used for the last time; that of outputs, never."""
    last: dict[int, int] = {}
    for position, step in enumerate(straight.instructions):
        for slot in (*read_by(step), *step.writes, *[out for out in step.outs if out is not None]):
            last[straight.root(slot)] = position
    for slot in straight.outputs:
        last[straight.root(slot)] = len(straight.instructions)
    return last


def _is_whole(trace: Trace, slot: int) -> bool:
    """Whether an array is dense and all of its memory."""
    array = trace.arrays[slot]
    owner = array
    while type(owner.base) is trace.array_type:
        owner = owner.base
    return bool(array.flags.c_contiguous and array.nbytes == owner.nbytes)


def _renamed(step: Instruction, names: dict[int, int]) -> Instruction:
    if not names:
        return step
    return replace(
        step,
        operands=_rename(step.operands, names),
        writes=tuple(names.get(slot, slot) for slot in step.writes),
    )


def _rename(operand: Any, names: dict[int, int]) -> Any:
    if isinstance(operand, int):
        return names.get(operand, operand)
    return tuple(_rename(part, names) for part in operand) if isinstance(operand, tuple) else operand
