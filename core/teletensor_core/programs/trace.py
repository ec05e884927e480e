"""What one run of a program did to arrays: a flat list of kernel calls, from which later runs are prepared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from teletensor_core.programs.code import Argument, Number
from teletensor_core.registry import Op
from teletensor_core.spec import Spec


class Untraceable(Exception):
    """A step used an array that no recorded step has made."""


@dataclass(eq=False, slots=True)
class Instruction:
    """One kernel call: `function(xp, *operands, **attrs)`.

    Operands are slots, lists of operands, `Number`s (values that every run uses) and `Argument`s. `outs` are slots of
    results, None for one that nobody asked for; with `multiple` the function returns a sequence of them. `casts` go
    before the call, as in a plan; `specs`, where there are any, are what the results are made to conform to. `writes`
    are the slots whose memory the call changes. `command` is the position in the code of what it belongs to. A step
    that `copies` may be left out where nobody needs the original; a `bare` function is called without `xp`.
    """

    function: Callable[..., Any]
    operands: tuple[Any, ...]
    attrs: dict[str, Any]
    outs: tuple[int | None, ...]
    command: int
    multiple: bool = False
    casts: Sequence[Any] | None = None
    specs: tuple[Spec | None, ...] | None = None
    writes: tuple[int, ...] = ()
    op: Op | None = None
    copies: bool = False
    bare: bool = False


class Trace:
    """Instructions in order, and the array that each slot held in the traced run.

    Slots are told by the identity of arrays, which live as long as the trace. `roots` groups slots that share memory.
    """

    def __init__(self, array_type: type[Any], reserve: Callable[[int], None]) -> None:
        self.array_type = array_type
        # Told how many bytes a step outside of planned ops has made; may raise.
        self.reserve = reserve
        self.instructions: list[Instruction] = []
        self.arrays: list[Any] = []
        self.roots: list[int] = []
        self.command = 0
        self._slots: dict[int, int] = {}
        self._owners: dict[int, int] = {}

    # -- slots -------------------------------------------------------------------------------------------------------

    def define(self, array: Any) -> int:
        """A new slot that holds this array."""
        slot = len(self.arrays)
        self.arrays.append(array)
        self._slots[id(array)] = slot
        owner = array
        while type(owner.base) is self.array_type:
            owner = owner.base
        self.roots.append(self._owners.setdefault(id(owner), slot))
        return slot

    def slot(self, array: Any) -> int:
        """The slot that holds an array. Raises Untraceable for one that came from nowhere."""
        found = self._slots.get(id(array))
        if found is None:
            raise Untraceable(f"an array of shape {list(array.shape)} was not made by a recorded step")
        return found

    def knows(self, array: Any) -> bool:
        """Whether a slot holds this very array."""
        return id(array) in self._slots

    def operand(self, x: Any) -> Any:
        """How an instruction names what a kernel is given."""
        if isinstance(x, self.array_type):
            return self.slot(x)
        if isinstance(x, (list, tuple)) and any(isinstance(v, self.array_type) for v in x):
            return tuple(self.operand(v) for v in x)
        return Number(x)

    def results(self, arrays: Sequence[Any]) -> tuple[int | None, ...]:
        """New slots for results; None for what is no array, and for an operand that was handed back as it was."""
        return tuple(None if not isinstance(x, self.array_type) or self.knows(x) else self.define(x) for x in arrays)

    # -- instructions ------------------------------------------------------------------------------------------------

    def kernel(
        self, op: Op, kernel: Callable[..., Any], operands: Sequence[Any], attrs: dict[str, Any], result: Any
    ) -> None:
        """Note a kernel of an op that ran straight on arrays."""
        if any(isinstance(v, self.array_type) for v in attrs.values()):
            raise Untraceable(f"{op.name} was given an array as an attribute")
        named = tuple(self.operand(x) for x in operands)
        multiple = isinstance(result, (list, tuple))
        outs = self.results(result if multiple else [result])
        self._count(outs)
        if any(out is not None for out in outs):
            self.add(kernel, named, attrs, outs, multiple=multiple, op=op)

    def chore(self, function: Callable[..., Any], operands: Sequence[Any], result: Any, **more: Any) -> Any:
        """Note a step of the engine's own, `function(xp, *operands)`; gives its result."""
        named = tuple(self.operand(x) for x in operands)
        outs = self.results([result])
        self._count(outs)
        self.add(function, named, {}, outs, **more)
        return result

    def _count(self, outs: Sequence[int | None]) -> None:
        made = [self.arrays[out] for out in outs if out is not None]
        self.reserve(sum(array.nbytes for array in made if array.base is None))

    def constant(self, function: Callable[..., Any], original: Any, result: Any) -> None:
        """Note a step that makes `result` from an array that nothing ever changes."""
        self.add(function, (Number(original),), {}, self.results([result]))

    def add(
        self,
        function: Callable[..., Any],
        operands: tuple[Any, ...],
        attrs: dict[str, Any],
        outs: tuple[int | None, ...],
        **more: Any,
    ) -> None:
        """Append an instruction of the command that is running."""
        self.instructions.append(Instruction(function, operands, attrs, outs, self.command, **more))

    # -- going back --------------------------------------------------------------------------------------------------

    def mark(self) -> tuple[int, int]:
        """Where the trace stands."""
        return len(self.instructions), len(self.arrays)

    def back_to(self, mark: tuple[int, int]) -> None:
        """Forget everything since the mark."""
        instructions, slots = mark
        del self.instructions[instructions:]
        for array in self.arrays[slots:]:
            self._slots.pop(id(array), None)
        self._owners = {owner: slot for owner, slot in self._owners.items() if slot < slots}
        del self.arrays[slots:], self.roots[slots:]


def slots_of(operand: Any) -> list[int]:
    """The slots that an operand mentions."""
    if isinstance(operand, int):
        return [operand]
    if isinstance(operand, tuple):
        return [slot for part in operand for slot in slots_of(part)]
    return []


def arguments_of(operand: Any) -> bool:
    """Whether an operand is, or holds, a number that changes from run to run."""
    if isinstance(operand, tuple):
        return any(arguments_of(part) for part in operand)
    return isinstance(operand, Argument)
