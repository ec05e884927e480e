"""Reverse mode: walks the recorded nodes from the newest to the oldest and runs their gradient rules.

Nodes are numbered as they are made, and an op is always recorded after its operands, so that taking pending nodes in
falling order is a topological order. The walk is a generator: it yields a `HookCall` when a user's hook has to run (on
the client) and goes on with the answer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from teletensor_core.engine.engine import Engine, edge_of
from teletensor_core.engine.namespaces import ArrayOps, GraphOps
from teletensor_core.engine.values import Edge, Node, Value
from teletensor_core.errors import GradientError
from teletensor_core.spec import Spec, spec


@dataclass
class HookCall:
    """A hook to run with a gradient; the answer is a replacement, or None to keep it."""

    hook: int
    grad: Value


Walk = Generator[HookCall, "Value | None", "list[Value | None]"]
_Key = tuple[int, int]


def _key(edge: Edge) -> _Key:
    return (id(edge[0]), edge[1]) if isinstance(edge, tuple) else (id(edge), -1)


class Backward:
    """One backward pass.

    `roots` and `grads` are what is differentiated and with which cotangents (None: one, for a single element).
    `targets` are the values whose gradients are wanted: leaves, or results of ops. With `only_targets` nothing is
    computed that does not lead to one. The walk returns their gradients in order, None where nothing flowed.

    A pass may be walked in parts, with `go_on` in between. `goals` are what later parts will want, or go on from.
    """

    def __init__(
        self,
        engine: Engine,
        roots: Sequence[Value],
        grads: Sequence[Value | None],
        targets: Sequence[Value],
        *,
        create_graph: bool = False,
        retain_graph: bool = False,
        only_targets: bool = False,
        goals: Sequence[Value] = (),
    ) -> None:
        self.engine = engine
        self.ops: ArrayOps | GraphOps = GraphOps(engine) if create_graph else ArrayOps(engine)
        self.create_graph = create_graph
        self.retain_graph = retain_graph
        self.pending: dict[Node, list[Any]] = {}
        self.heap: list[tuple[int, Node]] = []
        self.leaf_grads: dict[int, Any] = {}
        self.leaves: dict[int, Value] = {}
        self.summed: set[_Key] = set()
        self.wanted: set[_Key] = set()
        self.found: dict[_Key, Any] = {}
        self.needed: set[Node] | None = set() if only_targets else None
        self._searched: set[Node] = set()
        self.go_on(roots, grads, targets, goals)

    def go_on(
        self,
        roots: Sequence[Value],
        grads: Sequence[Value | None],
        targets: Sequence[Value],
        goals: Sequence[Value] = (),
    ) -> None:
        """Go on from more roots, to other targets."""
        self.targets = [edge_of(value) for value in targets]
        self.wanted.update(_key(edge_of(value)) for value in (*targets, *goals))
        if None in self.targets:
            raise GradientError("One of the differentiated Tensors does not require grad")
        if self.needed is not None:
            self._search(roots, self.needed)
        for root, grad in zip(roots, grads, strict=True):
            self._seed(root, grad)

    def walk(self, until: Value | None = None) -> Walk:
        """Run the pass; yields hook calls, returns the targets' gradients as new values.

        With `until`, a leaf, no further than to the nodes that were made before it was marked.
        """
        oldest = -1 if until is None else until.sequence
        while self.heap and -self.heap[0][0] > oldest:
            _, node = heapq.heappop(self.heap)
            outs = self.pending.pop(node)
            if node.hooks:
                yield from self._run_hooks(node, outs)
            for index, g in enumerate(outs):
                self.summed.discard((id(node), index))
                if (id(node), index) in self.wanted:
                    self.found[(id(node), index)] = g
            if self.needed is None or node in self.needed:
                self._differentiate(node, outs)
            if not self.retain_graph:
                node.release()
        for key, leaf in self.leaves.items():
            if leaf.hooks and until is None and key in self.leaf_grads:
                self.leaf_grads[key] = yield from self._hooked(leaf.hooks, self.leaf_grads[key])
        return self._results()

    # -- seeding and pruning -----------------------------------------------------------------------------------------

    def _seed(self, root: Value, grad: Value | None) -> None:
        edge = edge_of(root)
        if edge is None:
            # A gradient made with create_graph counts as depending on everything, and may turn out to be constant.
            return
        if grad is None:
            if root.spec.numel != 1:
                raise GradientError("grad can be implicitly created only for scalar outputs")
            grad = Value(self.engine.arrays.ones(root.spec), root.spec)
        self._send(edge, grad if self.create_graph else grad.array)

    def held(self) -> int:
        """Bytes of the gradients that are on their way."""
        arrays = [g for slots in self.pending.values() for g in slots] + [*self.leaf_grads.values()]
        return sum(
            (g.array if type(g) is Value else g).nbytes for g in (*arrays, *self.found.values()) if g is not None
        )

    def _search(self, roots: Sequence[Value], needed: set[Node]) -> None:
        """Find every node on a path from the roots to a target."""
        done = self._searched
        stack = [edge[0] for edge in map(edge_of, roots) if isinstance(edge, tuple)]
        while stack:
            node = stack[-1]
            children = [edge[0] for edge in node.edges if isinstance(edge, tuple)]
            fresh = [child for child in children if child not in done]
            if node not in done and fresh:
                done.add(node)
                stack.extend(fresh)
                continue
            done.add(node)
            stack.pop()
            if any(e is not None and (_key(e) in self.wanted or _leads(e, needed)) for e in node.edges):
                needed.add(node)

    def _flows(self, edge: Edge) -> bool:
        """Whether a gradient along this edge is of use."""
        if edge is None:
            return False
        if self.needed is None or _key(edge) in self.wanted:
            return True
        return _leads(edge, self.needed)

    # -- one node ----------------------------------------------------------------------------------------------------

    def _differentiate(self, node: Node, outs: list[Any]) -> None:
        node.check_not_released()
        op = node.plan.op
        operands, out = self._unpack(node)
        g = self._cotangent(node, outs)
        edges = iter(node.edges)
        split = [[next(edges) for _ in x] if isinstance(x, (list, tuple)) else next(edges) for x in node.operands or ()]
        joint = self._joint(node, split, g, out, operands) if op.joint_vjp is not None else {}
        for name, edge, x in zip(op.operands, split, node.operands or (), strict=True):
            if not any(self._flows(e) for e in (edge if isinstance(edge, list) else [edge])):
                continue
            if name in joint:
                grad = joint[name]
            elif name in op.vjps:
                grad = self._apply_rule(op.vjps[name], node, g, out, operands)
            else:
                raise GradientError(f"the derivative for '{name}' of {op.name} is not implemented")
            self._spread(edge, grad, x)

    def _apply_rule(self, rule: Callable[..., Any], node: Node, g: Any, out: Any, operands: Any, **more: Any) -> Any:
        return rule(self.ops, g, out, *operands, **more, **node.plan.attrs)

    def _joint(self, node: Node, split: list[Any], g: Any, out: Any, operands: list[Any]) -> dict[str, Any]:
        op = node.plan.op
        assert op.joint_vjp is not None
        needs = frozenset(
            name
            for name, edge in zip(op.operands, split, strict=True)
            if any(self._flows(e) for e in (edge if isinstance(edge, list) else [edge]))
        )
        names = op.joint_names
        if needs.isdisjoint(names):
            return {}
        grads = self._apply_rule(op.joint_vjp, node, g, out, operands, needs=needs)
        return dict(zip(names, grads, strict=True))

    def _spread(self, edge: Any, grad: Any, operand: Any) -> None:
        if grad is None:
            return
        if isinstance(edge, list):
            for e, part, x in zip(edge, grad, operand, strict=True):
                if part is not None and self._flows(e):
                    self._send(e, self._fit(part, x))
        else:
            self._send(edge, self._fit(grad, operand))

    def _cotangent(self, node: Node, outs: list[Any]) -> Any:
        """The gradients of a node's outputs; zeros for a floating point output that nothing flowed into."""
        specs = node.out_specs
        filled = [
            self._zeros(s) if g is None and s.dtype.category >= 2 else self._upcast(node, g)
            for g, s in zip(outs, specs, strict=True)
        ]
        return tuple(filled) if node.plan.multiple else filled[0]

    def _zeros(self, wanted: Spec) -> Any:
        array = self.engine.arrays.zeros(spec(wanted.shape, wanted.dtype))
        return Value(array, spec(wanted.shape, wanted.dtype)) if self.create_graph else array

    def _upcast(self, node: Node, x: Any) -> Any:
        """Half precision arrays enter the rule of a computing op as float32, as they enter its kernel."""
        if self.create_graph or x is None or not node.plan.op.opmath:
            return x
        return self.engine.arrays.opmath(x)

    def _unpack(self, node: Node) -> tuple[list[Any], Any]:
        """What the rule reads: saved operands (after checking their versions) and the saved output."""
        versions = iter(node.versions)
        operands: list[Any] = []
        for x in node.operands or ():
            if isinstance(x, list):
                operands.append([self._saved(node, v, next(versions)) if type(v) is Value else v for v in x])
            else:
                operands.append(self._saved(node, x, next(versions)) if type(x) is Value else x)
        return operands, self._saved_out(node)

    def _saved(self, node: Node, value: Value, version: int) -> Any:
        _check_version(node, value.spec, value.version[0], version, value.node, value.index)
        return value if self.create_graph else self._upcast(node, value.array)

    def _saved_out(self, node: Node) -> Any:
        if node.outs is None:
            return node.out_specs if node.plan.multiple else node.out_specs[0]
        outs: list[Any] = []
        for index, (kept, out_spec) in enumerate(zip(node.outs, node.out_specs, strict=True)):
            if kept is None:
                outs.append(out_spec)
                continue
            array, current, version = kept
            _check_version(node, out_spec, current[0], version, node, index)
            value = Value(array, out_spec, node, index) if out_spec.dtype.category >= 2 else Value(array, out_spec)
            outs.append(value if self.create_graph else self._upcast(node, array))
        return tuple(outs) if node.plan.multiple else outs[0]

    # -- moving gradients --------------------------------------------------------------------------------------------

    def _fit(self, grad: Any, operand: Any) -> Any:
        """A gradient with exactly the operand's shape and dtype: summed over broadcast dimensions, cast, made real."""
        wanted: Spec = operand.spec if type(operand) is Value else operand
        ops = self.ops
        if not wanted.dtype.is_complex and ops.dtype(grad).is_complex:
            grad = ops.real(grad)
        if grad.shape != wanted.shape:
            grad = ops.sum_to(grad, shape=wanted.shape)
        if ops.dtype(grad) is not wanted.dtype:
            grad = ops.to(grad, dtype=wanted.dtype)
        return grad

    def _send(self, edge: Edge, grad: Any) -> None:
        if isinstance(edge, tuple):
            node, index = edge
            slots = self.pending.get(node)
            if slots is None:
                slots = self.pending[node] = [None] * len(node.out_specs)
                heapq.heappush(self.heap, (-node.sequence, node))
            slots[index] = self._add((id(node), index), slots[index], grad)
        elif edge is not None:
            self.leaves[id(edge)] = edge
            self.leaf_grads[id(edge)] = self._add(_key(edge), self.leaf_grads.get(id(edge)), grad)

    def _add(self, key: _Key, total: Any, grad: Any) -> Any:
        """Add to a running sum; a sum that was made here is ours to write into."""
        if total is None:
            return grad
        if self.create_graph:
            return self.ops.add(total, grad)
        if key in self.summed:
            return self.engine.xp.add(total, grad, out=total)
        self.summed.add(key)
        result = self.engine.xp.add(total, grad)
        return result if type(result) is self.engine.arrays.type else self.engine.xp.asarray(result)

    # -- hooks and results -------------------------------------------------------------------------------------------

    def _run_hooks(self, node: Node, outs: list[Any]) -> Generator[HookCall, Value | None, None]:
        for index, hooks in (node.hooks or {}).items():
            if outs[index] is not None:
                outs[index] = yield from self._hooked(hooks, outs[index])

    def _hooked(self, hooks: list[int], grad: Any) -> Generator[HookCall, Value | None, Any]:
        value = grad if self.create_graph else self._wrap(grad)
        for hook in list(hooks):
            value = (yield HookCall(hook, value)) or value
        return value if self.create_graph else value.array

    def _wrap(self, array: Any) -> Value:
        return Value(array, spec(tuple(array.shape), self.ops.dtype(array)))

    def _results(self) -> list[Value | None]:
        """The targets' gradients, taken out of the books: an array that nobody else holds need not be copied."""
        results: list[Value | None] = []
        done: dict[_Key, Value] = {}
        for edge in self.targets:
            key = _key(edge)
            grad = self.found.pop(key, None) if isinstance(edge, tuple) else self.leaf_grads.pop(key[0], None)
            if key in done:
                grad = done[key] if self.create_graph else self.engine.xp.array(done[key].array, order="C")
            result = grad if self.create_graph or grad is None else self._wrap(self.engine.arrays.private(grad))
            if result is not None:
                done[key] = result
            results.append(result)
        return results


def _leads(edge: Edge, needed: set[Node]) -> bool:
    return isinstance(edge, tuple) and edge[0] in needed


def _check_version(node: Node, saved: Spec, current: int, version: int, maker: Node | None, index: int) -> None:
    if current != version:
        made = "" if maker is None else f", which is output {index} of {maker.plan.grad_name.split('Backward')[0]},"
        raise GradientError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[torch.{saved.dtype.title}Tensor {list(saved.shape)}]{made} is at version {current}; expected version "
            f"{version} instead. Hint: enable anomaly detection to find the operation that failed to compute its "
            "gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False). "
            f"It was saved for the backward of {node.plan.op.name}."
        )
