"""From the events of a recorded call to a program: what goes in, what comes out, and what happens to tensors here."""

from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass, field
from typing import Any

from teletensor_core.engine import Part
from teletensor_core.errors import CompileError
from teletensor_core.plan import INPLACE, Plan
from teletensor_core.programs import Argument, BackwardCall, Call, Code, Constant, Detach, Number, RequireGrad

from teletensor.compiled.events import (
    BackwardRun,
    Detached,
    Drawn,
    GradRequired,
    Host,
    OpRun,
    Update,
    Uploaded,
    given,
    taken,
)
from teletensor.compiled.guards import Place, Reach
from teletensor.compiled.recorder import Recorder, tensors_alive
from teletensor.graph import GradFn, walk
from teletensor.python_node import PythonNode
from teletensor.session import Ref
from teletensor.tensor_base import TensorBase


def key_of(ref: Ref) -> int:
    """What tells a ref: a handle, or the identity of a value that the events keep alive."""
    return ref if type(ref) is int else id(ref)


@dataclass(eq=False, slots=True)
class UpdateStep:
    """An optimiser's update to run with each run: the calls it has to come to, with the inputs they are on."""

    update: Update
    calls: list[tuple[Plan, list[list[int] | None]]]


@dataclass(eq=False, slots=True)
class Output:
    """A tensor that comes out. `base` is what it is a view of: ("input", n) or ("output", n)."""

    tensor: TensorBase
    live: bool
    base: tuple[str, int] | None = None


@dataclass(eq=False)
class Recording:
    """A program, and what belongs to it on this side.

    `inputs` are places, or numbers of tensors among the arguments. `grads` says which tensor's `.grad` becomes which
    output (None: none). `written` counts writes into inputs. `problem` is why it cannot be a program, if so.
    """

    recorder: Recorder
    result: Any
    code: Code
    locations: list[str]
    inputs: list[Place | int] = field(default_factory=list)
    input_tensors: list[TensorBase] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    grads: list[tuple[TensorBase, int | None]] = field(default_factory=list)
    written: dict[int, int] = field(default_factory=dict)
    host: list[Drawn | UpdateStep | Host] = field(default_factory=list)
    entry_grads: list[tuple[TensorBase, bool]] = field(default_factory=list)
    problem: str | None = None

    def where(self, location: int) -> str:
        """The line of a command."""
        return self.locations[location]


