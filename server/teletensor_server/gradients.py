"""A backward pass, which pauses whenever a hook of the client has to run."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from teletensor_core.backends import Named
from teletensor_core.engine import HookCall, Part, Value
from teletensor_core.errors import GradientError, MalformedRequestError, QuotaExceededError
from teletensor_core.spec import Spec, spec
from teletensor_protos import codec
from teletensor_protos.frames import Out
from teletensor_protos.v1.worker_pb2 import HookCall as HookCallMessage

from teletensor_server.memory import cost_of_specs
from teletensor_server.reads import refusal
from teletensor_server.rows import Rows
from teletensor_server.table import Poison, Poisoned

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

# Hooks may run a backward of their own, whose hooks may, ...
_MOST_NESTED = 16
# How many are remembered that failed, and may go on.
_MOST_FAILED = 1 << 12

Answer: TypeAlias = Value | Poison | None


class Pass:
    """One BACKWARD row, run step by step."""

    def __init__(self, machine: SessionMachine, rows: Rows) -> None:
        self.machine = machine
        self.request, self.flags, self.location = rows.take_number(), rows.take(), rows.take()
        self.roots, self.grads, self.targets = rows.take_list(), rows.take_list(), rows.take_list()
        self.results = [rows.take() for _ in self.targets]
        self.part = _part(rows) if self.flags & codec.IN_PARTS else None
        rows.origin = lambda: Named("backward", machine.locations.get(self.location))
        if len(self.grads) != len(self.roots):
            raise MalformedRequestError(f"a backward of {len(self.roots)} roots and {len(self.grads)} cotangents")
        self._steps = self._run()

    def step(self, answer: Value | None) -> HookCall | list[Value] | Poison:
        """Go on to the next hook, or to the end: gradients of the targets, or the error that takes their place."""
        try:
            return self._steps.send(answer)
        except StopIteration as stop:
            found: list[Value] = stop.value
            return found
        except Exception as error:
            poison = (
                error.poison if isinstance(error, Poisoned) else self.machine.fail(error, "backward", self.location)
            )
            if self.part is not None:
                if len(self.machine.parts) >= _MOST_FAILED:
                    raise MalformedRequestError(f"{_MOST_FAILED} backwards have failed before their ends") from None
                self.machine.parts.fail(self.part, Poisoned(poison))
            return poison

    def _run(self) -> Generator[HookCall, Value | None, list[Value]]:
        machine, value = self.machine, self.machine.table.value
        machine.peak.before()
        targets = [value(handle) for handle in self.targets]
        machine.table.reserve(cost_of_specs([target.spec for target in targets]))
        found = yield from machine.parts.walk(
            self._begun(),
            [value(handle) for handle in self.roots],
            [value(handle) if handle else None for handle in self.grads],
            targets,
            create_graph=bool(self.flags & codec.CREATE_GRAPH),
            retain_graph=bool(self.flags & codec.RETAIN_GRAPH),
            only_targets=bool(self.flags & codec.ONLY_TARGETS),
        )
        return [self._or_zeros(v, target.spec) for v, target in zip(found, targets, strict=True)]

    def _begun(self) -> Part | None:
        """The part, its tensors by value."""
        part, machine = self.part, self.machine
        if part is None:
            return None
        if part.number not in machine.parts and len(machine.parts) >= _MOST_NESTED:
            raise QuotaExceededError(f"{_MOST_NESTED} backwards have begun, and not come to their ends")
        value = machine.table.value
        return Part(part.number, tuple(value(goal) for goal in part.goals), value(part.until) if part.until else None)

    def _or_zeros(self, value: Value | None, like: Spec) -> Value:
        wanted = spec(like.shape, like.dtype)
        return Value(self.machine.engine.arrays.zeros(wanted), wanted) if value is None else value


def _part(rows: Rows) -> Part:
    number, until, goals = rows.take_number(), rows.take(), rows.take_list()
    return Part(number, tuple(goals), until or None)


def backward(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """BACKWARD: bind the targets' gradients, or the error that takes their place."""
    running = Pass(machine, rows)
    if running.flags & codec.ABANDON and running.part is not None:
        machine.parts.abandon(running.part.number)
        machine.count_parts()
        return
    outcome = running.step(None)
    while isinstance(outcome, HookCall):
        # A client that does not wait has no hooks any more: tensors that carried them died before those were removed.
        listens = running.flags & codec.REPLY_WHEN_DONE
        answer = (yield from _ask(machine, running.request, outcome)) if listens else None
        outcome = answer if isinstance(answer, Poison) else running.step(answer)
    if running.part is not None:
        machine.count_parts()
    values: Sequence[Value | Poison] = outcome if isinstance(outcome, list) else [outcome] * len(running.results)
    for handle, value in zip(running.results, values, strict=True):
        if isinstance(value, Poison):
            machine.table.put_error(handle, value, running.location)
        else:
            machine.table.put(handle, value, running.location)
    if not running.flags & codec.REPLY_WHEN_DONE:
        return
    if isinstance(outcome, Poison):
        yield refusal(machine, running.request, outcome, [])
    else:
        yield machine.reply(request=running.request)


def _ask(machine: SessionMachine, request: int, call: HookCall) -> Generator[Out, None, Answer]:
    """Hand a gradient to the client's hook, and run what it sends until its answer comes."""
    if len(machine.asking) >= _MOST_NESTED or request in machine.asking:
        return machine.fail(QuotaExceededError(f"hooks may nest {_MOST_NESTED} deep"), "backward", 0)
    wanted = call.grad.spec
    handle = machine.worker_handle()
    machine.table.put(handle, call.grad, 0)
    hook_call = HookCallMessage(hook=call.hook, handle=handle, dtype=wanted.dtype.code, shape=wanted.shape)
    yield machine.reply(request=request, hook_call=hook_call)
    machine.asking[request] = None
    try:
        for frame in machine.frames:
            yield from machine.feed(frame)
            given = machine.asking[request]
            if given is not None:
                return _fitting(machine, given[0], wanted)
    finally:
        del machine.asking[request]
    return Poison(GradientError("the client left in the middle of a hook"))


def _fitting(machine: SessionMachine, answer: Answer, wanted: Spec) -> Answer:
    if isinstance(answer, Value) and (answer.spec.shape, answer.spec.dtype) != (wanted.shape, wanted.dtype):
        error = GradientError(f"a hook has changed a gradient from {wanted!r} to {answer.spec!r}")
        return machine.fail(error, "backward", 0)
    return answer


def hook_done(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """HOOK_DONE: the answer of a hook that a backward is waiting for."""
    request, handle = rows.take(), rows.take()
    if request not in machine.asking:
        raise MalformedRequestError(f"backward {request} is not waiting for a hook")
    answer: Answer = None
    if handle:
        try:
            answer = machine.table.value(handle)
        except Exception as error:
            answer = machine.poison(error, "hook", 0)
    machine.asking[request] = (answer,)
    return iter(())


def cancel(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """CANCEL: give up a backward that is waiting for a hook. One that is done is not there any more, and is ignored."""
    request = rows.take()
    if request in machine.asking:
        machine.asking[request] = (Poison(GradientError("its hook failed, or was interrupted")),)
    return iter(())
