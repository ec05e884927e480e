"""A program of the in-process session; a module of its own because most processes never run one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.engine import Engine
from teletensor_core.engine.engine import describe
from teletensor_core.errors import TeletensorError
from teletensor_core.plan import Plan, plan_for
from teletensor_core.programs import Call, Code, Program, ProgramFailure

from teletensor.session import Ref


class LocalProgram:
    """A program on an engine of this process, with the lines of its commands."""

    def __init__(self, engine: Engine, code: Code, locations: Sequence[str]) -> None:
        self._program = Program(engine, code, _plan_of)
        self._lines = tuple(locations)

    @property
    def code(self) -> Code:
        """What it runs."""
        return self._program.code

    def run(self, inputs: Sequence[Ref], numbers: Sequence[Any]) -> tuple[Ref, ...]:
        """Run it now. An error names the line of the command that failed."""
        try:
            return tuple(self._program.run(inputs, numbers))
        except ProgramFailure as failure:
            raise self._at_its_line(failure) from failure.error

    def _at_its_line(self, failure: ProgramFailure) -> Exception:
        """A command's error, with the line inside the compiled function."""
        error, commands = failure.error, self.code.commands
        if isinstance(error, TeletensorError) and failure.command < len(commands):
            location = commands[failure.command].location
            error.where = self._lines[location] if location < len(self._lines) else None
            error.add_note(f"in a compiled function, at {error.where}")
        return error


def _plan_of(call: Call, operands: Sequence[Any]) -> Plan:
    return plan_for(call.op, call.attrs, call.flags, [describe(x) for x in operands])
