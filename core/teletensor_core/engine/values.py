"""What the engine holds: values (arrays with a place in the graph) and nodes (recorded ops)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, TypeAlias

from teletensor_core.dtypes import DType
from teletensor_core.errors import GradientError
from teletensor_core.plan import Plan
from teletensor_core.spec import Shape, Spec

Array: TypeAlias = Any
Chain: TypeAlias = tuple[tuple[str, tuple[Any, ...], int], ...]

_next_number = itertools.count().__next__
_allocate = object.__new__


class Value:
    """An array, its spec, and where it stands in the autograd graph.

    `version` is a one-element list shared by everything that aliases the same memory; in-place ops raise it. A view has
    its `base` and the `chain` of view ops that leads to it, from which its node is made afresh when the base was
    written to (`epoch` of the base against `seen`). `sequence` says when a leaf was marked: before the nodes with
    greater ones. `origin` is for whoever keeps the value: when it came to be, and
    the number of the place in the program that made it.
    """

    # What few values have is in no slot: it costs nothing until it is set.
    __slots__ = ("__dict__", "array", "base", "index", "node", "origin", "requires_grad", "spec", "version")

    origin: tuple[float, int]

    chain: Chain = ()
    epoch = 0
    seen = 0
    sequence = 0
    hooks: list[int] | None = None

    def __init__(self, array: Array, spec: Spec, node: Node | None = None, index: int = 0) -> None:
        self.array = array
        self.spec = spec
        self.node = node
        self.index = index
        self.requires_grad = False
        self.version = [0]
        self.base: Value | None = None

    @property
    def shape(self) -> Shape:
        """The sizes."""
        return self.spec.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self.spec.ndim

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self.spec.dtype


def fresh(array: Array, spec: Spec) -> Value:
    """`Value(array, spec)`, in half the time."""
    value = _allocate(Value)
    value.array = array
    value.spec = spec
    value.node = None
    value.index = 0
    value.requires_grad = False
    value.version = [0]
    value.base = None
    return value


def mark_leaf(value: Value, required: bool) -> None:
    """Have gradients flow into a value, or no more."""
    value.requires_grad = required
    value.sequence = _next_number()


Edge: TypeAlias = "tuple[Node, int] | Value | None"


class Node:
    """A recorded op: its plan, the edges its gradients flow along, and what its gradient rules read.

    `versions` are those of the operands that the rules read, in order; `outs` are results that they read.
    """

    __slots__ = ("__dict__", "edges", "operands", "out_specs", "plan", "sequence", "versions")

    outs: tuple[tuple[Array, list[int], int] | None, ...] | None = None
    hooks: dict[int, list[int]] | None = None

    def __init__(
        self,
        plan: Plan,
        edges: tuple[Edge, ...],
        operands: tuple[Any, ...] | None,
        versions: tuple[int, ...] = (),
    ) -> None:
        self.plan = plan
        self.edges = edges
        self.sequence = _next_number()
        self.operands = operands
        self.versions = versions
        self.out_specs: tuple[Spec, ...] = plan.specs

    def kept(self) -> Sequence[Array]:
        """Arrays that it keeps besides its operands and results."""
        return ()

    def release(self) -> None:
        """Drop what the rules read: a second backward through here is an error."""
        if self.plan.op.saves:
            self.operands = None
            if self.outs is not None:
                self.outs = None

    def check_not_released(self) -> None:
        """Raise GradientError after `release`."""
        if self.operands is None:
            raise GradientError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time "
                f"or if you need to access saved tensors after calling backward. The op was {self.plan.op.name}."
            )


def fresh_node(plan: Plan, edges: tuple[Edge, ...], operands: tuple[Any, ...], versions: tuple[int, ...]) -> Node:
    """`Node(plan, edges, operands, versions)`, in half the time."""
    node = _allocate(Node)
    node.plan = plan
    node.edges = edges
    node.sequence = _next_number()
    node.operands = operands
    node.versions = versions
    node.out_specs = plan.specs
    return node


def flatten(operands: Sequence[Any]) -> list[Any]:
    """The operands with lists spread out."""
    flat: list[Any] = []
    for x in operands:
        if isinstance(x, (list, tuple)):
            flat.extend(x)
        else:
            flat.append(x)
    return flat
