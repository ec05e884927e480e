"""The in-process session: an engine in this process, errors raised at once. A tensor's ref is the engine's value."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core.backends import Backend, create_backend
from teletensor_core.engine import Backward, Engine, HookCall, Value
from teletensor_core.engine.engine import describe, remove_hook, set_hook
from teletensor_core.errors import TeletensorError
from teletensor_core.plan import INPLACE, Plan, plan_for
from teletensor_core.programs import Call, Code, Program, ProgramFailure
from teletensor_core.spec import Spec

from teletensor.device import Device
from teletensor.session import Arriving, BackwardRequest, Ref, Session, Stats


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
        self._stats = Stats()
        self._lock = threading.RLock()
        self._lines: weakref.WeakKeyDictionary[Program, tuple[str, ...]] = weakref.WeakKeyDictionary()

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
        return Value(array, spec)

    def require_grad(self, ref: Ref, required: bool) -> None:
        """Mark a leaf."""
        ref.requires_grad = required

    def detach_(self, ref: Ref) -> None:
        """Cut the value off from its node."""
        ref.node, ref.requires_grad = None, False

    def backward(self, request: BackwardRequest) -> tuple[Ref, ...]:
        """Run the pass now, calling hooks as they come."""
        with self._lock, np.errstate(all="ignore"):
            self._stats.commands += 1
            walk = Backward(
                self.engine,
                request.roots,
                request.grads,
                request.targets,
                create_graph=request.create_graph,
                retain_graph=request.retain_graph,
                only_targets=request.only_targets,
            ).walk()
            answer: Value | None = None
            while True:
                try:
                    call: HookCall = walk.send(answer)
                except StopIteration as stop:
                    return tuple(self._or_zeros(v, s) for v, s in zip(stop.value, request.target_specs, strict=True))
                assert request.run_hook is not None, "a hook without anyone to run it"
                answer = request.run_hook(call.hook, call.grad, call.grad.spec)

    def _or_zeros(self, value: Value | None, spec: Spec) -> Value:
        return Value(self.engine.arrays.zeros(spec), spec) if value is None else value

    def set_hook(self, ref: Ref, hook: int, add: bool) -> None:
        """Add or remove a hook on the value's gradient."""
        (set_hook if add else remove_hook)(ref, hook)

    def define_program(self, code: Code, locations: Sequence[str]) -> Program:
        """A program on this engine."""
        program = Program(self.engine, code, _plan_of)
        self._lines[program] = tuple(locations)
        return program

    def run_program(
        self, program: Program, inputs: Sequence[Ref], numbers: Sequence[Any], outputs: int
    ) -> tuple[Ref, ...]:
        """Run a program now. An error names the line of the command that failed."""
        with self._lock, np.errstate(all="ignore"):
            self._stats.commands += 1
            try:
                return tuple(program.run(inputs, numbers))
            except ProgramFailure as failure:
                raise _at_its_line(failure, program.code, self._lines.get(program, ())) from failure.error

    def drop_program(self, program: Program) -> None:
        """Forget its lines; the rest goes with the last reference."""
        self._lines.pop(program, None)

    def synchronize(self) -> None:
        """Nothing is ever pending."""

    def release(self, ref: Ref) -> None:
        """Python's own reference counting frees values."""

    def stats(self) -> Stats:
        """Commands run; nothing is ever sent."""
        return Stats(**vars(self._stats))

    def close(self) -> None:
        """The in-process session stays for the life of the process."""


def _plan_of(call: Call, operands: Sequence[Any]) -> Plan:
    return plan_for(call.op, call.attrs, call.flags, [describe(x) for x in operands])


def _at_its_line(failure: ProgramFailure, code: Code, lines: Sequence[str]) -> Exception:
    """A command's error, with the line inside the compiled function."""
    error = failure.error
    if isinstance(error, TeletensorError) and failure.command < len(code.commands):
        location = code.commands[failure.command].location
        error.where = lines[location] if location < len(lines) else None
        error.add_note(f"in a compiled function, at {error.where}")
    return error
