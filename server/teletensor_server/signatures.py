"""Signatures a client has defined: which op, with which attributes and operand layout, a row means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from teletensor_core.errors import MalformedRequestError, QuotaExceededError, UnknownOpError
from teletensor_core.plan import DOUBLE, GRAD, INPLACE, Plan, plan_for
from teletensor_core.registry import OPS, Op
from teletensor_protos.codec import SignatureMessage, decode_signatures

_MOST_PLANS = 1024
_MOST_SIGNATURES = 1 << 16


@dataclass(eq=False)
class Signature:
    """A checked signature, and the plans made for it so far, by operand specs."""

    op: Op
    attrs: tuple[Any, ...]
    layout: tuple[str | int, ...]
    flags: int
    words: int
    outs: int
    plans: dict[Any, Plan] = field(default_factory=dict)

    def plan(self, kinds: tuple[Any, ...], described: list[Any]) -> Plan:
        """The plan for operands of these kinds: specs, number types, None."""
        found = self.plans.get(kinds)
        if found is None:
            found = plan_for(self.op, self.attrs, self.flags, described)
            if self.outs != found.results:
                raise MalformedRequestError(f"{self.op.name}: {found.results} results here, {self.outs} named")
            if len(self.plans) >= _MOST_PLANS:
                self.plans.clear()
            self.plans[kinds] = found
        return found


def define(table: dict[int, Signature], data: bytes) -> None:
    """Add the signatures of a batch to a session's table. Raises for unknown ops and malformed entries."""
    for message in decode_signatures(data):
        if len(table) >= _MOST_SIGNATURES and message.number not in table:
            raise QuotaExceededError(f"a session may define {_MOST_SIGNATURES} signatures; number them again from 16")
        table[message.number] = checked(message)


def checked(message: SignatureMessage) -> Signature:
    """A signature whose op exists and whose attributes and layout fit it."""
    op = OPS.get(message.op)
    if op is None:
        raise UnknownOpError(f"this worker has no op called {message.op!r}; upgrade it, or use an older client")
    if len(message.attrs) != len(op.attrs):
        raise MalformedRequestError(f"{op.name} has attributes {list(op.attrs)}; got {len(message.attrs)} values")
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
    return Signature(op, message.attrs, message.layout, message.flags, words, message.outs)
