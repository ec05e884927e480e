"""What each command word does. Ops have rows of their own, see calls.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from teletensor_core.engine import Value, mark_leaf
from teletensor_core.engine.engine import remove_hook, set_hook
from teletensor_protos import codec
from teletensor_protos.frames import Out

from teletensor_server import gradients, profiling, programs, reads, uploads
from teletensor_server.rows import Rows

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine


def release(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """RELEASE: forget handles."""
    machine.table.drop(rows.take_list())
    return iter(())


def require_grad(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """REQUIRE_GRAD: mark a leaf."""
    handle, required = rows.take(), rows.take()
    value = machine.table.get(handle)
    if type(value) is Value:
        mark_leaf(value, bool(required))
    return iter(())


def detach(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """DETACH: cut a tensor off from the graph."""
    value = machine.table.get(rows.take())
    if type(value) is Value:
        value.node, value.requires_grad = None, False
    return iter(())


def hook(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """HOOK: add or remove a hook on a tensor's gradient."""
    handle, number, add = rows.take(), rows.take_number(), rows.take()
    value = machine.table.get(handle)
    if type(value) is Value:
        (set_hook if add else remove_hook)(value, number)
    return iter(())


Command: TypeAlias = "Callable[[SessionMachine, Rows], Iterator[Out]]"

COMMANDS: dict[int, Command] = {
    codec.RELEASE: release,
    codec.READ: reads.read,
    codec.BACKWARD: gradients.backward,
    codec.UPLOAD: uploads.start,
    codec.REQUIRE_GRAD: require_grad,
    codec.SPECS: reads.specs,
    codec.SYNC: reads.sync,
    codec.HOOK: hook,
    codec.HOOK_DONE: gradients.hook_done,
    codec.DETACH: detach,
    codec.CANCEL: gradients.cancel,
    codec.PROFILE: profiling.profile,
    codec.DEFINE_PROGRAM: programs.define,
    codec.RUN_PROGRAM: programs.run,
    codec.DROP_PROGRAM: programs.drop,
}
