"""Ops whose saved tensors go through the user's hooks: `torch.autograd.graph.saved_tensors_hooks`.

The engine runs such an op without recording it. The step of the graph is one of Python's: it keeps what `pack` gave,
and a place in the graph for each operand, which takes no memory. In backward it runs the op's gradient rules itself, on
tensors, with what `unpack` gives.
"""

from __future__ import annotations

import contextlib
import dis
import functools
import inspect
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from teletensor_core.dtypes import FLOAT
from teletensor_core.errors import ArgumentTypeError, GradientError
from teletensor_core.plan import GRAD
from teletensor_core.registry import OPS, Op
from teletensor_core.spec import Spec, spec

from teletensor import anomaly, dispatch, grad_mode
from teletensor.graph import GradFn
from teletensor.python_node import Continuation, PythonNode
from teletensor.rule_ops import RuleOps
from teletensor.tensor_base import TensorBase

# Where a rule has the op's results: before the first operand.
_RESULTS = -1
_CHANGED = (
    "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
    "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need to "
    "perform in-place operations on the input to a pack hook."
)


class Packed:
    """A saved tensor as `pack` gave it back, and a tensor with the place in the graph that it had."""

    __slots__ = ("packed", "place", "unpack")

    def __init__(self, tensor: TensorBase, place: TensorBase | None) -> None:
        pack, self.unpack = grad_mode.state.saved_hooks[-1]
        self.place = place
        before = tensor._writes
        with grad_mode.no_grad():
            self.packed = pack(tensor)
        if tensor._writes != before:
            raise GradientError(_CHANGED)

    def unpacked(self, edge: tuple[GradFn, int] | None = None) -> Any:
        """The tensor that `unpack` gives, in the place of the one that was saved, which is at `edge`."""
        with grad_mode.no_grad():
            found = self.unpack(self.packed)
        if not isinstance(found, TensorBase):
            raise ArgumentTypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(found).__name__}"
            )
        if self.place is None or not grad_mode.is_grad_enabled():
            return found
        return settled(found, self.place, edge)


def settled(value: TensorBase, place: TensorBase, edge: tuple[GradFn, int] | None = None) -> Any:
    """A tensor with the memory of `value` and the place in the graph of `place`, to be known as `edge`."""
    with _plainly(GRAD):
        plain = value if value._edge()[0] is None else dispatch.apply(OPS["detach"], (value,), ())
        found: TensorBase = dispatch.apply(OPS["settle"], (plain, place), ())
    node, index = edge or place._edge()
    if isinstance(node, GradFn):
        found._node, found._index = node, index
    return found


def place_of(x: TensorBase) -> TensorBase | None:
    """A tensor with the place in the graph of `x` that does not keep its values; None where no gradient flows."""
    node, index = x._edge()
    if not isinstance(node, GradFn):
        return node  # type: ignore[no-any-return]
    with _plainly(GRAD):
        place: TensorBase = dispatch.apply(OPS["ghost"], (x,), ())
    place._node, place._index = node, index
    return place


def applies(op: Op, operands: tuple[Any, ...]) -> bool:
    """Whether a call of an op saves tensors, which hooks have to see."""
    return bool(op.saves and op.vjps) and any(x._edge()[0] is not None for x in _tensors(operands))


def apply(op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...]) -> Any:
    """What `dispatch.apply` gives, recorded as a step of its own. Operands are tensors of one session, and numbers."""
    with _plainly(0):
        made = dispatch.apply(op, operands, attrs)
    values = made if isinstance(made, tuple) else (made,)
    node = SavedNode(op, operands, attrs, isinstance(made, tuple))
    outs = tuple(node.take(x) for x in values)
    node.pack(operands, outs)
    if anomaly.state.enabled:
        anomaly.watch(node, list(_tensors(operands)))  # type: ignore[arg-type]
    return outs if isinstance(made, tuple) else outs[0]


