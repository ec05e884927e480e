"""An engine that notes what it does to arrays while it runs a program for the first time.

It computes exactly what the engine computes: it is the engine, and the trace looks on where kernels are called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teletensor_core.engine.arrays import Arrays
from teletensor_core.engine.autograd import Backward
from teletensor_core.engine.engine import Engine, record
from teletensor_core.engine.namespaces import ArrayOps
from teletensor_core.engine.values import Node, Value, flatten
from teletensor_core.plan import INPLACE, Plan
from teletensor_core.programs.code import Argument
from teletensor_core.programs.trace import Trace, Untraceable
from teletensor_core.registry import Op
from teletensor_core.spec import Spec

Dynamic = dict[int, Argument]


class TracingArrays(Arrays):
    """Array chores of a backward pass, noted."""

    trace: Trace

    def ones(self, spec: Spec) -> Any:
        """Ones of a spec's shape and dtype."""
        return self.trace.chore(_ones, [spec], super().ones(spec))

    def zeros(self, spec: Spec) -> Any:
        """Zeros of a spec's shape and dtype."""
        return self.trace.chore(_zeros, [spec], super().zeros(spec))

    def opmath(self, x: Any) -> Any:
        """Half precision arrays as float32."""
        result = super().opmath(x)
        return x if result is x else self.trace.chore(_to_float32, [x], result)

    def private(self, x: Any) -> Any:
        """A copy; preparing finds out whether it can do without."""
        return self.trace.chore(copied, [x], self.xp.array(x, order="C"), copies=True)


class TracingEngine(Engine):
    """Runs plans as the engine does, and notes the kernels. Set `dynamic` to tell which operands are arguments."""

    def __init__(self, engine: Engine, reserve: Callable[[int], None]) -> None:
        super().__init__(engine.backend)
        self.arrays = TracingArrays(engine.backend)
        self.trace = self.arrays.trace = Trace(self.arrays.type, reserve)
        self.plain = engine
        self.dynamic: Dynamic = {}
        # Operands that are arguments, by the node that keeps their values of this run.
        self.dynamic_nodes: dict[int, tuple[Node, Dynamic]] = {}
        self._inside = False
        self._raw: Any = None

    def run(self, plan: Plan, operands: Sequence[Any]) -> tuple[Value, ...]:
        """The results of one op, noted as one instruction."""
        named = tuple(self._named(i, x) for i, x in enumerate(operands))
        self._inside, self._raw = True, None
        at = len(self.trace.instructions)
        try:
            values = super().run(plan, operands)
        finally:
            self._inside = False
        if plan.op.mutates:
            self._note_mutation(plan, operands, named)
        elif plan.flags & INPLACE:
            self._note_inplace(plan, operands[0], named, at)
        else:
            self._note_op(plan, values, named)
        if self.dynamic:
            for value in values:
                if value.node is not None:
                    self.dynamic_nodes[id(value.node)] = value.node, self.dynamic
        return values

    def run_plain(self, plan: Plan, operands: Sequence[Any]) -> Value:
        """As `run`, with the kernel called where it is seen."""
        (value,) = self._compute(plan, operands)
        if plan.records:
            record(plan, operands, (value,))
        self.ops_run += 1
        return value

    def _named(self, position: int, x: Any) -> Any:
        if position in self.dynamic:
            return self.dynamic[position]
        if isinstance(x, (list, tuple)):
            return tuple(self.trace.slot(value.array) for value in x)
        return self.trace.operand(x.array if type(x) is Value else x)

    def call(self, op: Op, operands: Sequence[Any], attrs: dict[str, Any]) -> Any:
        """A kernel's result. Outside of `run` it is a gradient rule that calls, and an instruction of its own."""
        result = super().call(op, operands, attrs)
        if self._inside:
            self._raw = result
            return result
        kernel = op.kernel
        if any(type(x) is not self.arrays.type for x in _flat(result)):
            kernel = _as_arrays(kernel)
            result = kernel(self.xp, *operands, **attrs)
        self.trace.kernel(op, kernel, operands, attrs, result)
        return result

    def _array(self, x: Any) -> Any:
        return x if type(x) is self.arrays.type else self.xp.asarray(x)

    # -- notes -------------------------------------------------------------------------------------------------------

    def _note_op(self, plan: Plan, values: tuple[Value, ...], named: tuple[Any, ...]) -> None:
        made = iter(values)
        present = [next(made) if spec is not None else None for spec in plan.specs]
        raw = self._raw if plan.multiple else (self._raw,)
        as_is = raw is not None and all(v is None or v.array is x for v, x in zip(present, raw, strict=False))
        self.trace.add(
            plan.op.kernel,
            named,
            plan.attrs,
            self.trace.results([None if v is None else v.array for v in present]),
            multiple=plan.multiple,
            casts=plan.casts,
            specs=None if as_is else tuple(plan.specs),
            op=plan.op,
        )

    def _note_inplace(self, plan: Plan, target: Value, named: tuple[Any, ...], at: int) -> None:
        self._note_copy_before(target, at)
        kernel, casts = plan.op.inplace_kernel, plan.casts
        writes = (named[0],)
        if kernel is None or casts is not None:
            # What is written to stays as it is; what is computed with may be cast.
            kernel, named = _overwriting(self.plain, plan.op), (named[0], *named)
            casts = None if casts is None else (None, *casts)
        self.trace.add(kernel, named, plan.attrs, (), casts=casts, writes=writes)

    def _note_copy_before(self, target: Value, at: int) -> None:
        """A recorded write keeps a copy of what it destroys, which was taken before it."""
        node = target.node
        kept = node.operands[0] if node is not None and node.operands else None
        if type(kept) is Value and not self.trace.knows(kept.array):
            self.trace.chore(copied, [target.array], kept.array)
            self.trace.instructions.insert(at, self.trace.instructions.pop())

    def _note_mutation(self, plan: Plan, operands: Sequence[Any], named: tuple[Any, ...]) -> None:
        written: list[Any] = [
            x for name, x in zip(plan.op.operands, operands, strict=True) if name in plan.op.mutates and x is not None
        ]
        writes = tuple(self.trace.slot(value.array) for value in flatten(written))
        self.trace.add(plan.op.kernel, named, plan.attrs, (), casts=plan.casts, writes=writes)


