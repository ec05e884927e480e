"""Runs prepared steps as CUDA graphs: segments of them, where the same kernels run at the same addresses again.

Some runs go by first, in which the memory settles; in one of them every step is captured alone, and thrown away, to
find those that cannot be: matrix products (CuPy refuses cuBLAS in a capture), whatever waits, sorts, copies from the
host, checks indices, or has a number that changes from run to run as an argument. What is between them is a segment.

Inputs of a program that come from somewhere else each time are copied first, to where a segment can read them.

A segment has been captured with certain addresses of what it reads, and uses certain addresses itself. Whenever it is
launched, it is asked whether the first are the same and the second are free; if not, it is captured once more, or its
steps run as they are. Nothing has to be true of who allocates what for a result to be right; only for it to be fast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple

from teletensor_core.programs.steps import Prepared, Registers

if TYPE_CHECKING:
    from teletensor_core.backends.arena import Arena, Range
    from teletensor_core.backends.graphs import Workshop

# Runs before the one in which steps are tried; afterwards, how often an input moves before it counts as one that does,
# and how often that may happen.
_SETTLING, _OFTEN, _MOST_CUTS = 2, 2, 8
# Less than so many kernels are not worth a graph. Nobody has measured it.
_FEW = 3
# Graphs that a segment has at a time, and launches that pay for one more.
_MOST_VARIANTS, _PAYS = 4, 32


class GraphRunner:
    """Runs steps on registers. `position` is that of the step which runs, or ran last.

    `inputs` and `arguments` are the registers that come from outside, `results` those that hold one result after
    another, `outputs` those that are read at the end. A copy of `copyable` inputs serves as well as they do.
    """

    def __init__(
        self,
        workshop: Workshop,
        out_of_memory: tuple[type[BaseException], ...],
        steps: Sequence[Prepared],
        inputs: Sequence[int],
        copyable: Set[int],
        arguments: Sequence[int],
        results: Set[int],
        outputs: Set[int],
    ) -> None:
        self.workshop = workshop
        self.steps = steps
        self.arguments = arguments
        self.results = results
        self.outputs = outputs
        self.inputs = frozenset(inputs)
        self._copyable = copyable
        self.position = 0
        self._out_of_memory = out_of_memory
        self._runs = 0
        self._plain: set[int] = set()
        self._launches = [step.launches for step in steps]
        self._pointers: list[int] = []
        self._moves: dict[int, int] = {}
        self._moving: Set[int] = frozenset()
        self._copies: dict[int, Any] = {}
        self._cuts = 0
        self._parts: list[_Segment | int] | None = None

    def run(self, registers: Registers) -> None:
        """Run every step. Raises what a step raises; after that of an exhausted device, graphs are given up."""
        if self.workshop.is_closed:
            self._parts, self._copies = None, {}
            for i in range(len(self.steps)):
                self.position = i
                self.steps[i].function(registers)
            return
        try:
            with self.workshop.memory():
                self._run(registers)
        except self._out_of_memory as error:
            self.give_up("memory", error)
            raise

    def give_up(self, what: str, error: BaseException) -> None:
        """Run steps one by one from now on, and let go of what was kept for graphs."""
        self.workshop.graphs.refused(what, error)
        self.workshop.close()

    def _run(self, registers: Registers) -> None:
        self._runs += 1
        self._watch(registers)
        if self._parts is None:
            probing = self._runs > _SETTLING
            for i in range(len(self.steps)):
                if probing:
                    self._probe(i, registers)
                self.step(i, registers)
            if probing:
                self._parts = self._cut(registers)
            return
        if self.arguments:
            self.workshop.set_numbers([registers[i] for i in self.arguments])
        for i, copy in self._copies.items():
            copy[...] = registers[i]
            registers[i] = copy
        for part in self._parts:
            if isinstance(part, int):
                self.step(part, registers)
            else:
                part.run(registers)
                if self.workshop.is_closed:
                    # The rest of the steps, as they are; what they need is in the registers.
                    for i in range(part.stop, len(self.steps)):
                        self.step(i, registers)
                    return

    def step(self, i: int, registers: Registers) -> None:
        """Run one step."""
        self.position, step = i, self.steps[i]
        self.workshop.arena = self.workshop.outer if step.escapes else self.workshop.inner
        step.function(registers)

    # -- where segments are ------------------------------------------------------------------------------------------

    def _watch(self, registers: Registers) -> None:
        """Notice inputs that move."""
        pointers = [registers[i].data.ptr for i in range(len(self.inputs))]
        moved = [i for i, (old, new) in enumerate(zip(self._pointers, pointers, strict=False)) if old != new]
        self._pointers = pointers
        for i in moved:
            self._moves[i] = self._moves.get(i, 0) + 1
        if self._parts is not None and any(self._moves[i] >= _OFTEN for i in moved if i not in self._moving):
            self._cuts += 1
            self._parts = self._cut(registers)

    def _probe(self, i: int, registers: Registers) -> None:
        """Try to capture a step alone."""
        trial = registers.copy()
        for index, register in enumerate(self.arguments):
            trial[register] = self.workshop.argument(index)
        try:
            self.workshop.capture(lambda: self.step(i, trial))
            # About as many as there are arrays made, if more than one could tell before.
            self._launches[i] = max(self._launches[i], self.workshop.made)
        except Exception as error:
            self._plain.add(i)
            self.workshop.graphs.refused(self.steps[i].name, error)

    def _cut(self, registers: Registers) -> list[_Segment | int]:
        least = 1 if self._cuts == 0 else _OFTEN
        self._moving = {i for i, moves in self._moves.items() if moves >= least}
        if self._cuts > _MOST_CUTS:
            self._moving = self.inputs
        wanted = {i for at, step in enumerate(self.steps) if at not in self._plain for i in step.reads}
        copied = wanted & self._moving & self._copyable
        self._copies = {i: self.workshop.lasting(registers[i].shape, registers[i].dtype) for i in sorted(copied)}
        out_of_reach = self._moving - copied
        parts: list[_Segment | int] = []
        start = 0
        for i, step in enumerate(self.steps):
            if i in self._plain or not out_of_reach.isdisjoint(step.reads):
                parts += [*self._segment(start, i), i]
                start = i + 1
        return [*parts, *self._segment(start, len(self.steps))]

    def _segment(self, start: int, stop: int) -> list[_Segment | int]:
        """Steps as a segment, with those at its ends left out that launch nothing; as they are, if there are few."""
        working = [i for i in range(start, stop) if self._launches[i]]
        if sum(self._launches[i] for i in working) < _FEW:
            return list(range(start, stop))
        first, last = working[0], working[-1] + 1
        return [*range(start, first), _Segment(self, first, last), *range(last, stop)]


class _Like(NamedTuple):
    shape: tuple[int, ...]
    dtype: Any
    strides: tuple[int, ...]


class _Result(NamedTuple):
    """What is in a register after a launch: an array `offset` bytes into a range, or into the memory of an external."""

    register: int
    offset: int
    like: _Like
    kept: int = -1
    external: int = -1
    constant: Any = None


class _Segment:
    """The steps from `start` up to `stop`, with their graphs."""

    def __init__(self, runner: GraphRunner, start: int, stop: int) -> None:
        self.runner = runner
        self.start, self.stop = start, stop
        self.externals, self.written = self._interface()
        self.live = [i for i in sorted(self.written) if self._is_read_later(i)]
        touched = {*self.written, *self.externals} & runner.results
        self.dead = [i for i in sorted(touched) if not self._is_read_later(i)]
        self.variants: list[_Variant] = []
        self._captures = self._launches = 0

    def _interface(self) -> tuple[list[int], set[int]]:
        """The registers of others that are read, and those that are written."""
        externals: dict[int, None] = {}
        written: set[int] = set()
        ours = self.runner.inputs | self.runner.results
        for step in self.runner.steps[self.start : self.stop]:
            externals.update((i, None) for i in step.reads if i not in written and i in ours)
            written.update(step.writes)
        return list(externals), written

    def _is_read_later(self, register: int) -> bool:
        for step in self.runner.steps[self.stop :]:
            if register in step.reads:
                return True
            if register in step.writes:
                return False
        return register in self.runner.outputs

    def run(self, registers: Registers) -> None:
        """Have the steps done."""
        key = tuple([registers[i].data.ptr for i in self.externals])
        for variant in self.variants:
            if variant.key == key and variant.fits():
                self._launch(variant, registers)
                break
        else:
            if self._captures < _MOST_VARIANTS + self._launches // _PAYS:
                self._capture(registers, key)
            else:
                self._run_steps(registers)
        for i in self.dead:
            registers[i] = None

    def _run_steps(self, registers: Registers) -> None:
        for i in range(self.start, self.stop):
            self.runner.step(i, registers)

    def _launch(self, variant: _Variant, registers: Registers) -> None:
        self.runner.position = self.start
        try:
            self.runner.workshop.launch(variant.graph)
        except RuntimeError as error:
            self.runner.give_up("launching a graph", error)
            self._run_steps(registers)
            return
        variant.fill(registers)
        self._launches += 1

    def _capture(self, registers: Registers, key: tuple[int, ...]) -> None:
        """Capture the steps with the registers as they are, and launch what was captured."""
        runner, workshop = self.runner, self.runner.workshop
        before = registers.copy()
        numbers = [registers[i] for i in runner.arguments]
        for index, register in enumerate(runner.arguments):
            registers[register] = workshop.argument(index)
        self._captures += 1
        try:
            graph, ranges = workshop.capture(lambda: self._run_steps(registers))
            if numbers:
                workshop.set_numbers(numbers)
            workshop.launch(graph)
        except Exception as error:
            # Nothing has run.
            registers[:] = before
            runner.give_up("capturing steps together", error)
            self._run_steps(registers)
            return
        for register in runner.arguments:
            registers[register] = before[register]
        made = _Variant(self, graph, key, ranges, registers, before)
        self.variants = [*self.variants[-_MOST_VARIANTS + 1 :], made]
        workshop.graphs.count(captured=1)


class _Variant:
    """A graph of a segment, for one set of addresses."""

    def __init__(
        self,
        segment: _Segment,
        graph: Any,
        key: tuple[int, ...],
        ranges: list[tuple[Arena, Range]],
        registers: Registers,
        before: Registers,
    ) -> None:
        self.graph = graph
        self.key = key
        self._ranges = ranges
        self._kept: list[tuple[Arena, Range]] = []
        workshop = segment.runner.workshop
        self._arenas = (workshop.inner, workshop.outer)
        self._view: Callable[[Any, Any], Any] = workshop.view
        known = {i: before[i] for i in segment.externals}
        self._results = [self._result(i, registers[i], known) for i in segment.live]

    def _result(self, register: int, array: Any, externals: dict[int, Any]) -> _Result:
        like = _Like(array.shape, array.dtype, array.strides)
        low, high = _extent(array)
        for i, other in externals.items():
            start, end = _extent(other)
            if start <= low and high <= end:
                return _Result(register, array.data.ptr - other.data.ptr, like, external=i)
        for arena in self._arenas:
            found = arena.range_of(array)
            if found is not None:
                if (arena, found) not in self._kept:
                    self._kept.append((arena, found))
                return _Result(register, array.data.ptr - found.start, like, kept=self._kept.index((arena, found)))
        # A look at what is the same in every run.
        return _Result(register, 0, like, constant=array)

    def fits(self) -> bool:
        """Whether nobody else has the memory that the graph uses."""
        return all(arena.is_free(each) for arena, each in self._ranges)

    def fill(self, registers: Registers) -> None:
        """Put the results of a launch into their registers."""
        kept = [arena.take(each) for arena, each in self._kept]
        made = []
        for result in self._results:
            if result.constant is not None:
                made.append(result.constant)
                continue
            pointer = kept[result.kept] if result.kept >= 0 else registers[result.external].data
            made.append(self._view(pointer + result.offset, result.like))
        for result, array in zip(self._results, made, strict=True):
            registers[result.register] = array


def _extent(array: Any) -> tuple[int, int]:
    """The addresses from and up to which an array has elements."""
    reach = [(n - 1) * step for n, step in zip(array.shape, array.strides, strict=True)] if array.size else []
    start = array.data.ptr
    return start + sum(min(step, 0) for step in reach), start + array.itemsize + sum(max(step, 0) for step in reach)
