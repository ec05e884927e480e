"""Runs a program in the place of a call: one command, and the same tensors, gradients and counts as after the call."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core.errors import CompileError
from teletensor_core.plan import Plan
from teletensor_core.programs import Call
from teletensor_core.registry import OPS
from teletensor_core.spec import Spec

from teletensor import hooks
from teletensor.compiled import taps, trees
from teletensor.compiled.events import Drawn
from teletensor.compiled.lowering import Recording, UpdateStep
from teletensor.graph import GradFn
from teletensor.session import Session
from teletensor.tensor_base import TensorBase, lend, new


class Outdated(Exception):
    """The program does not fit what is there any more: record anew."""


_TITLE = "CompiledFunctionBackward"


class CompiledFn(GradFn):
    """A program's run in this side's graph. One of a graph that was differentiated inside is freed from the start."""

    __slots__ = ()
    saves = True

    def __init__(self, title: str, parents: tuple[Any, ...], freed: bool) -> None:
        super().__init__(OPS["alias"], parents)
        self.freed = freed


class _Output:
    """How to make a tensor of an output."""

    __slots__ = ("base", "index", "kind", "requires", "spec", "view_op", "way", "writes")

    def __init__(self, tensor: TensorBase, kind: str, index: int, base: tuple[str, int] | None) -> None:
        self.spec, self.kind, self.index, self.base = tensor._spec, kind, index, base
        self.requires = tensor._requires
        self.writes = 0 if tensor._base is not None else tensor._writes
        self.view_op = tensor._view_op if base is not None else None
        self.way = tensor._way


class Replay:
    """One program, and what belongs to it here. Keeps none of the recorded call's tensors alive."""

    def __init__(self, recorded: Recording) -> None:
        session = recorded.recorder.session
        assert session is not None, "a call without commands is not replayed"
        self.session: Session = session
        self.program: Any = None
        self.code, self.locations = recorded.code, recorded.locations
        self._places = recorded.inputs
        self._kinds = [(x._spec, x._requires, x._node is None) for x in recorded.input_tensors]
        self._written = list(recorded.written.items())
        self._lends = any(isinstance(c, Call) and c.op.view and not c.op.differentiable for c in self.code.commands)
        self._host = recorded.host
        self._outputs = self._described(recorded)
        self._grads = self._grad_places(recorded)
        self._result = self._rebuilder(recorded)

    def define(self) -> None:
        """Make the program known to the session; before the first run."""
        self.program = self.session.define_program(self.code, self.locations)

    def close(self) -> None:
        """Let the session forget the program."""
        if self.program is not None:
            self.session.drop_program(self.program)

    def _described(self, recorded: Recording) -> list[_Output]:
        found, places = [], 0
        for output in recorded.outputs:
            edge = output.tensor._edge()[0]
            kind = "live" if output.live else "freed" if isinstance(edge, GradFn) else "plain"
            found.append(_Output(output.tensor, kind, places, output.base))
            places += output.live
        return found

    def _grad_places(self, recorded: Recording) -> list[tuple[Callable[[], Any], int | None]]:
        """Whose `.grad` becomes which output: of tensors from outside, and of outputs."""
        inputs = {id(x): i for i, x in enumerate(recorded.input_tensors)}
        outputs = {id(output.tensor): i for i, output in enumerate(recorded.outputs)}
        found: list[tuple[Any, int | None]] = []
        for owner, index in recorded.grads:
            if id(owner) in inputs:
                found.append((("input", inputs[id(owner)]), index))
            elif id(owner) in outputs:
                found.append((("output", outputs[id(owner)]), index))
            else:
                found.append((weakref.ref(owner), index))
        return found

    def _rebuilder(self, recorded: Recording) -> Callable[..., Any]:
        inputs = {id(x): i for i, x in enumerate(recorded.input_tensors)}
        outputs = {id(output.tensor): i for i, output in enumerate(recorded.outputs)}

        def place(x: TensorBase) -> Callable[[Any], Any]:
            if id(x) in outputs:
                key = ("output", outputs[id(x)])
            elif id(x) in inputs:
                key = ("input", inputs[id(x)])
            else:
                return lambda leaf: x
            return lambda leaf: leaf(key)

        return trees.rebuilder(recorded.result, place)

    # -- a run -------------------------------------------------------------------------------------------------------

    def run(self, leaves: Sequence[Any]) -> Any:
        """What the call would have returned. Raises Outdated, before anything is done, when it does not fit."""
        inputs = [leaves[place] if type(place) is int else place() for place in self._places]  # type: ignore[operator]
        session = self.session
        for x, (spec, requires, is_root) in zip(inputs, self._kinds, strict=True):
            if x is None or x._session is not session:
                raise Outdated
            if (x._spec is not spec and not _same(x._spec, spec)) or x._requires is not requires:
                raise Outdated
            if (x._node is None) is not is_root:
                raise Outdated
        if hooks.any_on((), inputs):
            raise Outdated
        refs = [x._ref for x in inputs]
        numbers = self._numbers(refs) if self._host else ()
        for index, count in self._written:
            inputs[index]._wrote(count)
        if self._lends:
            for x in inputs:
                lend(x)
        outs = session.run_program(self.program, refs, numbers, len(self._outputs))
        made = self._tensors(outs, inputs)
        for place, number in self._grads:
            owner = place() if callable(place) else (inputs if place[0] == "input" else made)[place[1]]
            if owner is not None:
                owner._grad = None if number is None else made[number]
        return self._result(lambda key: (made if key[0] == "output" else inputs)[key[1]])

    def _tensors(self, refs: Sequence[Any], inputs: list[Any]) -> list[Any]:
        node: CompiledFn | None = None
        made: list[Any] = []
        for ref, output in zip(refs, self._outputs, strict=True):
            x = new(ref, output.spec, self.session)
            if output.kind == "live":
                if node is None:
                    edges = [each._edge() for each in inputs]
                    node = CompiledFn(_TITLE, tuple([edge for edge in edges if edge[0] is not None]), False)
                x._node, x._index = node, output.index
            elif output.kind == "freed":
                x._node = CompiledFn(_TITLE, (), True)
            x._requires = output.requires
            if output.writes:
                x._wrote(output.writes)
            made.append(x)
        for x, output in zip(made, self._outputs, strict=True):
            if output.base is not None:
                kind, index = output.base
                source = (inputs if kind == "input" else made)[index]
                base = source if source._base is None else source._base
                x._base, x._seen, x._view_op, x._way = base, base._epoch, output.view_op, output.way
        return made

    # -- numbers -----------------------------------------------------------------------------------------------------

    def _numbers(self, refs: list[Any]) -> list[Any]:
        """Run again the Python that the changing numbers come from."""
        numbers: list[Any] = []
        for step in self._host:
            if isinstance(step, Drawn):
                numbers.extend(step.generator.next(step.count))
            elif isinstance(step, UpdateStep):
                self._update(step, refs, numbers)
            else:
                step.run()
        return numbers

    def _update(self, step: UpdateStep, refs: list[Any], numbers: list[Any]) -> None:
        update, session = step.update, self.session
        expected = iter(step.calls)

        def collect(session: Session, name: str, submit: Any, plan: Plan, operands: Sequence[Any]) -> Any:
            known, inputs = next(expected, (None, ()))
            if plan is not known:
                raise _changed(update.where)
            for part, x, indices in zip(plan.layout, operands, inputs, strict=True):
                if part == "n":
                    numbers.append(x)
                elif indices is not None and x != [refs[i] for i in indices]:
                    raise _changed(update.where)
            return ()

        with taps.LOCK:
            undo = taps.tap(session, "submit", collect)
            try:
                update.optimizer._opt_called = True
                group = update.optimizer.param_groups[update.group]
                update.optimizer._update(group, update.params, update.grads)
            finally:
                undo()
        if next(expected, None) is not None:
            raise _changed(update.where)


def _same(a: Spec, b: Spec) -> bool:
    return a.shape == b.shape and a.dtype is b.dtype and a.strides == b.strides


def _changed(where: str) -> CompileError:
    return CompileError(
        f"{where}: the optimiser's update is not what it was when the compiled function was recorded; its counts have "
        "gone on: load a checkpoint, or call the function anew after torch.compiler.reset()"
    )