class SavedNode(PythonNode):
    """A recorded op that has its saved tensors from the user's hooks."""

    __slots__ = ("arguments", "attrs", "multiple", "out_specs", "outs", "places", "session")

    def __init__(self, op: Op, operands: tuple[Any, ...], attrs: tuple[Any, ...], multiple: bool) -> None:
        # Weakly, so that the graph goes with the last tensor that leads to it.
        super().__init__(op.grad_name, (), functools.partial(_differentiate, weakref.ref(self)))
        self.op, self.multiple = op, multiple
        self.parents = dispatch.parents(op, operands)
        self.attrs = dict(zip(op.attrs, attrs, strict=True))
        self.places: list[Any] = [_each(x, place_of) for x in operands]
        self.session = next(_tensors(operands))._session
        self.out_specs: list[Spec] = []
        # What the rules are given: specs until something is packed in their place.
        self.arguments: list[Any] = [_each(x, lambda t: t._spec) for x in operands]
        self.outs: list[Any] = []

    def take(self, value: TensorBase) -> Any:
        """A result of the op, at its place of this step."""
        self.out_specs.append(spec(value._spec.shape, value._spec.dtype))
        if value._spec.dtype.category < FLOAT:
            self.skip()
            return value
        with _plainly(0):
            leaf: Any = dispatch.apply(OPS["ghost"], (value,), ())
        leaf.requires_grad_(True)
        self.leaves.append(leaf)
        return settled(value, leaf, (self, len(self.leaves) - 1))

    def pack(self, operands: tuple[Any, ...], outs: tuple[Any, ...]) -> None:
        """Have what the wanted gradients' rules read packed, in the order in which PyTorch does."""
        self.outs = list(self.out_specs)
        for at in dict.fromkeys(at for name in self._wanted() for at in _reads(self.op, name)):
            if at == _RESULTS:
                pairs = enumerate(zip(outs, self.leaves, self.out_specs, strict=True))
                self.outs = [Packed(x, leaf) if self.op.saves_result(i) else as_spec for i, (x, leaf, as_spec) in pairs]
            else:
                self.arguments[at] = _packed(operands[at], self.places[at])

    def release(self) -> None:
        """Forget what was packed."""
        super().release()
        self.arguments, self.outs, self.places = [], [], []

    def _wanted(self) -> list[str]:
        """The operands whose gradients lead somewhere."""
        flows = (any(p is not None for p in (x if isinstance(x, list) else [x])) for x in self.places)
        return [name for name, wanted in zip(self.op.operands, flows, strict=True) if wanted and name in self.op.vjps]

    # -- backward ----------------------------------------------------------------------------------------------------

    def differentiate(self, grads: list[Any]) -> Continuation:
        """The operands' gradients, by the op's rules."""
        ops = RuleOps(self.session, recording=grad_mode.is_grad_enabled())
        with _plainly(grad_mode.state.flags & (GRAD | grad_mode.HOOKED)):
            filled = [
                ops.zeros(shape=s.shape, dtype=s.dtype) if g is None and s.dtype.category >= FLOAT else g
                for g, s in zip(grads, self.out_specs, strict=True)
            ]
            operands = [_each(x, lambda each: each.unpacked()) for x in self.arguments]
            outs = [x.unpacked((self, i)) if isinstance(x, Packed) else x for i, x in enumerate(self.outs)]
            g, out = (tuple(filled), tuple(outs)) if self.multiple else (filled[0], outs[0])
            found = self._by_rules(ops, g, out, operands)
            return [pair for name, grad in found for pair in self._fitted(ops, name, grad)]

    def _by_rules(self, ops: RuleOps, g: Any, out: Any, operands: list[Any]) -> Iterator[tuple[str, Any]]:
        wanted = self._wanted()
        joint = self.op.joint_names
        if not set(wanted).isdisjoint(joint):
            assert self.op.joint_vjp is not None, "it has names"
            made = self.op.joint_vjp(ops, g, out, *operands, needs=frozenset(wanted), **self.attrs)
            yield from ((name, grad) for name, grad in zip(joint, made, strict=True) if name in wanted)
        for name in wanted:
            if name not in joint:
                yield name, self.op.vjps[name](ops, g, out, *operands, **self.attrs)

    def _fitted(self, ops: RuleOps, name: str, grad: Any) -> Iterator[tuple[Any, Any]]:
        """An operand's gradient, or a list's gradients, in its shape and dtype."""
        place = self.places[self.op.operands.index(name)]
        pairs = zip(place, grad, strict=True) if isinstance(place, list) and grad is not None else [(place, grad)]
        for to, each in pairs:
            if to is not None and each is not None:
                yield to, ops.fit(each, to._spec)


def _differentiate(node: Callable[[], SavedNode | None], grads: list[Any]) -> Continuation:
    alive = node()
    assert alive is not None, "a step that runs is part of a graph"
    return alive.differentiate(grads)


def _packed(x: Any, place: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return [_packed(each, at) for each, at in zip(x, place, strict=True)]
    return Packed(x, place) if isinstance(x, TensorBase) else x


def _each(x: Any, convert: Callable[[Any], Any]) -> Any:
    """An operand converted; of a list, each tensor."""
    if isinstance(x, (list, tuple)):
        return [_each(each, convert) for each in x]
    if isinstance(x, (TensorBase, Packed)):
        return convert(x)
    return None if convert is place_of else x


def _tensors(operands: tuple[Any, ...]) -> Iterator[TensorBase]:
    for x in operands:
        for each in x if isinstance(x, (list, tuple)) else (x,):
            if isinstance(each, TensorBase):
                yield each


@functools.cache
def _reads(op: Op, name: str) -> tuple[int, ...]:
    """Which saved operands, or _RESULTS, the gradient rule of an operand may look at.

    A rule that only takes an argument, and never names it, does without: then PyTorch does not save it either.
    """
    rule = op.vjps[name]
    code = getattr(rule, "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS:
        return tuple(at for at, known in enumerate(("out", *op.operands), _RESULTS) if op.is_saved(known))
    arguments = code.co_varnames[2 : code.co_argcount]
    named: set[str] = set(code.co_cellvars)
    for step in dis.get_instructions(code):
        named.update(step.argval if isinstance(step.argval, tuple) else [step.argval] if step.argval else [])
    pairs = enumerate(zip(("out", *op.operands), arguments, strict=False), _RESULTS)
    return tuple(at for at, (known, argument) in pairs if op.is_saved(known) and argument in named)


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """Ops save what they save as if there were no hooks."""
    state = grad_mode.state
    before, state.saved_hooks = state.saved_hooks, ()
    try:
        yield
    finally:
        state.saved_hooks = before


@contextlib.contextmanager
def _plainly(flags: int) -> Iterator[None]:
    """Calls with these bits only."""
    state = grad_mode.state
    before, state.flags = state.flags, flags
    try:
        yield
    finally:
        state.flags = before
