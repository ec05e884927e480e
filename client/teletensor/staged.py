"""Backward through a graph with Python steps in it: the engines walk down to a step's results, it runs here, and on.

Steps run from the newest to the oldest, and no engine goes further than to what is newer than the next of them. So
every node is walked once, with all of its gradient, as if the whole graph were an engine's.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from teletensor_core.engine import Part

from teletensor import grad_mode, hooks
from teletensor.graph import GradFn
from teletensor.python_node import PythonNode
from teletensor.session import Session

if TYPE_CHECKING:
    from teletensor.tensor import Tensor

# Runs a part: roots, cotangents, targets, and which part it is. See backward._Engines.
Runner: TypeAlias = "Callable[[list[Tensor], list[Tensor | None], list[Tensor], Part], list[Tensor]]"

_numbers = itertools.count(1)


class _Walk:
    """One session's part of a backward."""

    def __init__(self, goals: list[Tensor], run: Runner) -> None:
        self._number = next(_numbers)
        # What the engine is to come to that it has not heard of.
        self.goals = goals
        self._run = run
        self._roots: list[Tensor] = []
        self._grads: list[Tensor | None] = []
        self.begun = False

    def send(self, root: Tensor, grad: Tensor | None) -> None:
        """Go on from a tensor, too."""
        self._roots.append(root)
        self._grads.append(grad)

    def to(self, targets: list[Tensor], until: Tensor | None) -> list[Tensor]:
        """Walk as far as to a leaf, or to the end; the gradients of these targets."""
        goals = tuple(goal._ref for goal in self.goals)
        roots, grads, self.goals, self._roots, self._grads = self._roots, self._grads, [], [], []
        self.begun = until is not None
        return self._run(roots, grads, targets, Part(self._number, goals, None if until is None else until._ref))

    def give_up(self, session: Session) -> None:
        """Have no more parts walked."""
        if self.begun:
            session.abandon(self._number)


class StagedBackward:
    """The gradients of `targets`, to which the `useless` nodes do not lead.

    Steps may make more of the graph when they are run, as checkpoints do.
    """

    def __init__(
        self, targets: Sequence[Tensor], run: Runner, useless: set[GradFn], *, create_graph: bool, keep: bool
    ) -> None:
        self.targets = targets
        self.create_graph = create_graph
        self.keep = keep
        self._run = run
        self._useless = useless
        self._walks: dict[Session, _Walk] = {}
        # Steps that gradients come to, newest first, and what has come to their results, but for the engines' parts.
        self._waiting: list[tuple[int, PythonNode]] = []
        self._flow: dict[PythonNode, dict[int, Tensor | None]] = {}
        self._seen: set[GradFn] = set()
        self._reached: set[int] = set()
        self._sums: list[Tensor | None] = [None] * len(targets)

    def run(self, roots: Sequence[Tensor], grads: Sequence[Tensor | None]) -> list[Tensor | None]:
        """The gradients, None where nothing flowed."""
        try:
            self._go_on(roots, grads)
            while self._waiting:
                _, step = heapq.heappop(self._waiting)
                self._take(step)
            self._finish()
        except BaseException:
            for session, walk in self._walks.items():
                walk.give_up(session)
            raise
        return [
            grad if grad is None or isinstance(target._edge()[0], GradFn) else hooks.run_on_leaf(target, grad)
            for target, grad in zip(self.targets, self._sums, strict=True)
        ]

    def _take(self, step: PythonNode) -> None:
        """Run a step on all that has come to it, and go on from there."""
        arrived = hooks.run_on_results(step, self._arrived(step))
        for i, target in enumerate(self.targets):
            end, index = target._edge()
            if end is step and arrived[index] is not None:
                self._sums[i] = arrived[index]
        if step in self._useless:
            return
        with grad_mode.set_grad_enabled(self.create_graph):
            following = step.run(arrived)
        if not self.keep:
            step.release()
        self._go_on([tensor for tensor, _ in following], [grad for _, grad in following])

    def _arrived(self, step: PythonNode) -> list[Tensor | None]:
        """The gradients of a step's results, each engine's part added to what came directly."""
        flow = self._flow.pop(step)
        by_session: dict[Session, list[int]] = {}
        for index in sorted(flow):
            leaf = step.leaves[index]
            if leaf is not None and id(leaf) in self._reached:
                by_session.setdefault(leaf._session, []).append(index)
        for session, indices in by_session.items():
            leaves: list[Any] = [step.leaves[index] for index in indices]
            first = next(leaf for leaf in step.leaves if leaf is not None and leaf._session is session)
            for index, grad in zip(indices, self._walks[session].to(leaves, first), strict=True):
                flow[index] = self._sum(flow[index], grad)
        return [flow.get(index) for index in range(len(step.leaves))]

    def _finish(self) -> None:
        """Walk to the end everywhere."""
        for session, walk in self._walks.items():
            wanted = [
                i
                for i, target in enumerate(self.targets)
                if target._session is session and id(target._edge()[0]) in self._reached
            ]
            if not wanted:
                walk.give_up(session)
                continue
            for i, grad in zip(wanted, walk.to([self.targets[i] for i in wanted], None), strict=True):
                self._sums[i] = grad

    def _go_on(self, roots: Sequence[Tensor], grads: Sequence[Tensor | None]) -> None:
        """Send gradients on from some tensors."""
        for root, grad in zip(roots, grads, strict=True):
            end, index = root._edge()
            if isinstance(end, PythonNode):
                if not self._await(end, index):
                    continue
                self._flow[end][index] = self._sum(self._flow[end][index], _one(root) if grad is None else grad)
            elif end is not None:
                self._walk_of(root._session).send(root, grad)
                self._reach(end, index)

    def _walk_of(self, session: Session) -> _Walk:
        walk = self._walks.get(session)
        if walk is None:
            ours = [x for x in self.targets if x._session is session]
            walk = self._walks[session] = _Walk([x for x in ours if not _is_result(x)], self._run)
        return walk

    def _reach(self, end: Any, index: int) -> None:
        """Note what an engine will come to: nodes, leaves, and results of steps, which are leaves to it."""
        stack = [(end, index)]
        while stack:
            end, index = stack.pop()
            if isinstance(end, PythonNode):
                if not self._await(end, index):
                    continue
                leaf = end.leaves[index]
                if leaf is not None and id(leaf) not in self._reached:
                    self._reached.add(id(leaf))
                    self._walk_of(leaf._session).goals.append(leaf)
            elif isinstance(end, GradFn):
                if end not in self._seen:
                    self._seen.add(end)
                    self._reached.add(id(end))
                    stack.extend(end.parents)
            elif end is not None:
                self._reached.add(id(end))

    def _await(self, step: PythonNode, index: int) -> bool:
        """Have a step run, or its result's gradient noted, once all is there. False for one that is of no use."""
        if step in self._useless and not any(target._edge()[0] is step for target in self.targets):
            return False
        if step not in self._flow:
            self._flow[step] = {}
            heapq.heappush(self._waiting, (-step.sequence, step))
        self._flow[step].setdefault(index)
        return True

    def _sum(self, total: Tensor | None, grad: Tensor) -> Tensor:
        if total is None:
            return grad
        with grad_mode.set_grad_enabled(self.create_graph):
            return total + grad


def _is_result(x: Tensor) -> bool:
    return isinstance(x._edge()[0], PythonNode)


def _one(root: Tensor) -> Tensor:
    from teletensor.factories import ones_like

    return ones_like(root)


def has_steps(nodes: Sequence[GradFn]) -> bool:
    """Whether a graph has Python steps in it."""
    return any(isinstance(node, PythonNode) for node in nodes)
