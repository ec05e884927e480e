"""A program on an engine: traced on its first run, prepared from the trace, and from then on run as prepared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teletensor_core.engine.engine import Engine, edge_of
from teletensor_core.engine.values import Chain, Value
from teletensor_core.errors import InternalError, MalformedRequestError, UnsupportedError
from teletensor_core.programs.boundary import ProgramNode
from teletensor_core.programs.code import Call, Code
from teletensor_core.programs.fusion import chain_compiler, fuse
from teletensor_core.programs.interpreter import Interpreter, Planner, ProgramFailure
from teletensor_core.programs.passes import Straight, read_by, simplified
from teletensor_core.programs.routine import Routine, StepFailure
from teletensor_core.programs.trace import Instruction, Trace, Untraceable
from teletensor_core.programs.tracing import TracingBackward, TracingEngine
from teletensor_core.spec import Spec

if TYPE_CHECKING:
    from teletensor_core.backends.graphs import Workshop


@dataclass(frozen=True, slots=True)
class _Output:
    """What there is to say about an output besides its elements.

    `base` is the input or output that it is a view of, with the `chain` from there. `index` is its place among the
    outputs that the backward takes gradients of.
    """

    spec: Spec
    requires_grad: bool = False
    base: tuple[str, int] | None = None
    chain: Chain = ()
    index: int | None = None


@dataclass(eq=False)
class _Prepared:
    """What later runs need. `specs` and `needs` are what the inputs were: their layouts, and who wants gradients."""

    forward: Routine
    outputs: list[_Output]
    specs: list[Spec]
    needs: list[bool]
    written: list[tuple[int, int]]
    backward: Routine | None = None
    saved: int = 0
    watched: tuple[tuple[str, int], ...] = ()
    live: tuple[int, ...] = ()
    ops: int = 0


class Program:
    """Runs a program's code with the values and numbers of each call. Not thread-safe: it belongs to one session.

    `planner` plans the ops of the first run; `reserve` is told the bytes of what else that makes. Either may raise.

    Errors are `ProgramFailure`s that name the command. The first run, with its trace, keeps every intermediate result
    until its end; later ones free them as early as they can.
    """

    def __init__(
        self, engine: Engine, code: Code, planner: Planner, reserve: Callable[[int], None] = lambda size: None
    ) -> None:
        self.engine = engine
        self.reserve = reserve
        self.code = code
        self.planner = planner
        self._prepared: _Prepared | None = None
        self._trace: Trace | None = None
        self.workshop = engine.backend.workshop()
        self.runs = 0

    @property
    def is_prepared(self) -> bool:
        """Whether the next run takes prepared steps."""
        return self._prepared is not None

    @property
    def running(self) -> int:
        """The position in the code of the command that runs now, or ran last."""
        if self._trace is not None:
            return self._trace.command
        return 0 if self._prepared is None else self._prepared.forward.running

    @property
    def steps(self) -> int:
        """How many prepared steps a run takes, its backward included; 0 before there are any."""
        prepared = self._prepared
        return 0 if prepared is None else len(prepared.forward) + len(prepared.backward or ())

    @property
    def held(self) -> int:
        """Bytes that are kept between runs: constants, and what graphs work in."""
        prepared = self._prepared
        if prepared is None:
            return 0
        backward = prepared.backward.held if prepared.backward else 0
        return int(prepared.forward.held + backward + (self.workshop.held if self.workshop else 0))

    @property
    def needed(self) -> int:
        """Bytes that a prepared run needs at most for what it computes."""
        return 0 if self._prepared is None else self._prepared.forward.peak

    def run(self, inputs: Sequence[Value], arguments: Sequence[Any]) -> list[Value]:
        """The outputs. Raises ProgramFailure, and MalformedRequestError for another number of inputs or arguments."""
        if len(inputs) != self.code.inputs or len(arguments) != self.code.arguments:
            raise MalformedRequestError(
                f"a program of {self.code.inputs} inputs and {self.code.arguments} arguments was given {len(inputs)} "
                f"and {len(arguments)}"
            )
        self.runs += 1
        if self._prepared is None:
            try:
                tracer = _Tracer(self, inputs, arguments)
                self._trace = tracer.trace
                return tracer.run()
            except Untraceable as error:
                raise ProgramFailure(0, InternalError(f"a program cannot be prepared: {error}")) from None
            finally:
                self._trace = None
        self._check(self._prepared, inputs)
        return self._run_prepared(self._prepared, inputs, arguments)

    def _check(self, prepared: _Prepared, inputs: Sequence[Value]) -> None:
        for i, (value, spec, needs) in enumerate(zip(inputs, prepared.specs, prepared.needs, strict=True)):
            if (value.spec is not spec and not _same(value.spec, spec)) or (edge_of(value) is not None) is not needs:
                raise MalformedRequestError(
                    f"input {i} of a program is {value.spec!r}, {'with' if not needs else 'without'} gradients; it was "
                    f"{spec!r} when the program ran for the first time"
                )

    def _run_prepared(self, prepared: _Prepared, inputs: Sequence[Value], arguments: Sequence[Any]) -> list[Value]:
        try:
            arrays = prepared.forward.run([value.array for value in inputs], arguments)
        except StepFailure as failure:
            raise ProgramFailure(failure.command, failure.error) from failure.error
        self.engine.ops_run += prepared.ops
        _count_writes(inputs, prepared.written)
        return finished(prepared, inputs, arrays)


def _same(a: Spec, b: Spec) -> bool:
    return a.shape == b.shape and a.dtype is b.dtype and a.strides == b.strides


def _count_writes(inputs: Sequence[Value], written: list[tuple[int, int]]) -> None:
    for index, count in written:
        inputs[index].version[0] += count


def finished(prepared: _Prepared, inputs: Sequence[Value], arrays: list[Any]) -> list[Value]:
    """The values of the outputs, with their places in the graph, for the arrays that the forward routine gave."""
    values: list[Value] = []
    for output, array in zip(prepared.outputs, arrays, strict=False):
        value = Value(array, output.spec)
        value.requires_grad = output.requires_grad
        values.append(value)
    for output, value in zip(prepared.outputs, values, strict=True):
        if output.base is not None:
            kind, index = output.base
            _link(value, inputs[index] if kind == "input" else values[index], output.chain)
    if prepared.backward is not None:
        needing = [value for value, needs in zip(inputs, prepared.needs, strict=True) if needs]
        node = ProgramNode(
            prepared.backward,
            needing,
            tuple([edge_of(value) for value in needing]),
            [prepared.outputs[i].spec for i in prepared.live],
            arrays[len(values) :],
            [(inputs if kind == "input" else values)[index] for kind, index in prepared.watched],
        )
        for place, index in enumerate(prepared.live):
            values[index].node, values[index].index = node, place
    return values


def _link(view: Value, source: Value, chain: Chain) -> None:
    base = source if source.base is None else source.base
    view.version = source.version
    view.base = base
    view.chain = (*source.chain, *chain)
    view.seen = base.epoch


class _Tracer:
    """The first run of a program."""

    def __init__(self, program: Program, inputs: Sequence[Value], arguments: Sequence[Any]) -> None:
        self.program = program
        self.code = program.code
        self.inputs = inputs
        self.arguments = arguments
        self.engine = TracingEngine(program.engine, program.reserve)
        self.trace = self.engine.trace
        self.shadows = self._shadows()

    def _shadows(self) -> list[Value]:
        """The inputs as leaves, so that the trace ends at them; what shares memory shares versions still."""
        versions: dict[int, list[int]] = {}
        shadows = []
        for value in self.inputs:
            array = value.array if not self.trace.knows(value.array) else value.array.view()
            self.trace.define(array)
            shadow = Value(array, value.spec)
            shadow.requires_grad = edge_of(value) is not None
            shadow.version = versions.setdefault(id(value.version), [0])
            shadows.append(shadow)
        return shadows

    def run(self) -> list[Value]:
        values = Interpreter(self.engine, self.code, self.program.planner).run(self.shadows, self.arguments)
        outs = [values[slot] for slot in self.code.outputs]
        live = tuple(i for i, slot in enumerate(self.code.outputs) if slot in self.code.live and edge_of(outs[i]))
        forward_end = len(self.trace.instructions)
        slots = [self.trace.slot(value.array) for value in outs]
        cotangents, grads = self._trace_backward([outs[i] for i in live]) if live else ([], [])
        later = self.trace.instructions[forward_end:]
        saved = self._saved(later, cotangents, grads)
        prepared = self._prepare(outs, live, slots, saved, self.trace.instructions[:forward_end])
        if live:
            found = [slot for slot in grads if slot is not None]
            straight = self._straight(later, (*saved, *cotangents), found)
            prepared.backward = _Gradients(self.program.engine, straight, grads, self.program.workshop)
            prepared.watched = self._watched(saved, slots)
        self.program._prepared = prepared
        self.program.engine.ops_run += self.engine.ops_run
        _count_writes(self.inputs, prepared.written)
        return finished(prepared, self.inputs, [self.trace.arrays[slot] for slot in (*slots, *saved)])

    def _trace_backward(self, roots: list[Value]) -> tuple[list[int], list[int | None]]:
        """Trace a backward of the outputs: the slots of their gradients, and of those of the inputs that need them."""
        self.trace.command = len(self.code.commands)
        seeds = [self.program.engine.arrays.ones(value.spec) for value in roots]
        cotangents = [self.trace.define(array) for array in seeds]
        targets = [shadow for shadow in self.shadows if shadow.requires_grad]
        walk = TracingBackward(
            self.engine,
            roots,
            [Value(array, value.spec) for array, value in zip(seeds, roots, strict=True)],
            targets,
            only_targets=True,
        ).walk()
        try:
            next(walk)
        except StopIteration as stop:
            found: list[Value | None] = stop.value
        return cotangents, [None if grad is None else self.trace.slot(grad.array) for grad in found]

    def _saved(self, later: list[Instruction], cotangents: list[int], grads: list[int | None]) -> list[int]:
        """The slots of the forward part that the backward reads."""
        made = {out for step in later for out in step.outs if out is not None} | set(cotangents)
        read = [slot for step in later for slot in read_by(step)] + [slot for slot in grads if slot is not None]
        return list(dict.fromkeys(slot for slot in read if slot not in made))

    def _prepare(
        self, outs: list[Value], live: tuple[int, ...], slots: list[int], saved: list[int], steps: list[Instruction]
    ) -> _Prepared:
        straight = self._straight(steps, range(self.code.inputs), (*slots, *saved))
        counted: dict[int, int] = {}
        for index, shadow in enumerate(self.shadows):
            if shadow.version[0] and id(shadow.version) not in {id(self.shadows[i].version) for i in counted}:
                counted[index] = shadow.version[0]
        return _Prepared(
            Routine(self.program.engine, straight, self.code.arguments, self.program.workshop),
            [self._output(value, outs, i in live) for i, value in enumerate(outs)],
            [value.spec for value in self.inputs],
            [shadow.requires_grad for shadow in self.shadows],
            list(counted.items()),
            live=live,
            saved=len(saved),
            ops=sum(isinstance(command, Call) for command in self.code.commands),
        )

    def _straight(self, steps: list[Instruction], inputs: Sequence[int], outputs: Sequence[int]) -> Straight:
        straight = simplified(self.trace, steps, inputs, outputs)
        compiler = chain_compiler(self.program.engine.backend)
        if compiler is not None:
            fuse(straight, compiler)
        return straight

    def _output(self, value: Value, outs: list[Value], live: bool) -> _Output:
        base = value.base
        known = [("input", i) for i, v in enumerate(self.shadows) if v is base]
        known += [("output", i) for i, v in enumerate(outs) if v is base and v is not value]
        if known and live:
            raise ProgramFailure(
                0,
                UnsupportedError(
                    f"a compiled function cannot give {value.spec!r}, which needs gradients, as a view of its "
                    f"{known[0][0]}: give a copy (clone)"
                ),
            )
        leaf = value.requires_grad and value.node is None
        return _Output(value.spec, leaf, known[0] if known else None, value.chain if known else ())

    def _watched(self, saved: list[int], slots: list[int]) -> tuple[tuple[str, int], ...]:
        """The inputs and outputs whose memory the backward reads: nobody may write to them before."""
        roots = {self.trace.roots[slot] for slot in saved}
        watched = [("input", i) for i in range(self.code.inputs) if self.trace.roots[i] in roots]
        return (*watched, *[("output", i) for i, slot in enumerate(slots) if self.trace.roots[slot] in roots])


class _Gradients(Routine):
    """A backward routine: the gradients of the inputs that need them, None for one that nothing flows into."""

    def __init__(self, engine: Engine, straight: Straight, grads: list[int | None], workshop: Workshop | None) -> None:
        super().__init__(engine, straight, 0, workshop)
        self._places = [slot is not None for slot in grads]

    def run(self, arrays: Sequence[Any], numbers: Sequence[Any] = ()) -> list[Any]:
        """The gradients of the inputs."""
        found = iter(super().run(arrays, numbers))
        return [next(found) if place else None for place in self._places]
