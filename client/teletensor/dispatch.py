"""One call, from the user's line to the session: look up the plan, submit the command, wrap the result.

The plan holds the result's shape and dtype, so that nothing here waits, except for ops whose shape depends on data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from teletensor_core import dtypes, plan
from teletensor_core.errors import ArgumentTypeError
from teletensor_core.plan import DOUBLE, GRAD, INPLACE, Plan
from teletensor_core.registry import OPS, Op

from teletensor import anomaly, grad_mode, inference, sessions, storage
from teletensor import operands as _operands
from teletensor.grad_mode import AUTOCAST, HOOKED, INFERENCE
from teletensor.graph import GradFn, grad_fn, rename
from teletensor.operands import NUMBERS as _NUMBERS
from teletensor.session import Session
from teletensor.tensor_base import TensorBase, counter_of, lend, new, new_view
from teletensor.writes import Writing, rebase, refuse_leaf

if TYPE_CHECKING:
    from collections.abc import Callable

    from teletensor.tensor import Tensor

_state = grad_mode.state
_allocate = object.__new__
_default = dtypes.process_default
_float32 = dtypes.float32
_inference_seen = grad_mode.inference_seen
# What sends a call another way: see grad_mode.
_SPECIAL = AUTOCAST | HOOKED | INFERENCE
# Where no gradient goes.
_NO_EDGE = (None, 0)


def apply(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...], session: Session | None = None) -> Tensor:
    """The result of an op: a tensor. An op with several results gives a tuple: for those, call `apply_many`.

    `session` is where an op without tensor operands runs.
    """
    flags = _flags()
    if flags & _SPECIAL:
        if flags & INFERENCE:
            return _inferred(op, operands, attrs, session, flags)
        if flags & AUTOCAST:
            operands = _operands.autocast(op, operands)
        if flags & HOOKED and flags & GRAD and _is_hooked(op, operands):
            return _hooked(op, operands, attrs)
        flags &= ~_SPECIAL
    if len(operands) == 2:
        a, b = operands
        if isinstance(a, TensorBase) and isinstance(b, TensorBase) and a._session is b._session:
            if flags & GRAD and not (_flows(a) or _flows(b)):
                flags ^= GRAD
            pair = (op, attrs, flags, a._spec, b._spec)
            found = plan.lookup(pair) or _plan(pair, operands)
            made: Tensor = _finish(found, a._session, a._session.submit(found, (a._ref, b._ref)), operands)
            return made
    refs: list[Any] = []
    kinds: list[Any] = []
    needs_grad = False
    for x in operands:
        if isinstance(x, TensorBase):
            refs.append(x._ref)
            kinds.append(x._spec)
            if session is not x._session:
                if session is not None:
                    return apply(op, _operands.together(op, operands), attrs)
                session = x._session
            needs_grad = needs_grad or _flows(x)
        elif type(x) in _NUMBERS:
            refs.append(x)
            kinds.append(type(x))
        elif x is None:
            refs.append(None)
            kinds.append(type(None))
        else:
            return (
                apply(op, _operands.tidy(op, operands), attrs, session)
                if type(x) is not list
                else _apply_list(op, operands, attrs)
            )
    if session is None:
        raise _operands.no_tensor(op, operands)
    key = (op, attrs, flags if needs_grad else flags & ~GRAD, *kinds)
    found = plan.lookup(key) or _plan(key, operands)
    made = _finish(found, session, session.submit(found, refs), operands)
    return made


def apply_pair(op: Op, a: TensorBase, b: TensorBase, attrs: tuple[Any, ...]) -> Tensor:
    """`apply` for two tensors on either side of an operator, spelled out, `new` too: no other call is as frequent."""
    flags = _state.flags
    session = a._session
    if flags & _SPECIAL or session is not b._session or _default[0] is not _float32:
        return apply(op, (a, b), attrs)
    if flags & GRAD and not (
        ((a._node is not None or a._requires) if a._base is None else _flows(a))
        or ((b._node is not None or b._requires) if b._base is None else _flows(b))
    ):
        flags ^= GRAD
    key = (op, attrs, flags, a._spec, b._spec)
    found = plan.lookup(key) or _plan(key, (a, b))
    if not found.is_plain:
        several: Tensor = _finish(found, session, session.submit(found, (a._ref, b._ref)), (a, b))
        return several
    ref = session.submit_pair(found, a._ref, b._ref)
    spec, node = found.specs[0], None
    if found.records:
        if anomaly.state.enabled:
            other: Tensor = _finish(found, session, (ref,), (a, b))
            return other
        if spec.dtype.category >= dtypes.FLOAT:
            if _inference_seen and (a._index < 0 or b._index < 0):
                inference.check_saving(op, (a, b))
            if a._base is None and b._base is None and len(op.vjps) == 2:
                first = (a._node, a._index) if a._node is not None else (a, 0) if a._requires else _NO_EDGE
                second = (b._node, b._index) if b._node is not None else (b, 0) if b._requires else _NO_EDGE
                node = grad_fn(found, (first, second))
            else:
                node = grad_fn(found, parents(op, (a, b)))
    made: Tensor = _allocate(TensorBase._concrete)
    made._ref = ref
    made._spec = spec
    made._session = session
    made._requires = False
    made._node = node
    made._index = 0
    made._base = None
    return made


def _inferred(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...], session: Session | None, flags: int) -> Tensor:
    """`apply` in inference mode."""
    if len(operands) == 2 and not flags & (AUTOCAST | HOOKED) and not op.view:
        a, b = operands
        if isinstance(a, TensorBase) and isinstance(b, TensorBase) and a._session is b._session:
            key = (op, attrs, flags & ~(INFERENCE | GRAD), a._spec, b._spec)
            found = plan.lookup(key) or _plan(key, operands)
            outs = a._session.submit(found, (a._ref, b._ref))
            if found.is_plain:
                plain: Tensor = new(outs[0], found.specs[0], a._session, None, inference.MADE)
                return plain
            finished: Tensor = inference.mark(op, operands, _finish(found, a._session, outs, operands))
            return finished
    before = _state.flags
    _state.flags = before & ~(INFERENCE | GRAD)
    try:
        made = apply(op, operands, attrs, session)
    finally:
        _state.flags = before
    inference.mark(op, operands, made)
    return made


apply_many = cast("Callable[..., tuple[Tensor, ...]]", apply)


def _flags() -> int:
    """The bits of a call in this thread: GRAD if it is to be recorded, DOUBLE, AUTOCAST, HOOKED."""
    return grad_mode.state.flags | DOUBLE if dtypes.default_dtype() is dtypes.float64 else grad_mode.state.flags


def _flows(x: TensorBase) -> bool:
    """Whether gradients flow into an operand."""
    return x._node is not None or x._requires if x._base is None else x._edge()[0] is not None


def _apply_list(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
    """`apply` for an op that takes lists of tensors."""
    if sessions.machines and (home := _operands.machine(operands)) is not None:
        operands = _operands.joined(operands, home)
    flags = _flags() & ~_SPECIAL
    session, refs, needs_grad = _collect(op, operands)
    found = plan.plan_for(op, attrs, flags if needs_grad else flags & ~GRAD, [_describe(x) for x in operands])
    return _finish(found, session, session.submit(found, refs), operands)


def _is_hooked(op: Op, operands: tuple[Any, ...]) -> bool:
    """Whether hooks for saved tensors are set that have to see this call's."""
    from teletensor import saved

    return saved.applies(op, operands)


