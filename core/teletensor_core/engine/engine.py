"""The engine: runs planned ops on arrays and records the autograd graph. Knows nothing of sessions or wires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.backends import Backend
from teletensor_core.engine.arrays import Arrays
from teletensor_core.engine.values import Array, Edge, Node, Value, flatten, fresh, fresh_node
from teletensor_core.errors import GradientError, InternalError, LinAlgError
from teletensor_core.plan import GRAD, INPLACE, Plan, plan_for
from teletensor_core.registry import OPS, Op
from teletensor_core.spec import Spec
from teletensor_core.spec import spec as intern


class RuleMismatch(InternalError):
    """A kernel's result has another shape than the op's rule said: a defect, or operands that no rule has looked at."""


class Engine:
    """Executes ops on one device. Not thread-safe: one session's commands run one after another."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.xp = backend.xp
        self.arrays = Arrays(backend)
        self.ops_run = 0
        self._array_type = self.arrays.type
        self._mishaps = (*backend.out_of_memory_errors, *backend.linalg_errors)

    def run(self, plan: Plan, operands: Sequence[Any]) -> tuple[Value, ...]:
        """The results of one op. An operand is a Value, a Python number, None, or a list of Values.

        An in-place plan returns its (changed) first operand; an op that mutates lists returns nothing.
        """
        if plan.is_plain:
            return (self.run_plain(plan, operands),)
        self.ops_run += 1
        op = plan.op
        if op.mutates:
            return self._run_mutation(plan, operands)
        if plan.flags & INPLACE:
            return self._run_inplace(plan, operands)
        outs = self._compute(plan, operands)
        if plan.records:
            record(plan, operands, outs)
        if op.view:
            self._link_views(plan, operands[0], outs)
        return outs

    def run_plain(self, plan: Plan, operands: Sequence[Any]) -> Value:
        """What `run` does for a plan that `is_plain`, as nearly all are: the result of the op."""
        if plan.is_pair:
            return self.run_pair(plan, operands[0], operands[1])
        self.ops_run += 1
        arrays = self._arrays(plan, operands)
        result = self._call(plan, arrays)
        value = Value(self._conform(plan.op, result, plan.specs[0], arrays), plan.specs[0])
        if plan.records:
            record(plan, operands, (value,))
        return value

    def run_pair(self, plan: Plan, x: Value, y: Value) -> Value:
        """What `run` does for a plan that `is_pair`, as those of half of all calls are.

        It is spelled out: the general way costs as much as adding four thousand numbers.
        """
        self.ops_run += 1
        a, b, spec = x.array, y.array, plan.specs[0]
        try:
            result = plan.op.kernel(self.xp, a, b)
        except self._mishaps:
            result = None
        if result is None:
            self.backend.free_pools()
            result = self._call(plan, (a, b))
        if (
            type(result) is not self._array_type
            or result.dtype is not spec.dtype.np
            or result.shape != spec.shape
            or not result.flags.c_contiguous
            or result is a
            or result is b
        ):
            result = self._conform(plan.op, result, spec, (a, b))
        value = fresh(result, spec)
        if plan.records:
            record_pair(plan, x, y, value)
        return value

    def apply(self, op: Op, operands: Sequence[Any], attrs: tuple[Any, ...], flags: int) -> tuple[Value, ...]:
        """Plan and run, for operands that are already here."""
        return self.run(plan_for(op, attrs, flags, [describe(x) for x in operands]), operands)

    def constant(self, array: Array, spec: Spec) -> Value:
        """A value that is not the result of an op."""
        return Value(array, spec)

    # -- computing ---------------------------------------------------------------------------------------------------

    def _compute(self, plan: Plan, operands: Sequence[Any]) -> tuple[Value, ...]:
        arrays = self._arrays(plan, operands)
        result = self._call(plan, arrays)
        results, specs = (result, plan.specs) if plan.multiple else ((result,), plan.specs)
        if plan.op.dynamic:
            specs = tuple(self._dynamic_spec(r, s) for r, s in zip(results, specs, strict=True))
        return tuple(
            Value(self._conform(plan.op, r, s, arrays), s) for r, s in zip(results, specs, strict=True) if s is not None
        )

    def _call(self, plan: Plan, arrays: Sequence[Any]) -> Any:
        """What a plan's kernel returns. Raises LinAlgError, and whatever else kernels raise."""
        try:
            return self.call(plan.op, arrays, plan.attrs)
        except self.backend.linalg_errors as error:
            shapes = ", ".join(map(repr, plan.specs))
            raise LinAlgError(f"{plan.op.failure or plan.op.name} ({error}: {shapes})") from None

    def call(self, op: Op, operands: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """What an op's kernel returns for arrays; tried once more, with the device's pools freed, when memory is short.

        For kernels that write only into arrays of their own: others would do a part of their work twice.
        """
        try:
            return op.kernel(self.xp, *operands, **attrs)
        except self.backend.out_of_memory_errors:
            pass
        # Here, and not above: there the traceback still holds what the kernel had allocated.
        self.backend.free_pools()
        return op.kernel(self.xp, *operands, **attrs)

    def _arrays(self, plan: Plan, operands: Sequence[Any]) -> list[Any]:
        arrays: list[Any] = []
        for x in operands:
            if type(x) is Value:
                arrays.append(x.array)
            elif type(x) is list or type(x) is tuple:
                arrays.append([v.array for v in x])
            else:
                arrays.append(x)
        return arrays if plan.casts is None else self.arrays.cast(arrays, plan.casts)

    def _conform(self, op: Op, result: Array, spec: Spec, arrays: Sequence[Any]) -> Array:
        """The kernel's result as an array of exactly the inferred dtype and layout, with memory of its own."""
        result = self.arrays.conform(result, spec)
        if result.shape != spec.shape:
            raise RuleMismatch(f"{op.name}: the kernel gave shape {result.shape}, the rule said {spec.shape}")
        if op.view:
            return result
        if not result.flags.c_contiguous:
            return self.xp.ascontiguousarray(result)
        for x in arrays:
            if x is result:
                return result.copy()
        return result

    def _dynamic_spec(self, result: Array, spec: Spec) -> Spec:
        return intern(tuple(result.shape), spec.dtype)

    # -- views -------------------------------------------------------------------------------------------------------

    def _link_views(self, plan: Plan, source: Value, outs: tuple[Value, ...]) -> None:
        base = source if source.base is None else source.base
        attrs = tuple(plan.attrs.values())
        for index, out in enumerate(outs):
            if not plan.op.unnoticed:
                out.version = source.version
            if plan.op.differentiable:
                out.base = base
                out.chain = (*source.chain, (plan.op.name, attrs, index))
                out.seen = base.epoch

    # -- writing in place --------------------------------------------------------------------------------------------

    def _run_inplace(self, plan: Plan, operands: Sequence[Any]) -> tuple[Value, ...]:
        target: Value = operands[0]
        node = None
        if plan.records and any(needs_grad(x) for x in flatten(list(operands))):
            refuse_leaf(target)
            node = self._inplace_node(plan, target, operands)
        arrays = self._arrays(plan, operands)
        if plan.op.inplace_kernel is not None and plan.casts is None:
            plan.op.inplace_kernel(self.xp, *arrays, **plan.attrs)
        else:
            self.arrays.overwrite(target.array, self.call(plan.op, arrays, plan.attrs))
        target.version[0] += 1
        if node is not None:
            if plan.saves_out:
                node.outs = ((target.array, target.version, target.version[0]),)
            self._rebase(target, node)
        return (target,)

    def _inplace_node(self, plan: Plan, target: Value, operands: Sequence[Any]) -> Node:
        """The node of an in-place op, made before the write: it keeps a copy of what the write destroys."""
        edges = tuple([edge_of(x) for x in flatten(list(operands))])
        keep = plan.op.operands[0] in plan.op.saves
        before = Value(target.array.copy() if keep else target.array, target.spec, target.node, target.index)
        before.requires_grad = target.requires_grad
        node = make_node(plan, [before, *operands[1:]], edges)
        node.out_specs = (target.spec,)
        return node

    def _rebase(self, target: Value, node: Node) -> None:
        """Make `node` the producer of `target`; when that is a view, of the part of its base that it shows."""
        if target.base is None:
            target.node, target.index = node, 0
            target.epoch += 1
            return
        base = target.base
        scatter = OPS["view_scatter"]
        plan = plan_for(scatter, (target.chain,), GRAD, [base.spec, target.spec])
        joined = Node(plan, (edge_of(base), (node, 0)), (base.spec, target.spec))
        base.node, base.index = joined, 0
        base.epoch += 1
        target.node, target.index, target.seen = node, 0, base.epoch

    def _run_mutation(self, plan: Plan, operands: Sequence[Any]) -> tuple[Value, ...]:
        plan.op.kernel(self.xp, *self._arrays(plan, operands), **plan.attrs)
        for name, operand in zip(plan.op.operands, operands, strict=True):
            if name in plan.op.mutates and operand is not None:
                for value in operand if isinstance(operand, (list, tuple)) else (operand,):
                    value.version[0] += 1
        return ()


def describe(operand: Any) -> Any:
    """What a plan is made from: the spec of a value, the specs of a list, anything else as it is."""
    if isinstance(operand, Value):
        return operand.spec
    if isinstance(operand, (list, tuple)):
        return tuple(x.spec for x in operand)
    return operand


def refuse_leaf(target: Value) -> None:
    """Raise GradientError when an in-place op would overwrite a leaf, or a view of one, that requires grad."""
    root = target if target.base is None else target.base
    if root.requires_grad and root.node is None:
        what = "a leaf Variable" if target.base is None else "a view of a leaf Variable"
        raise GradientError(f"{what} that requires grad is being used in an in-place operation.")


def needs_grad(operand: Any) -> bool:
    """Whether gradients flow into an operand."""
    return isinstance(operand, Value) and edge_of(operand) is not None


def edge_of(operand: Any) -> Edge:
    """Where an operand's gradient goes: a node's output, a leaf, or nowhere."""
    if type(operand) is not Value:
        return None
    base = operand.base
    if base is not None and operand.seen != base.epoch:
        _regenerate(operand, base)
    if operand.node is not None:
        return (operand.node, operand.index)
    return operand if operand.requires_grad else None


def _regenerate(view: Value, base: Value) -> None:
    """Derive a view's node again from its base, which was written to since."""
    view.seen = base.epoch
    edge = edge_of(base)
    spec = base.spec
    if edge is None:
        view.node = None
        return
    for name, attrs, index in view.chain:
        plan = plan_for(OPS[name], attrs, GRAD, [spec])
        node = Node(plan, (edge,), (spec,))
        edge, spec = (node, index), plan.specs[index]
    assert isinstance(edge, tuple)
    view.node, view.index = edge


def record(plan: Plan, operands: Sequence[Any], outs: tuple[Value, ...]) -> None:
    """Add a node for a finished op, if any operand needs a gradient."""
    edges = tuple([edge_of(x) for x in flatten(operands)])
    for edge in edges:
        if edge is not None:
            break
    else:
        return
    _add(make_node(plan, operands, edges), outs)


def record_pair(plan: Plan, x: Value, y: Value, out: Value) -> None:
    """`record` for two tensors and one result, spelled out."""
    if x.base is None and y.base is None:
        a = (x.node, x.index) if x.node is not None else x if x.requires_grad else None
        b = (y.node, y.index) if y.node is not None else y if y.requires_grad else None
    else:
        a, b = edge_of(x), edge_of(y)
    if a is None and b is None:
        return
    keep_x, keep_y = plan.saved
    if keep_x and keep_y:
        node = fresh_node(plan, (a, b), (x, y), (x.version[0], y.version[0]))
    elif keep_x or keep_y:
        node = make_node(plan, (x, y), (a, b))
    else:
        node = fresh_node(plan, (a, b), (x.spec, y.spec), ())
    if plan.saves_out:
        node.outs = ((out.array, out.version, 0),)
    if plan.specs[0].dtype.category >= 2:
        out.node = node


def _add(node: Node, outs: tuple[Value, ...]) -> None:
    """Make a node the producer of its op's results."""
    op = node.plan.op
    if op.dynamic:
        node.out_specs = tuple([out.spec for out in outs])
    saves = node.plan.saves_out
    if saves:
        node.outs = tuple([(x.array, x.version, 0) if keep else None for keep, x in zip(saves, outs, strict=True)])
    for index, out in enumerate(outs):
        if out.spec.dtype.category >= 2:
            out.node, out.index = node, index


def make_node(plan: Plan, operands: Sequence[Any], edges: tuple[Edge, ...]) -> Node:
    """A node that keeps the operands its rules read, and only the specs of the others."""
    kept: list[Any] = []
    versions: list[int] = []
    for keep, x in zip(plan.saved, operands, strict=True):
        if type(x) is Value:
            if keep:
                kept.append(x)
                versions.append(x.version[0])
            else:
                kept.append(x.spec)
        elif isinstance(x, (list, tuple)):
            kept.append([v if keep else v.spec for v in x])
            if keep:
                versions.extend(v.version[0] for v in x)
        else:
            kept.append(x)
    return Node(plan, edges, tuple(kept), tuple(versions))


def set_hook(value: Value, hook: int) -> None:
    """Call `hook` with the gradient of `value` whenever a backward pass reaches it."""
    edge = edge_of(value)
    if edge is None:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    if isinstance(edge, tuple):
        node, index = edge
        node.hooks = node.hooks or {}
        node.hooks.setdefault(index, []).append(hook)
    else:
        value.hooks = [*(value.hooks or []), hook]


def remove_hook(value: Value, hook: int) -> None:
    """Undo `set_hook`; a hook that is not there is ignored."""
    edge = edge_of(value)
    hooks = (edge[0].hooks or {}).get(edge[1], []) if isinstance(edge, tuple) else value.hooks or []
    if hook in hooks:
        hooks.remove(hook)
