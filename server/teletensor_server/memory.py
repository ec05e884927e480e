"""What a session's values cost, and what they and their graphs hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from teletensor_core import rules
from teletensor_core.engine import Value
from teletensor_core.engine.values import Node
from teletensor_core.errors import QuotaExceededError, ShapeError
from teletensor_core.plan import GRAD, INPLACE, Plan
from teletensor_core.spec import Spec

# What a handle, and a recorded op, take in Python objects; rounded up.
HANDLE_BYTES = 512
NODE_BYTES = 1024
_SLACK_PER_OBJECT = 64


class Cost(NamedTuple):
    """What a command adds to a session, at most."""

    bytes: int
    tensors: int


def cost_of(plan: Plan, operands: Sequence[Any], max_bytes: int) -> Cost:
    """What running a plan adds, for operands as `plan_for` takes them.

    Raises QuotaExceededError for a result larger than a session may ever be. That holds for views too: an expanded one
    takes no memory, and all the time of a tensor of its size.
    """
    sizes = [spec.nbytes for spec in plan.specs if spec is not None]
    if max_bytes and max(sizes, default=0) > max_bytes:
        raise QuotaExceededError(
            f"{plan.op.name}: a result of {max(sizes)} bytes does not fit into a session of this worker, which "
            f"may hold {max_bytes}; raise the worker's --session-bytes"
        )
    recorded = bool(plan.flags & GRAD and plan.op.vjps)
    overhead = HANDLE_BYTES * plan.results + NODE_BYTES * recorded
    if plan.op.dynamic:
        return Cost(overhead + _most_selected(plan.specs, operands), plan.results)
    if plan.op.view or plan.op.mutates:
        return Cost(overhead, plan.results)
    if plan.flags & INPLACE:
        # Recording one keeps a copy of what it overwrites.
        kept = plan.op.operands[0] in plan.op.saves
        return Cost(overhead + sum(sizes) * (recorded and kept), 0)
    return Cost(overhead + sum(sizes), plan.results)


def _most_selected(results: Iterable[Spec], operands: Sequence[Any]) -> int:
    """Bytes of results whose first size depends on data: as large as if every element of the operands were chosen."""
    shapes = [x.shape for x in operands if isinstance(x, Spec)]
    try:
        chosen = math.prod(rules.broadcast_shapes(*shapes))
    except ShapeError:
        chosen = max(map(math.prod, shapes))
    return sum(chosen * math.prod(result.shape[1:]) * result.dtype.itemsize for result in results)


def cost_of_specs(specs: Iterable[Spec]) -> Cost:
    """What tensors of these specs add."""
    sizes = [spec.nbytes + HANDLE_BYTES for spec in specs]
    return Cost(sum(sizes), len(sizes))


@dataclass
class Held:
    """What is held: bytes of elements, and handles and recorded ops, which take memory too."""

    data: int = 0
    handles: int = 0
    nodes: int = 0

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.data + HANDLE_BYTES * self.handles + NODE_BYTES * self.nodes

    @property
    def slack(self) -> int:
        """Room that must be left for counting again to be worth its time."""
        return _SLACK_PER_OBJECT * (self.handles + self.nodes)


def count(values: Iterable[Value]) -> Held:
    """What these values hold, and all that their graphs keep for backward. Memory that several share counts once."""
    held = Held()
    memory: dict[int, int] = {}
    nodes: set[int] = set()
    pending: list[Any] = []
    for value in values:
        held.handles += 1
        _add(value, memory, pending)
    while pending:
        node = pending.pop()
        if id(node) in nodes:
            continue
        nodes.add(id(node))
        _follow(node, memory, pending)
    held.nodes, held.data = len(nodes), sum(memory.values())
    return held


def _follow(node: Node, memory: dict[int, int], pending: list[Any]) -> None:
    for edge in node.edges:
        if isinstance(edge, tuple):
            pending.append(edge[0])
        elif edge is not None:
            _add(edge, memory, pending)
    for x in node.operands or ():
        for value in x if isinstance(x, (list, tuple)) else (x,):
            if type(value) is Value:
                _add(value, memory, pending)
    for kept in node.outs or ():
        if kept is not None:
            _add_array(kept[0], memory)
    for array in node.kept():
        _add_array(array, memory)


def _add(value: Value, memory: dict[int, int], pending: list[Any]) -> None:
    _add_array(value.array, memory)
    if value.node is not None:
        pending.append(value.node)
    base = value.base
    if base is not None and base.node is not None:
        pending.append(base.node)


def _add_array(array: Any, memory: dict[int, int]) -> None:
    """Count the array that owns the memory."""
    kind = type(array)
    while type(array.base) is kind:
        array = array.base
    memory[id(array)] = array.nbytes
