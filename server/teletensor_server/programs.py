"""Programs of a session: defined once, then run with one row."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from teletensor_core.backends import Named
from teletensor_core.engine import Value
from teletensor_core.engine.engine import describe
from teletensor_core.errors import MalformedRequestError, QuotaExceededError, TeletensorError
from teletensor_core.plan import INPLACE, Plan
from teletensor_core.programs import BackwardCall, Call, Code, Program, ProgramFailure
from teletensor_protos import programs as program_codec
from teletensor_protos.codec import SignatureMessage
from teletensor_protos.frames import Out

from teletensor_server import signatures
from teletensor_server.failures import known
from teletensor_server.memory import Cost, cost_of_specs
from teletensor_server.rows import Rows
from teletensor_server.signatures import Signature
from teletensor_server.table import Poison, Poisoned

if TYPE_CHECKING:
    from teletensor_server.machine import SessionMachine

# What a command takes in Python objects; rounded up.
_COMMAND_BYTES = 2048
_FIRST = 16


class SessionProgram:
    """A program with what its session keeps of it. `aside` is how many bytes it holds between runs."""

    def __init__(self, machine: SessionMachine, data: bytes) -> None:
        self.machine = machine
        self.code, self.lines = program_codec.decode(data)
        self._signatures = {command: _checked(command) for command in self.code.commands if isinstance(command, Call)}
        self.program = Program(machine.engine, self.code, self._plan, self._reserve)
        self.written = _written(self.code)
        self._own = len(data) + _COMMAND_BYTES * len(self.code.commands)
        self._tracing = 0
        self._results: Cost | None = None
        machine.table.reserve(Cost(self._own, 0))
        machine.table.aside += self._own
        self.aside = self._own

    def _plan(self, call: Call, operands: Sequence[Any]) -> Plan:
        """A call's plan, after its cost was reserved: everything that the first run makes is there until its end."""
        kinds = tuple(describe(x) if isinstance(x, (Value, list)) else type(x) for x in operands)
        prepared = signatures.prepared(self._signatures[call], kinds, list(operands), self.machine.table.max_bytes)
        self._reserve(prepared.cost.bytes)
        return prepared.plan

    def _reserve(self, size: int) -> None:
        self.machine.table.reserve(Cost(size, 0))
        self._tracing += size
        self.machine.table.aside += size

    def run(self, inputs: Sequence[Value], numbers: Sequence[Any]) -> list[Value]:
        """The outputs. Raises ProgramFailure, and what `Program.run` raises."""
        table = self.machine.table
        if self._results is not None:
            table.reserve(Cost(self._results.bytes + self.program.needed, self._results.tensors))
            self.machine.peak.before(self.program.needed)
            values = self.program.run(inputs, numbers)
            table.room += self.program.needed
            # What is kept for CUDA graphs grows as they are captured.
            self._hold(self._own + self.program.held)
            return values
        try:
            values = self.program.run(inputs, numbers)
        finally:
            table.aside -= self._tracing
            table.room += self._tracing
            self._tracing = 0
        self._results = cost_of_specs([value.spec for value in values])
        table.reserve(self._results)
        self._hold(self._own + self.program.held)
        return values

    def _hold(self, size: int) -> None:
        self.machine.table.aside += size - self.aside
        self.machine.table.room -= size - self.aside
        self.aside = size

    def forget(self) -> None:
        """Give back what is held."""
        self._hold(0)

    def line(self, command: int) -> str | None:
        """The client's line of a command."""
        commands = self.code.commands
        return self.lines[commands[command].location] if command < len(commands) else None

    def origin(self, location: int) -> Named:
        """The command that is being run, in a run that the client's line `location` asked for."""
        running = self.program.running
        return Named(self.described(running), self.line(running) or self.machine.locations.get(location))

    def described(self, command: int) -> str:
        """A command as an error names it."""
        commands = self.code.commands
        found = commands[command] if command < len(commands) else None
        name = (
            found.op.name if isinstance(found, Call) else "backward" if isinstance(found, BackwardCall) else "program"
        )
        return f"{name} (in a compiled function)"


def _checked(call: Call) -> Signature:
    layout = tuple(
        len(x) if isinstance(x, tuple) else "t" if x is None or isinstance(x, int) else "n" for x in call.operands
    )
    message = SignatureMessage(_FIRST, call.op.name, call.attrs, layout, call.flags, len(call.outs))
    if call.op.dynamic:
        raise MalformedRequestError(f"{call.op.name} cannot be in a program: its shape depends on data")
    return signatures.checked(message)