class TracingBackward(Backward):
    """A backward pass whose rules are noted, kernel by kernel, or as a whole where that cannot be."""

    engine: TracingEngine

    def _apply_rule(self, rule: Callable[..., Any], node: Node, g: Any, out: Any, operands: Any, **more: Any) -> Any:
        _, dynamic = self.engine.dynamic_nodes.get(id(node), (None, {}))
        if self.create_graph:
            if dynamic:
                raise Untraceable("a gradient of a gradient depends on a number that changes")
            return super()._apply_rule(rule, node, g, out, operands, **more)
        trace = self.engine.trace
        mark = trace.mark()
        if not dynamic:
            try:
                result = super()._apply_rule(rule, node, g, out, operands, **more)
                for x in _flat(result):
                    trace.slot(x)
                return result
            except Untraceable:
                trace.back_to(mark)
        return self._whole_rule(rule, g, out, operands, {**more, **node.plan.attrs}, dynamic)

    def _whole_rule(
        self, rule: Callable[..., Any], g: Any, out: Any, operands: list[Any], attrs: dict[str, Any], dynamic: Dynamic
    ) -> Any:
        trace, ops = self.engine.trace, ArrayOps(self.engine.plain)
        named = (trace.operand(g), trace.operand(out))
        named += tuple(dynamic.get(i) or trace.operand(x) for i, x in enumerate(operands))
        result = rule(ops, g, out, *operands, **attrs)

        def whole(xp: Any, g: Any, out: Any, *operands: Any, **attrs: Any) -> list[Any]:
            return _flat(rule(ops, g, out, *operands, **attrs))

        trace.add(whole, named, attrs, trace.results(_flat(result)), multiple=True)
        return result

    def _add(self, key: Any, total: Any, grad: Any) -> Any:
        if total is None or self.create_graph:
            return super()._add(key, total, grad)
        trace = self.engine.trace
        if key in self.summed:
            self.engine.xp.add(total, grad, out=total)
            trace.add(_add_into, (trace.slot(total), trace.slot(grad)), {}, (), writes=(trace.slot(total),))
            return total
        self.summed.add(key)
        return trace.chore(_sum, [total, grad], self.engine._array(self.engine.xp.add(total, grad)))


def _flat(result: Any) -> list[Any]:
    """The arrays among what a rule gave."""
    if result is None:
        return []
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in _flat(part)]
    return [result]


def _as_arrays(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel that gives arrays where it gave scalars."""

    def run(xp: Any, *operands: Any, **attrs: Any) -> Any:
        result = kernel(xp, *operands, **attrs)
        return [xp.asarray(x) for x in result] if isinstance(result, (list, tuple)) else xp.asarray(result)

    return run


def copied(xp: Any, x: Any) -> Any:
    """A dense copy."""
    return xp.array(x, order="C")


def _ones(xp: Any, spec: Spec) -> Any:
    return xp.ones(spec.shape, spec.dtype.np)


def _zeros(xp: Any, spec: Spec) -> Any:
    return xp.zeros(spec.shape, spec.dtype.np)


def _to_float32(xp: Any, x: Any) -> Any:
    return x.astype(xp.float32)


def _sum(xp: Any, total: Any, grad: Any) -> Any:
    return xp.asarray(xp.add(total, grad))


def _add_into(xp: Any, total: Any, grad: Any) -> None:
    xp.add(total, grad, out=total)


def _overwriting(engine: Engine, op: Op) -> Callable[..., None]:
    """The in-place form of an op that has none of its own."""

    def overwrite(xp: Any, target: Any, *operands: Any, **attrs: Any) -> None:
        engine.arrays.overwrite(target, engine.call(op, operands, attrs))

    return overwrite