def _hooked(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...]) -> Tensor:
    """The result of an op whose saved tensors go through hooks."""
    from teletensor import saved

    operands = _operands.tidy(op, operands)
    if sessions.machines and (home := _operands.machine(operands)) is not None:
        operands = _operands.joined(operands, home)
    if len({x._session for x in operands if isinstance(x, TensorBase)}) > 1:
        operands = _operands.together(op, operands)
    made: Tensor = saved.apply(op, operands, attrs)
    return made


def _finish(found: Plan, session: Session, outs: Any, operands: Any) -> Any:
    """Wrap what the session gave."""
    node = None
    if found.records:
        inference.check_saving(found.op, operands)
        node = grad_fn(found, parents(found.op, operands))
        if anomaly.state.enabled:
            anomaly.watch(node, [x for x in operands if isinstance(x, TensorBase)])  # type: ignore[misc]
    if not found.is_plain:
        return _finish_others(found, session, outs, operands, node)
    spec = found.specs[0]
    return new(outs[0], spec, session, node if spec.dtype.category >= dtypes.FLOAT else None)


def _finish_others(found: Plan, session: Session, outs: Any, operands: Any, node: GradFn | None) -> Any:
    """Wrap several results, views, and what has a shape that depends on data."""
    op = found.op
    specs = session.specs(outs) if op.dynamic else found.specs
    if op.view and op.differentiable:
        source = operands[0]
        wrapped = [
            new_view(source, found, o, s, session, node, i) for i, (o, s) in enumerate(zip(outs, specs, strict=True))
        ]
        if source._index < 0:
            inference.mark(op, operands, tuple(wrapped))
    else:
        if op.view:
            lend(operands[0])
        wrapped = [
            new(o, s, session, node if s.dtype.category >= dtypes.FLOAT else None, i)
            for i, (o, s) in enumerate(zip(outs, specs, strict=True))
        ]
        if op.view and not op.unnoticed:
            for out in wrapped:
                out._counter = counter_of(operands[0])
        if op.view:
            _alias(op, operands[0], wrapped)
    return tuple(wrapped) if found.multiple else wrapped[0]


def _alias(op: Op, source: TensorBase, made: list[Any]) -> None:
    """Let results that are no views in the graph have the storage of a tensor all the same, and its part in modes."""
    root = source if source._base is None else source._base
    memory, way = root._storage if root._storage is not None else storage.storage_of(root), source._way
    for out in made:
        out._storage = memory
        if way is not None:
            out._way = way
    if source._index < 0:
        inference.mark(op, (source,), tuple(made))


