"""Backward through a graph with Python steps in it: one engine pass down to their results, their own gradients, and on.

A part of the graph that is reached from several passes is walked once in each, with a part of the gradient: sums come
out the same, and hooks on leaves see the sum. Hooks inside such a part see the parts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from teletensor import grad_mode, hooks
from teletensor.graph import GradFn, walk
from teletensor.python_node import PythonNode

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

# See backward.engine_pass.
EnginePass: TypeAlias = "Callable[..., list[Tensor]]"


class StagedBackward:
    """The gradients of `targets`, in as many passes as the Python steps need."""

    def __init__(self, targets: Sequence[Tensor], engine_pass: EnginePass, *, create_graph: bool, keep: bool) -> None:
        self.targets = targets
        self.engine_pass = engine_pass
        self.create_graph = create_graph
        self.keep = keep
        self.sums: list[Tensor | None] = [None] * len(targets)
        self.flow: dict[PythonNode, list[Tensor | None]] = {}
        self.ends = {target._edge()[0] for target in targets}
        self.leading: set[Any] = set()

    def run(self, roots: Sequence[Tensor], grads: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The gradients, None where nothing flowed. A step that leads to no target is not run."""
        self.leading = _leading([root._edge()[0] for root in roots], self.ends)
        self._go_on(roots, grads)
        while self.flow:
            step = max(self.flow, key=lambda each: each.sequence)
            arrived = hooks.run_on_results(step, self.flow.pop(step))
            self._note(step, arrived)
            if step not in self.leading:
                continue
            with grad_mode.set_grad_enabled(self.create_graph):
                following = step.run(arrived)
            if not self.keep:
                step.release()
            self._go_on([tensor for tensor, _ in following], [grad for _, grad in following])
        return [
            grad if grad is None or isinstance(target._edge()[0], GradFn) else hooks.run_on_leaf(target, grad)
            for target, grad in zip(self.targets, self.sums, strict=True)
        ]

    def _go_on(self, roots: Sequence[Tensor], grads: Sequence[Tensor | None]) -> None:
        """Send gradients on from some tensors: an engine pass for each session, down to leaves and Python steps."""
        by_session: dict[Any, list[tuple[Tensor, Tensor | None]]] = {}
        for root, grad in zip(roots, grads, strict=True):
            edge = root._edge()
            if isinstance(edge[0], PythonNode):
                if self._matters(edge[0]):
                    self._arrive(edge, _one(root) if grad is None else grad)
            elif edge[0] is not None:
                by_session.setdefault(root._session, []).append((root, grad))
        for pairs in by_session.values():
            self._pass([root for root, _ in pairs], [grad for _, grad in pairs])

    def _pass(self, roots: list[Tensor], grads: list[Tensor | None]) -> None:
        """One engine pass, to the targets and the steps that it reaches."""
        nodes, leaves, reached = _reached(roots)
        ends = [end for end in reached if self._matters(end[0])]
        edges = [target._edge()[0] for target in self.targets]
        wanted = [i for i, end in enumerate(edges) if end in nodes or id(end) in leaves]
        tensors = [self.targets[i] for i in wanted] + [leaf for _, _, leaf in ends]
        steps = {step for step, _, _ in ends}
        retain = self.keep or self._needs_again(nodes, steps)
        made = self.engine_pass(roots, grads, tensors, list(nodes), self.create_graph, retain, ends=list(steps))
        for i, grad in zip(wanted, made, strict=False):
            self.sums[i] = self._sum(self.sums[i], grad)
        for (step, index, _), grad in zip(ends, made[len(wanted) :], strict=True):
            self._arrive((step, index), grad)

    def _matters(self, step: PythonNode) -> bool:
        return step in self.leading or step in self.ends

    def _needs_again(self, nodes: set[GradFn], reached: set[PythonNode]) -> bool:
        """Whether a step that is still to come leads into these nodes too."""
        return any(not nodes.isdisjoint(_below(step)) for step in reached | set(self.flow))

    def _arrive(self, edge: tuple[PythonNode, int], grad: Tensor) -> None:
        step, index = edge
        slots = self.flow.setdefault(step, [None] * len(step.leaves))
        slots[index] = self._sum(slots[index], grad)

    def _note(self, step: PythonNode, arrived: list[Tensor | None]) -> None:
        """Keep the gradients of a step's results that are asked for."""
        for i, target in enumerate(self.targets):
            end, index = target._edge()
            if end is step and arrived[index] is not None:
                self.sums[i] = arrived[index]

    def _sum(self, total: Tensor | None, grad: Tensor) -> Tensor:
        if total is None:
            return grad
        with grad_mode.set_grad_enabled(self.create_graph):
            return total + grad


def _reached(roots: Sequence[Tensor]) -> tuple[set[GradFn], set[int], list[tuple[PythonNode, int, Tensor]]]:
    """What one engine pass reaches: nodes, leaves by id, and results of Python steps, which it takes for leaves."""
    nodes: set[GradFn] = set()
    leaves: set[int] = set()
    ends: dict[tuple[PythonNode, int], Tensor] = {}
    stack = [root._edge() for root in roots]
    while stack:
        end, index = stack.pop()
        if isinstance(end, PythonNode):
            leaf = end.leaves[index]
            if leaf is not None:
                ends[end, index] = leaf
        elif isinstance(end, GradFn):
            if end not in nodes:
                nodes.add(end)
                stack.extend(end.parents)
        elif end is not None:
            leaves.add(id(end))
    return nodes, leaves, [(step, index, leaf) for (step, index), leaf in ends.items()]


def _leading(roots: list[Any], targets: set[Any]) -> set[Any]:
    """The nodes under the roots that have one of the targets under them."""
    users: dict[int, list[GradFn]] = {}
    for node in walk([root for root in roots if isinstance(root, GradFn)]):
        for parent, _ in node.parents:
            users.setdefault(id(parent), []).append(node)
    found: set[Any] = set()
    ways = list(targets)
    while ways:
        for user in users.get(id(ways.pop()), ()):
            if user not in found:
                found.add(user)
                ways.append(user)
    return found


def _below(step: PythonNode) -> set[GradFn]:
    return set(walk([end for end, _ in step.parents if isinstance(end, GradFn)]))


def _one(root: Tensor) -> Tensor:
    from teletensor.factories import ones_like

    return ones_like(root)


def has_steps(nodes: Sequence[GradFn]) -> bool:
    """Whether a graph has Python steps in it."""
    return any(isinstance(node, PythonNode) for node in nodes)
