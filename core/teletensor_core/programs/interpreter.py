"""Runs a program's commands one after another on an engine that leaves a trace: a program's first run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from teletensor_core import dtypes
from teletensor_core.engine import Part, Parts, Value, mark_leaf
from teletensor_core.errors import InternalError
from teletensor_core.plan import Plan
from teletensor_core.programs.code import (
    Argument,
    BackwardCall,
    Call,
    Code,
    Command,
    Constant,
    Detach,
    Number,
    RequireGrad,
)
from teletensor_core.programs.trace import Untraceable
from teletensor_core.programs.tracing import TracingBackward, TracingEngine, copied
from teletensor_core.spec import spec

# Gives the plan of a call on these operands, or raises what is wrong with them.
Planner: TypeAlias = Callable[[Call, Sequence[Any]], Plan]


class ProgramFailure(Exception):
    """A command of a program failed: `command` is its position, `error` what it raised."""

    def __init__(self, command: int, error: Exception) -> None:
        super().__init__(command, error)
        self.command = command
        self.error = error


class Interpreter:
    """One run of a program."""

    def __init__(self, engine: TracingEngine, code: Code, planner: Planner) -> None:
        self.engine = engine
        self.code = code
        self.planner = planner
        self.values: dict[int, Value] = {}
        self.parts = Parts(engine, TracingBackward)

    def run(self, inputs: Sequence[Value], arguments: Sequence[Any]) -> dict[int, Value]:
        """The values that are left at the end, by slot. Raises ProgramFailure."""
        self.values.update(enumerate(inputs))
        self.arguments = arguments
        for position, command in enumerate(self.code.commands):
            self.engine.trace.command = position
            try:
                self._run(command)
            except Untraceable:
                raise
            except Exception as error:
                raise ProgramFailure(position, error) from error
        return self.values

    def _run(self, command: Command) -> None:
        match command:
            case Call():
                self._call(command)
            case BackwardCall():
                self._backward(command)
            case RequireGrad():
                mark_leaf(self.values[command.slot], command.required)
            case Detach():
                value = self.values[command.slot]
                value.node, value.requires_grad = None, False
            case Constant():
                self.values[command.slot] = self._constant(command.array)

    def _call(self, call: Call) -> None:
        operands = [self._operand(x) for x in call.operands]
        plan = self.planner(call, operands)
        self.engine.dynamic = {i: x for i, x in enumerate(call.operands) if isinstance(x, Argument)}
        results = self.engine.run(plan, operands)
        self.engine.dynamic = {}
        if plan.results:
            self.values.update(zip(call.outs, results, strict=True))

    def _operand(self, x: Any) -> Any:
        if isinstance(x, int):
            return self.values[x]
        if isinstance(x, tuple):
            return [self.values[slot] for slot in x]
        if isinstance(x, Number):
            return x.value
        return self.arguments[x.index] if isinstance(x, Argument) else None

    def _backward(self, call: BackwardCall) -> None:
        value = self.values
        targets, part = [value[slot] for slot in call.targets], call.part
        walk = self.parts.walk(
            part and Part(part.number, tuple(value[slot] for slot in part.goals), value.get(part.until)),
            [value[slot] for slot in call.roots],
            [None if slot is None else value[slot] for slot in call.grads],
            targets,
            create_graph=call.create_graph,
            retain_graph=call.retain_graph,
            only_targets=call.only_targets,
        )
        try:
            next(walk)
        except StopIteration as stop:
            found: list[Value | None] = stop.value
        else:
            raise InternalError("a hook in a program: those are refused when it is recorded")
        for slot, grad, target in zip(call.results, found, targets, strict=True):
            value[slot] = grad if grad is not None else self._zeros(target)

    def _zeros(self, like: Value) -> Value:
        wanted = spec(like.spec.shape, like.spec.dtype)
        return Value(self.engine.arrays.zeros(wanted), wanted)

    def _constant(self, array: Any) -> Value:
        own = self.engine.backend.asarray(array.copy())
        self.engine.trace.constant(copied, self.engine.backend.asarray(array.copy()), own)
        return Value(own, spec(tuple(own.shape), dtypes.BY_NP[own.dtype]))
