"""The client's own picture of the autograd graph: which leaves a tensor was made from. It answers `grad_fn`, `is_leaf`
and "which gradients will this backward make" without asking the worker.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from teletensor_core.registry import Op

if TYPE_CHECKING:
    from teletensor.tensor import Tensor


class Node:
    """A node of the graph: a recorded op, or where a gradient ends."""

    __slots__ = ()


class GradFn(Node):
    """A recorded op, printed as `<MulBackward0>`.

    Its parents are other GradFns (with an output number) and leaf tensors. `title` is its name, when that is not the
    op's.
    """

    # What few nodes have is in no slot: it costs nothing until it is set.
    __slots__ = ("__dict__", "__weakref__", "freed", "op", "parents")

    retained: dict[int, weakref.ref[Tensor]] | None = None
    title: str | None = None
    _metadata: dict[str, Any] | None = None

    def __init__(self, op: Op, parents: tuple[Any, ...]) -> None:
        self.op = op
        self.parents = parents
        self.freed = False

    @property
    def saves(self) -> bool:
        """Whether it keeps values for backward, which are freed by one."""
        return bool(self.op.saves)

    def name(self) -> str:
        """PyTorch's name of the node."""
        return self.title or self.op.grad_name

    @property
    def metadata(self) -> dict[str, Any]:
        """A dictionary for the user's own notes."""
        if self._metadata is None:
            self._metadata = {}
        return self._metadata

    @property
    def next_functions(self) -> tuple[tuple[GradFn | AccumulateGrad | None, int], ...]:
        """The nodes that gradients go to from here, each with the number of its output."""
        return tuple((p, i) if isinstance(p, GradFn) else (AccumulateGrad(p), 0) if p is not None else (None, 0)
                     for p, i in self.parents)  # fmt: skip

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


def grad_fn(op: Op, parents: tuple[Any, ...]) -> GradFn:
    """`GradFn(op, parents)`, in half the time."""
    node = _allocate(GradFn)
    node.op = op
    node.parents = parents
    node.freed = False
    return node


_allocate = object.__new__


class AccumulateGrad(Node):
    """Where a gradient ends: in the `.grad` of a leaf. Equal to others of that leaf."""

    __slots__ = ("variable",)

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable

    def name(self) -> str:
        """PyTorch's name of the node."""
        return "torch::autograd::AccumulateGrad"

    next_functions: tuple[Any, ...] = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return id(self.variable)

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self.variable):#x}>"


class GradientEdge(NamedTuple):
    """Where a tensor's gradient goes: a node of the graph, and which of its results. `grad` takes it for the tensor."""

    node: Node
    output_nr: int
    ownership_token: Any = None


def walk(roots: list[GradFn], stop: Iterable[GradFn] = ()) -> Iterator[GradFn]:
    """Every node under the roots, each once; not `stop`, nor what is only under that."""
    seen: set[int] = {id(node) for node in stop}
    stack = list(roots)
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        stack.extend(parent for parent, _ in node.parents if isinstance(parent, GradFn))


def leaves_under(nodes: list[GradFn]) -> list[Tensor]:
    """The leaf tensors that the nodes' gradients go to, each once."""
    found: dict[int, Tensor] = {}
    for node in nodes:
        for parent, _ in node.parents:
            if parent is not None and not isinstance(parent, GradFn):
                found[id(parent)] = parent
    return list(found.values())