def _written(code: Code) -> list[int]:
    """The inputs that a run writes to, by themselves or through views."""
    roots: dict[int, int] = {}
    written: set[int] = set()
    for call in code.commands:
        if not isinstance(call, Call):
            continue
        targets: list[Any] = [call.operands[0]] if call.flags & INPLACE else []
        for name, x in zip(call.op.operands, call.operands, strict=True):
            if name in call.op.mutates:
                targets.extend(x if isinstance(x, tuple) else (x,))
        written.update(roots.get(x, x) for x in targets if isinstance(x, int))
        source = call.operands[0] if call.op.view else None
        if isinstance(source, int):
            roots.update((out, roots.get(source, source)) for out in call.outs)
    return sorted(slot for slot in written if slot < code.inputs)


# -- commands ----------------------------------------------------------------------------------------------------------


def define(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """DEFINE_PROGRAM: keep a program. One that the session has no room for fails when it is run."""
    number, offset, size = rows.take_number(), rows.take_number(), rows.take_number()
    data = bytes(rows.elements[offset : offset + size])
    if len(data) != size:
        raise MalformedRequestError(f"the batch has not the {size} bytes of a program at {offset}")
    _forget(machine, number)
    if len(machine.programs) >= 2 * machine.limits.programs:
        raise MalformedRequestError(f"more than {machine.limits.programs} programs, which a session may have")
    try:
        if len(machine.programs) >= machine.limits.programs:
            raise QuotaExceededError(
                f"this session has {len(machine.programs)} programs, as many as it may: reset some compiled functions, "
                "or raise the worker's --max-programs"
            )
        machine.programs[number] = SessionProgram(machine, data)
    except QuotaExceededError as error:
        machine.programs[number] = machine.fail(error, "program", 0)
    return iter(())


def drop(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """DROP_PROGRAM: forget a program. One that is not there is ignored."""
    _forget(machine, rows.take_number())
    return iter(())


def _forget(machine: SessionMachine, number: int) -> None:
    found = machine.programs.pop(number, None)
    if isinstance(found, SessionProgram):
        found.forget()


def run(machine: SessionMachine, rows: Rows) -> Iterator[Out]:
    """RUN_PROGRAM: bind the outputs. A failure takes the place of them all, and of inputs that the program writes."""
    number, location = rows.take_number(), rows.take()
    inputs, numbers, outs = rows.take_list(), rows.take_list(), rows.take_list()
    program = machine.programs.get(number)
    written = []
    if isinstance(program, SessionProgram):
        written = program.written
        rows.origin = functools.partial(program.origin, location)
    try:
        values = _run(machine, program, number, inputs, [_number(rows, word) for word in numbers], len(outs))
    except Poisoned as poisoned:
        poison = poisoned.poison
    except ProgramFailure as failure:
        assert isinstance(program, SessionProgram), "only a program fails so"
        poison = _failed(machine, program, failure, location)
    except Exception as error:
        poison = machine.fail(error, "program", location)
    else:
        for handle, value in zip(outs, values, strict=True):
            machine.table.put(handle, value, location)
        return iter(())
    for handle in outs:
        machine.table.put_error(handle, poison, location)
    for slot in written:
        if slot < len(inputs):
            machine.table.poison(inputs[slot], poison)
    return iter(())


def _number(rows: Rows, word: int) -> Any:
    number = rows.number(word) if word < 0 else None
    if type(number) not in (bool, int, float, complex):
        raise MalformedRequestError(f"word {word} names no number")
    return number


def _run(
    machine: SessionMachine,
    program: SessionProgram | Poison | None,
    number: int,
    inputs: list[int],
    numbers: list[Any],
    outs: int,
) -> list[Value]:
    if program is None:
        raise MalformedRequestError(f"program {number} is not defined")
    if isinstance(program, Poison):
        raise Poisoned(program)
    if len(program.code.outputs) != outs:
        raise MalformedRequestError(f"a program of {len(program.code.outputs)} outputs, {outs} named")
    return program.run([machine.table.value(handle) for handle in inputs], numbers)


def _failed(machine: SessionMachine, program: SessionProgram, failure: ProgramFailure, location: int) -> Poison:
    """The error of a command, with its own line in the compiled function."""
    described = program.described(failure.command)
    error: TeletensorError = known(failure.error, described, machine.engine.backend)
    error.where = program.line(failure.command) or error.where
    return machine.fail(error, described, location)