def apply_inplace(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...]) -> Tensor:
    """The first operand, after the op's result was written into it."""
    target: Tensor = operands[0]
    if not isinstance(target, TensorBase):
        raise ArgumentTypeError(f"{op.name}_(): expected a tensor to write into, got {type(target).__name__}")
    operands = _operands.tidy(op, operands)
    if any(isinstance(x, TensorBase) and x._session is not target._session for x in operands):
        operands = (target, *_operands.together(op, operands, target._session)[1:])
    inference.check_write(target)
    mode = _flags()
    flags = (mode & ~GRAD if mode & INFERENCE else mode) & ~_SPECIAL | INPLACE
    session, refs, needs_grad = _collect(op, operands)
    found = plan.plan_for(op, attrs, flags, [_describe(x) for x in operands])
    recording = needs_grad and found.records
    if flags & GRAD:
        refuse_leaf(target)
    if recording and grad_mode.state.flags & HOOKED and _is_hooked(op, operands):
        return _hooked_inplace(found, operands, attrs)
    if recording:
        inference.check_saving(op, operands)
    into = parents(op, operands) if recording else ()
    with Writing((target,)):
        session.submit(found, refs)
    if recording:
        rebase(target, grad_fn(found, into))
    return target


def _hooked_inplace(found: Plan, operands: tuple[Any, ...], attrs: tuple[Any, ...]) -> Tensor:
    """The first operand with the op's result written into it. What is saved of it is a copy, as it was before."""
    target, op = cast("Tensor", operands[0]), found.op
    if op.operands[0] in op.saves:
        operands = (apply(OPS["clone"], (target,), ()), *operands[1:])
    apply_inplace(OPS["copy"], (target, _hooked(op, operands, attrs)), ())
    assert target._node is not None, "it was recorded"
    rename(target._node, found.grad_name)
    return target


def apply_mutation(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...]) -> None:
    """Run an op that writes into its operands, such as an optimiser step. Nothing is recorded."""
    session, refs, _ = _collect(op, operands)
    found = plan.plan_for(op, attrs, 0, [_describe(x) for x in operands])
    targets: list[TensorBase] = []
    for name, operand in zip(op.operands, operands, strict=True):
        if name in op.mutates:
            targets.extend(operand if isinstance(operand, list) else (operand,))
    with Writing(targets):
        session.submit(found, refs)


def _collect(op: Op, operands: tuple[Any, ...]) -> tuple[Session, list[Any], bool]:
    """The session of the operands, their refs, and whether a gradient flows into any."""
    session: Session | None = None
    refs: list[Any] = []
    needs_grad = False
    for name, x in zip(op.operands, operands, strict=True):
        if isinstance(x, list):
            _operands.check_list(op, name, x)
            refs.append([t._ref for t in x])
        else:
            refs.append(x._ref if isinstance(x, TensorBase) else x)
        for t in x if isinstance(x, list) else (x,):
            if isinstance(t, TensorBase):
                if session is not None and session is not t._session:
                    raise _operands.elsewhere(op, operands)
                session = t._session
                needs_grad = needs_grad or _flows(t)
    if session is None:
        raise _operands.no_tensor(op, operands)
    return session, refs, needs_grad


def _describe(x: Any) -> Any:
    if isinstance(x, TensorBase):
        return x._spec
    if isinstance(x, (list, tuple)):
        return tuple(t._spec for t in x)
    return x


def _plan(key: tuple[Any, ...], operands: tuple[Any, ...]) -> Plan:
    op, attrs, flags = key[:3]
    made = plan.make_plan(op, dict(zip(op.attrs, attrs, strict=True)), flags, [_describe(x) for x in operands])
    plan.remember(key, made)
    return made


# The ops that PyTorch gives numbers to as tensors: those have an edge too, which leads nowhere. Its operators turn a
# number on the left into the second operand, except that of a difference, which has a node of its own.
_NUMBERS_HAVE_EDGES = frozenset(("add", "sub", "mul", "div", "where"))


def parents(op: Op, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where the gradients of the operands go that have one."""
    if len(operands) == 2 == len(op.vjps):
        a, b = operands
        if isinstance(a, TensorBase) and isinstance(b, TensorBase):
            return a._edge(), b._edge()
    found: list[Any] = []
    for name, x in zip(op.operands, operands, strict=False):
        if name not in op.vjps:
            continue
        if isinstance(x, TensorBase):
            found.append(x._edge())
        elif isinstance(x, (list, tuple)):
            found.extend(t._edge() for t in x)
        elif op.name in _NUMBERS_HAVE_EDGES:
            found.append(_NO_EDGE)
    if found and found[0] is _NO_EDGE and op.name != "where":
        found = found[1:] if op.name == "sub" else found[::-1]
    return tuple(found)
