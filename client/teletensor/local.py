"""The in-process session: an engine in this process, errors raised at once. A tensor's ref is the engine's value."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core.backends import Backend, create_backend
from teletensor_core.engine import Engine, HookCall, Parts, Value, mark_leaf
from teletensor_core.engine.engine import remove_hook, set_hook
from teletensor_core.engine.values import fresh
from teletensor_core.plan import INPLACE, Plan
from teletensor_core.spec import Spec

from teletensor.device import Device
from teletensor.session import Arriving, BackwardRequest, Ref, Session, Stats

if TYPE_CHECKING:
    from teletensor_core.programs import Code

    from teletensor.local_program import LocalProgram


class Arrived(Arriving):
    """Values that are here already."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self._array = array

    def done(self) -> bool:
        """True."""
        return True

    def array(self) -> np.ndarray[Any, Any]:
        """The values."""
        return self._array


class LocalSession(Session):
    """Runs every command at the moment it is given."""

    def __init__(self, backend: Backend | None = None) -> None:
        self.device = Device("cpu")
        self.engine = Engine(backend or create_backend("numpy"))
        self._parts = Parts(self.engine)
        self._stats = Stats()
        self._lock = threading.RLock()

    def submit(self, plan: Plan, operands: Sequence[Any]) -> tuple[Ref, ...]:
        """Run an op now."""
        with self._lock, np.errstate(all="ignore"):
            self._stats.commands += 1
            outs = self.engine.run(plan, operands)
        return () if plan.flags & INPLACE else outs

    def specs(self, refs: Sequence[Ref]) -> list[Spec]:
        """The values' specs."""
        return [ref.spec for ref in refs]

    def read(self, refs: Sequence[Ref]) -> list[np.ndarray[Any, Any]]:
        """The values' own arrays, without a copy."""
        return [self.engine.backend.to_host(ref.array) for ref in refs]

    def read_later(self, refs: Sequence[Ref]) -> list[Arriving]:
        """Copies of the values: what is written into them afterwards does not show."""
        return [Arrived(np.array(array)) for array in self.read(refs)]

    def upload(self, array: np.ndarray[Any, Any], spec: Spec) -> Ref:
        """A value that owns a copy of the array."""
        own = np.array(array, dtype=spec.dtype.np, order="C").reshape(spec.shape)
        return Value(self.engine.backend.asarray(own), spec)

    def adopt(self, array: np.ndarray[Any, Any], spec: Spec) -> Ref:
        """A value in the array's memory."""
        return Value(self.engine.backend.asarray(array), spec)

    def share(self, array: np.ndarray[Any, Any], spec: Spec) -> Ref:
        """A value that shares the array's memory, as `from_numpy` promises."""
        return fresh(array, spec)

    def require_grad(self, ref: Ref, required: bool) -> None:
        """Mark a leaf."""
        mark_leaf(ref, required)

    def detach_(self, ref: Ref) -> None:
        """Cut the value off from its node."""
        ref.node, ref.requires_grad = None, False

    def backward(self, request: BackwardRequest) -> tuple[Ref, ...]:
        """Run the pass now, calling hooks as they come."""
        with self._lock, np.errstate(all="ignore"):
            self._stats.commands += 1
            walk = self._parts.walk(
                request.part,
                request.roots,
                request.grads,
                request.targets,
                create_graph=request.create_graph,
                retain_graph=request.retain_graph,
                only_targets=request.only_targets,
            )
            answer: Value | None = None
            while True:
                try:
                    call: HookCall = walk.send(answer)
                except StopIteration as stop:
                    return tuple(self._or_zeros(v, s) for v, s in zip(stop.value, request.target_specs, strict=True))
                assert request.run_hook is not None, "a hook without anyone to run it"
                answer = request.run_hook(call.hook, call.grad, call.grad.spec)

    def abandon(self, number: int) -> None:
        """Forget a pass."""
        self._parts.abandon(number)

    def _or_zeros(self, value: Value | None, spec: Spec) -> Value:
        return Value(self.engine.arrays.zeros(spec), spec) if value is None else value

    def set_hook(self, ref: Ref, hook: int, add: bool) -> None:
        """Add or remove a hook on the value's gradient."""
        (set_hook if add else remove_hook)(ref, hook)

    def define_program(self, code: Code, locations: Sequence[str]) -> LocalProgram:
        """A program on this engine."""
        from teletensor.local_program import LocalProgram

        return LocalProgram(self.engine, code, locations)

    def run_program(
        self, program: LocalProgram, inputs: Sequence[Ref], numbers: Sequence[Any], outputs: int
    ) -> tuple[Ref, ...]:
        """Run a program now. An error names the line of the command that failed."""
        with self._lock, np.errstate(all="ignore"):
            self._stats.commands += 1
            return program.run(inputs, numbers)

    def drop_program(self, program: LocalProgram) -> None:
        """It goes with the last reference."""

    def synchronize(self) -> None:
        """Nothing is ever pending."""

    def release(self, ref: Ref) -> None:
        """Python's own reference counting frees values."""

    def stats(self) -> Stats:
        """Commands run; nothing is ever sent."""
        return Stats(**vars(self._stats))

    def close(self) -> None:
        """The in-process session stays for the life of the process."""
