"""A backward pass, which pauses whenever a hook of the client has to run."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING

from teletensor_core.engine import Backward, HookCall, Value
from teletensor_core.errors import GradientError
from teletensor_core.spec import Spec, spec
from teletensor_protos import codec
from teletensor_protos.frames import Out
from teletensor_protos.v1.worker_pb2 import HookCall as HookCallMessage
from teletensor_protos.v1.worker_pb2 import Reply, WorkerFrame

from teletensor_server.reads import refusal
from teletensor_server.rows import Rows
from teletensor_server.table import Poison, Poisoned

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine


def backward(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """BACKWARD: bind the targets' gradients, or the error that takes their place."""
    request, flags, location = rows.take(), rows.take(), rows.take()
    roots, grads, targets = rows.take_list(), rows.take_list(), rows.take_list()
    results = [rows.take() for _ in targets]
    try:
        found = yield from _differentiate(machine, flags, roots, grads, targets)
    except Poisoned as poisoned:
        error = poisoned.poison.error
        _bind(machine, results, [poisoned.poison] * len(results), location)
    except Exception as raised:
        poison = machine.fail(raised, "backward", location)
        error = poison.error
        _bind(machine, results, [poison] * len(results), location)
    else:
        _bind(machine, results, found, location)
        if flags & codec.REPLY_WHEN_DONE:
            yield WorkerFrame(reply=Reply(request=request))
        return
    if flags & codec.REPLY_WHEN_DONE:
        yield refusal(machine, request, error, [])


def _differentiate(
    machine: SessionMachine, flags: int, roots: list[int], grads: list[int], targets: list[int]
) -> Generator[Out, None, list[Value]]:
    value = machine.table.value
    wanted = [value(handle) for handle in targets]
    walk = Backward(
        machine.engine,
        [value(handle) for handle in roots],
        [value(handle) if handle else None for handle in grads],
        wanted,
        create_graph=bool(flags & codec.CREATE_GRAPH),
        retain_graph=bool(flags & codec.RETAIN_GRAPH),
        only_targets=bool(flags & codec.ONLY_TARGETS),
    ).walk()
    answer: Value | None = None
    while True:
        try:
            call = walk.send(answer)
        except StopIteration as stop:
            return [_or_zeros(machine, v, like.spec) for v, like in zip(stop.value, wanted, strict=True)]
        answer = yield from _ask(machine, call)


def _ask(machine: SessionMachine, call: HookCall) -> Generator[Out, None, Value | None]:
    """Hand a gradient to the client's hook, and run what it sends until its answer comes."""
    wanted = call.grad.spec
    handle = machine.worker_handle()
    machine.table.put(handle, call.grad, 0)
    hook_call = HookCallMessage(hook=call.hook, handle=handle, dtype=wanted.dtype.code, shape=wanted.shape)
    yield WorkerFrame(reply=Reply(hook_call=hook_call))
    machine.hook_answer = None
    for frame in machine.frames:
        yield from machine.feed(frame)
        if machine.hook_answer is not None:
            return machine.hook_answer[0]
    raise GradientError("the client left in the middle of a hook")


def hook_done(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """HOOK_DONE: the answer of the hook that the last backward is waiting for."""
    handle = rows.take()
    machine.hook_answer = (machine.table.value(handle) if handle else None,)
    return iter(())


def _or_zeros(machine: SessionMachine, value: Value | None, like: Spec) -> Value:
    wanted = spec(like.shape, like.dtype)
    return Value(machine.engine.arrays.zeros(wanted), wanted) if value is None else value


def _bind(machine: SessionMachine, handles: list[int], values: Sequence[Value | Poison], location: int) -> None:
    for handle, value in zip(handles, values, strict=True):
        machine.table.put(handle, value, location)