class Lowering:
    """Makes a `Recording` of a recorder's events, the call's arguments and its result."""

    def __init__(self, recorder: Recorder, leaves: list[Any], result: Any, found: list[Any], reach: Reach) -> None:
        self.recorder = recorder
        self.leaves = leaves
        self.returned = found
        self.reach = reach
        self.slots: dict[int, int] = {}
        self.roots: dict[int, int] = {}
        self.made: dict[int, str] = {}
        self.external: list[int] = []
        self.line_numbers: dict[str, int] = {}
        self.draws: dict[tuple[int, int], tuple[int, int]] = {}
        self.passes: dict[int, int] = {}
        self.arguments = 0
        self.recording = Recording(recorder, result, Code(0, 0), [])

    def run(self) -> Recording:
        """The recording. What it cannot be replayed for is said in its `problem`."""
        gc.collect()
        self._name_slots()
        # Handles are numbers, which another session has as well.
        session = self.recorder.session
        alive = [x for x in tensors_alive() if getattr(x, "_ref", None) is not None and x._session is session]
        try:
            self._find_inputs(alive)
            self._commands()
            self._find_outputs(alive)
            self._check_outside(alive)
        except CompileError as error:
            self.recording.problem = str(error)
        return self.recording

    # -- slots -------------------------------------------------------------------------------------------------------

    def _name_slots(self) -> None:
        """The first slots are for what was there before the call, in the order of use."""
        made: set[int] = set()
        for event in self.recorder.events:
            for ref in taken(event):
                if (key := key_of(ref)) not in made and key not in self.slots:
                    self.slots[key] = len(self.slots)
                    self.external.append(key)
            for ref in given(event):
                made.add(key_of(ref))
                self.made[key_of(ref)] = event.where
        for key in self.made:
            self.slots[key] = len(self.slots)

    def _line(self, where: str) -> int:
        return self.line_numbers.setdefault(where, len(self.line_numbers))

    # -- inputs ------------------------------------------------------------------------------------------------------

    def _find_inputs(self, alive: list[TensorBase]) -> None:
        tensors = {key_of(x._ref): x for x in alive}
        gradients = {}
        for held, ref, _, _, grad in self.recorder.before.states.values():
            owner = held()
            if owner is None or owner._session is not self.recorder.session:
                continue
            tensors.setdefault(key_of(ref), owner)
            if grad is not None:
                gradients[id(grad)] = owner
                tensors.setdefault(key_of(grad._ref), grad)
        for key in self.external:
            tensor = tensors.get(key)
            if tensor is None:
                raise CompileError(
                    "a tensor that the compiled function uses was gone when it returned: keep it, or give it as an "
                    "argument"
                )
            self.recording.input_tensors.append(tensor)
            self.recording.inputs.append(self._place(tensor, gradients.get(id(tensor))))
            owner = gradients.get(id(tensor))
            if owner is not None:
                self.recording.entry_grads.append((owner, True))
        self.recording.code.inputs = len(self.external)

    def _place(self, tensor: TensorBase, owner: TensorBase | None) -> Place | int:
        for i, leaf in enumerate(self.leaves):
            if leaf is tensor:
                return i
        if owner is not None:
            return _Grad(owner)
        return self.reach.place(tensor) or weakref.ref(tensor)

    # -- commands ----------------------------------------------------------------------------------------------------

    def _commands(self) -> None:
        code = self.recording.code
        for event in self.recorder.events:
            match event:
                case OpRun():
                    code.commands.append(self._call(event))
                case BackwardRun():
                    code.commands.append(self._backward(event))
                case Uploaded():
                    code.commands.append(Constant(self._slot(event.ref), event.array, self._line(event.where)))
                case GradRequired():
                    self._refuse_outside(event.ref, "requires_grad of a tensor from outside is set", event.where)
                    command = RequireGrad(self._slot(event.ref), event.required, self._line(event.where))
                    code.commands.append(command)
                case Detached():
                    self._refuse_outside(event.ref, "a tensor from outside is detached in place", event.where)
                    code.commands.append(Detach(self._slot(event.ref), self._line(event.where)))
                case Drawn():
                    self.draws[event.seed, event.offset] = self.arguments, self.arguments + 1
                    self.arguments += 2
                    self.recording.host.append(event)
                case Update():
                    self.recording.host.append(UpdateStep(event, []))
                case Host():
                    self.recording.host.append(event)
        code.arguments = self.arguments
        self.recording.locations = list(self.line_numbers)

    def _slot(self, ref: Ref) -> int:
        return self.slots[key_of(ref)]

    def _refuse_outside(self, ref: Ref, what: str, where: str) -> None:
        if self._slot(ref) < len(self.external):
            raise CompileError(f"{where}: {what}, which a compiled function cannot do; do it before the call")

    def _call(self, event: OpRun) -> Call:
        plan = event.plan
        operands = tuple(
            self._operand(event, name, x, part)
            for name, x, part in zip(plan.op.operands, event.operands, plan.layout, strict=True)
        )
        if event.update is not None:
            self._expect(plan, event)
        else:
            self._count_writes(event)
        if plan.op.view and plan.op.differentiable and event.outs:
            root = self._root(key_of(event.operands[0]))
            self.roots.update((key_of(out), root) for out in event.outs)
        outs = tuple(self._slot(ref) for ref in event.outs)
        return Call(plan.op, tuple(plan.attrs.values()), plan.flags, operands, outs, self._line(event.where))

    def _operand(self, event: OpRun, name: str, x: Any, part: str | int) -> Any:
        if part == "t":
            return None if x is None else self._slot(x)
        if part != "n":
            return tuple(self._slot(ref) for ref in x)
        if event.update is not None:
            self.arguments += 1
            return Argument(self.arguments - 1)
        if event.plan.op.random and name in ("seed", "offset"):
            return Argument(self._drawn(event)[name == "offset"])
        return Number(x)

    def _drawn(self, event: OpRun) -> tuple[int, int]:
        given = dict(zip(event.plan.op.operands, event.operands, strict=True))
        found = self.draws.get((given["seed"], given["offset"]))
        if found is None:
            raise CompileError(
                f"{event.where}: random numbers whose seed no generator gave inside the compiled function"
            )
        return found

    def _expect(self, plan: Plan, event: OpRun) -> None:
        step = self.recording.host[-1]
        assert isinstance(step, UpdateStep), "an update's commands follow it"
        stand_ins = {key_of(ref) for ref in step.update.grad_refs}
        inputs = [self._all_inputs(x, stand_ins) if isinstance(x, list) else None for x in event.operands]
        step.calls.append((plan, inputs))

    def _all_inputs(self, refs: list[Ref], but: set[int]) -> list[int] | None:
        if not but.isdisjoint(key_of(ref) for ref in refs):
            return None
        slots = [self._slot(ref) for ref in refs]
        return slots if all(slot < len(self.external) for slot in slots) else None

    def _root(self, key: int) -> int:
        return self.roots.get(key, key)

    def _count_writes(self, event: OpRun) -> None:
        """Writes raise the versions of tensors from outside, which views of them share."""
        op = event.plan.op
        targets = [event.operands[0]] if event.plan.flags & INPLACE else []
        for name, x in zip(op.operands, event.operands, strict=True):
            if name in op.mutates:
                targets.extend(x if isinstance(x, list) else [x])
        for ref in targets:
            slot = self.slots[self._root(key_of(ref))] if ref is not None else len(self.external)
            if slot < len(self.external):
                self.recording.written[slot] = self.recording.written.get(slot, 0) + 1

    def _backward(self, event: BackwardRun) -> BackwardCall:
        request = event.request
        return BackwardCall(
            tuple(self._slot(ref) for ref in request.roots),
            tuple(None if ref is None else self._slot(ref) for ref in request.grads),
            tuple(self._slot(ref) for ref in request.targets),
            tuple(self._slot(ref) for ref in event.results),
            bool(request.create_graph),
            bool(request.retain_graph),
            bool(request.only_targets),
            None if request.part is None else self._part(request.part),
            self._line(event.where),
        )

    def _part(self, part: Part) -> Part:
        """Passes are counted from 0 in every program, so that two records of one call are equal."""
        number = self.passes.setdefault(part.number, len(self.passes))
        until = None if part.until is None else self._slot(part.until)
        return Part(number, tuple(self._slot(ref) for ref in part.goals), until)

    # -- outputs -----------------------------------------------------------------------------------------------------

    def _find_outputs(self, alive: list[TensorBase]) -> None:
        """What the call made and left behind: results, gradients, and nothing that would not be found again."""
        made = {id(x): x for x in alive if key_of(x._ref) in self.made}
        outputs: dict[int, TensorBase] = {id(x): x for x in self.returned if id(x) in made}
        gradients: dict[int, TensorBase] = {}
        before = self.recorder.before
        for owner in alive:
            state = before.state(owner)
            if (state is None and id(owner) not in outputs) or (state is not None and owner._grad is state[3]):
                continue
            if owner._grad is not None and id(owner._grad) in made:
                gradients[id(owner._grad)] = owner._grad
        outputs |= dict(sorted(gradients.items(), key=lambda item: self._slot(item[1]._ref)))
        hidden = self._hidden(list(outputs.values()))
        for x in made.values():
            if id(x) not in outputs and id(x) not in hidden:
                raise CompileError(
                    f"{self.made[key_of(x._ref)]}: a tensor made here is kept somewhere that a program would "
                    "not put it; return it from the compiled function, and keep what the function returns"
                )
        self._describe(list(outputs.values()))
        self._note_grads(alive, {key: i for i, key in enumerate(outputs)})

    def _hidden(self, outputs: list[TensorBase]) -> set[int]:
        """Tensors that only outputs refer to: what they are views of, and leaves of their graphs."""
        found = {id(x._base) for x in outputs if x._base is not None}
        for node in walk([x._node for x in outputs if x._node is not None]):
            found.update(id(parent) for parent, _ in node.parents if isinstance(parent, TensorBase))
            found.update(id(leaf) for leaf in getattr(node, "leaves", ()))
        return found

    def _describe(self, outputs: list[TensorBase]) -> None:
        code = self.recording.code
        where = {id(x): ("input", i) for i, x in enumerate(self.recording.input_tensors)}
        where |= {id(x): ("output", i) for i, x in enumerate(outputs)}
        live = []
        for x in outputs:
            node = x._edge()[0]
            is_live = isinstance(node, GradFn) and not node.freed
            if is_live and any(isinstance(each, PythonNode) for each in walk([node])):
                raise CompileError(
                    f"{self.made[key_of(x._ref)]}: the gradient of this result needs Python (a custom function, or a "
                    "checkpoint), which a compiled function can only have inside: call backward() in it too"
                )
            live += [self._slot(x._ref)] if is_live else []
            base = where.get(id(x._base)) if x._base is not None else None
            self.recording.outputs.append(Output(x, is_live, base))
        code.outputs = tuple(self._slot(x._ref) for x in outputs)
        code.live = frozenset(live)

    def _note_grads(self, alive: list[TensorBase], numbers: dict[int, int]) -> None:
        for owner in alive:
            state = self.recorder.before.state(owner)
            if state is None:
                if owner._grad is not None and id(owner) in numbers and id(owner._grad) in numbers:
                    self.recording.grads.append((owner, numbers[id(owner._grad)]))
                continue
            if owner._grad is state[3]:
                continue
            if owner._grad is not None and id(owner._grad) not in numbers:
                raise CompileError("a gradient was assigned that the compiled function did not compute")
            self.recording.grads.append((owner, None if owner._grad is None else numbers[id(owner._grad)]))
            if not any(known is owner for known, _ in self.recording.entry_grads):
                self.recording.entry_grads.append((owner, state[3] is not None))

        self.recording.grads.sort(key=lambda item: -1 if item[1] is None else item[1])

    def _check_outside(self, alive: list[TensorBase]) -> None:
        """Refuse a call that changed the place of an older tensor in the graph."""
        for x in alive:
            state = self.recorder.before.state(x)
            if state is None or x._base is not None:
                continue
            ref, node, required, _ = state
            if x._ref is not ref and x._ref != ref:
                raise CompileError("a tensor from outside was given other memory inside the compiled function")
            if x._node is not node or x._requires != required:
                raise CompileError(
                    f"a tensor from outside, {x._spec!r}, got another place in the graph inside the compiled function: "
                    "it was written to with gradients on; write under no_grad, or write to a copy"
                )


class _Grad:
    """The place of a gradient: in its owner."""

    def __init__(self, owner: TensorBase) -> None:
        self._owner = owner

    def __call__(self) -> Any:
        return self._owner._grad
