"""The client's own picture of the autograd graph: which leaves a tensor was made from. It answers `grad_fn`, `is_leaf`
and "which gradients will this backward make" without asking the worker.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from teletensor_core.plan import Plan
from teletensor_core.registry import Op

if TYPE_CHECKING:
    from typing import Self

    from teletensor.tensor import Tensor


F = TypeVar("F", bound=Callable[..., Any])


class Node:
    """A node of the graph: a recorded op, or where a gradient ends."""

    __slots__ = ()


class GradFn(Node):
    """A recorded op, printed as `<MulBackward0>`, which is its type's name too.

    Its parents are other GradFns (with an output number) and leaf tensors.
    """

    # What few nodes have is in no slot: it costs nothing until it is set.
    __slots__ = ("__dict__", "__weakref__", "freed", "op", "parents")

    # Whether it is there to raise an error in whatever backward comes to it.
    refuses = False
    retained: dict[int, weakref.ref[Tensor]] | None = None
    _metadata: dict[str, Any] | None = None

    def __new__(cls, named: Op | str, *rest: Any) -> Self:
        """A node of the kind that has the op's name, or the name itself."""
        name = named if isinstance(named, str) else named.grad_name
        made: Self = object.__new__(kind(name, cls))  # type: ignore[arg-type]
        return made

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
        return type(self).__name__

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


@cache
def kind(name: str, base: type[Any]) -> type[Any]:
    """The class of nodes of a name: programs print `type(x.grad_fn).__name__`."""
    return type(name, (base,), {"__slots__": (), "__module__": base.__module__})


def rename(node: GradFn, name: str) -> None:
    """Let a node have another name."""
    base = type(node).__base__
    assert base is not None, "kinds have one"
    node.__class__ = kind(name, base)


def named(name: str) -> Callable[[F], F]:
    """For a function of several ops: its result's node has the name that PyTorch gives it."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            made = function(*args, **kwargs)
            if getattr(made, "_node", None) is not None and not any(made is x for x in (*args, *kwargs.values())):
                rename(made._node, name)
            return made

        return call  # type: ignore[return-value]

    return decorate


def grad_fn(plan: Plan, parents: tuple[Any, ...]) -> GradFn:
    """The node of a call, in half the time that `GradFn(op, parents)` takes."""
    node: GradFn = _allocate(plan.grad_kind or _kind_of(plan))
    node.op = plan.op
    node.parents = parents
    node.freed = False
    return node


_allocate = object.__new__


def _kind_of(plan: Plan) -> type[GradFn]:
    plan.grad_kind = kind(plan.grad_name, GradFn)
    return plan.grad_kind  # type: ignore[no-any-return]


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
