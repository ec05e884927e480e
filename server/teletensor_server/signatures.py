"""Signatures a client has defined: which op, with which attributes and operand layout, a row means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from teletensor_core.engine.direct import direct
from teletensor_core.engine.engine import describe
from teletensor_core.errors import MalformedRequestError, UnknownOpError
from teletensor_core.plan import DOUBLE, GRAD, INPLACE, Plan, make_plan
from teletensor_core.registry import OPS, Op
from teletensor_protos.codec import FIRST_SIGNATURE, SignatureMessage, decode_signatures

from teletensor_server.memory import Cost, cost_of

_NUMBERS = frozenset((bool, int, float, complex))
_NOTHING = type(None)
# What one session may keep: plans, and plain values in the attributes of one signature and of all.
_MOST_PLANS = 1 << 15
_MOST_VALUES = 4096
_MOST_VALUES_IN_ALL = 1 << 20
_MOST_SIZE = 1 << 62
_MOST_INTEGER = 1 << 128


class Prepared(NamedTuple):
    """A plan, and what running it costs the session."""

    plan: Plan
    cost: Cost


class Pair(NamedTuple):
    """A plan that `is_pair`, the function that runs it directly, if there is one, and the bytes of the result."""

    plan: Plan
    function: Callable[[Any, Any], Any] | None
    bytes: int


@dataclass(eq=False)
class Signature:
    """A checked signature, and the plans made for it so far, by the kinds of the operands.

    `words` is how many words its operands take in a row, `values` how many plain values its attributes hold. `pairs`
    is for signatures whose operands are two tensors, as those of half of all calls, with their plans.
    """

    op: Op
    attrs: tuple[Any, ...]
    layout: tuple[str | int, ...]
    flags: int
    words: int
    outs: int
    values: int
    pairs: dict[tuple[Any, ...], Pair] | None = None
    plans: dict[Any, Prepared] = field(default_factory=dict)

    def forget(self) -> None:
        """Forget the plans."""
        self.plans.clear()
        if self.pairs is not None:
            self.pairs.clear()


class Signatures:
    """A session's signatures `by_number`, at most `most` of them. `xp` is the array library that will run them."""

    def __init__(self, most: int, xp: Any) -> None:
        self.by_number: dict[int, Signature] = {}
        self._xp = xp
        self._most = most
        self._values = 0
        self._plans = 0

    def define(self, data: bytes) -> None:
        """Add the signatures of a batch. Raises for unknown ops and malformed entries."""
        for message in decode_signatures(data):
            if not 0 <= message.number - FIRST_SIGNATURE < self._most:
                last = FIRST_SIGNATURE + self._most - 1
                raise MalformedRequestError(
                    f"signatures are numbered {FIRST_SIGNATURE} to {last}, not {message.number}"
                )
            made, old = checked(message), self.by_number.get(message.number)
            self._values += made.values - (old.values if old is not None else 0)
            if self._values > _MOST_VALUES_IN_ALL:
                raise MalformedRequestError(f"attributes of more than {_MOST_VALUES_IN_ALL} values in all")
            self.by_number[message.number] = made

    def prepare(
        self, signature: Signature, kinds: tuple[Any, ...], operands: Sequence[Any], max_bytes: int
    ) -> Prepared:
        """The plan for operands of these kinds, kept. Raises what the op's rules raise, and MalformedRequestError."""
        made = prepared(signature, kinds, operands, max_bytes)
        self._plans += 1
        if self._plans > _MOST_PLANS:
            for other in self.by_number.values():
                other.forget()
            self._plans = 1
        signature.plans[kinds] = made
        if made.plan.is_pair and signature.pairs is not None:
            signature.pairs[kinds] = Pair(made.plan, direct(made.plan, kinds, self._xp), made.cost.bytes)
        return made


def prepared(signature: Signature, kinds: tuple[Any, ...], operands: Sequence[Any], max_bytes: int) -> Prepared:
    """A plan for operands of these kinds. Raises what the op's rules raise, and MalformedRequestError."""
    op = signature.op
    _check_kinds(op, kinds)
    described = [describe(x) for x in operands]
    # Not from the plans that all sessions share: to a look-up, another session's 1.0 would be this one's 1.
    plan = make_plan(op, dict(zip(op.attrs, signature.attrs, strict=True)), signature.flags, described)
    for result in plan.specs:
        if result is not None and max(result.shape, default=0) >= _MOST_SIZE:
            raise MalformedRequestError(f"{op.name}: there is no tensor of shape {list(result.shape)}")
    if signature.outs != plan.results:
        raise MalformedRequestError(f"{op.name}: {plan.results} results here, {signature.outs} named")
    return Prepared(plan, cost_of(plan, described, max_bytes))


def _check_kinds(op: Op, kinds: tuple[Any, ...]) -> None:
    for name, kind in zip(op.operands, kinds, strict=True):
        if kind is _NOTHING and name not in op.optional:
            raise MalformedRequestError(f"{op.name}: operand {name} is missing")
        if isinstance(kind, type) and kind is not _NOTHING and kind not in _NUMBERS:
            raise MalformedRequestError(f"{op.name}: operand {name} is a {kind.__name__}, and no number")


def checked(message: SignatureMessage) -> Signature:
    """A signature whose op exists and whose attributes and layout fit it."""
    op = OPS.get(message.op)
    if op is None:
        raise UnknownOpError(f"this worker has no op called {message.op[:100]!r}; upgrade it, or use an older client")
    if len(message.attrs) != len(op.attrs):
        raise MalformedRequestError(f"{op.name} has attributes {list(op.attrs)}; got {len(message.attrs)} values")
    values = _size(message.attrs)
    if values > _MOST_VALUES:
        raise MalformedRequestError(f"{op.name}: attributes of more than {_MOST_VALUES} values")
    if len(message.layout) != len(op.operands):
        raise MalformedRequestError(f"{op.name} has operands {list(op.operands)}; got {len(message.layout)}")
    for name, part in zip(op.operands, message.layout, strict=True):
        if isinstance(part, int) != (name in op.lists):
            raise MalformedRequestError(f"{op.name}: operand {name} is {'a list' if name in op.lists else 'no list'}")
    if message.flags & ~(GRAD | INPLACE | DOUBLE):
        raise MalformedRequestError(f"{op.name}: unknown flags {message.flags}")
    if message.flags & INPLACE and not op.inplace:
        raise MalformedRequestError(f"{op.name} cannot run in place")
    words = sum(part if isinstance(part, int) else 1 for part in message.layout)
    pairs: dict[tuple[Any, ...], Pair] | None = {} if message.layout == ("t", "t") else None
    return Signature(op, message.attrs, message.layout, message.flags, words, message.outs, values, pairs)


def _size(value: Any) -> int:
    """How many plain values an attribute holds; strings count by their length."""
    if isinstance(value, tuple):
        return 1 + sum(map(_size, value))
    if isinstance(value, int) and abs(value) > _MOST_INTEGER:
        raise MalformedRequestError("an integer of more than 128 bits")
    return len(value) if isinstance(value, (str, bytes)) else 1
