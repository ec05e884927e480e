"""Recorded runs of commands: run with one command, prepared once. See program.py."""

from teletensor_core.programs.code import (
    Argument,
    BackwardCall,
    Call,
    Code,
    Command,
    Constant,
    Detach,
    Number,
    RequireGrad,
)
from teletensor_core.programs.interpreter import Planner, ProgramFailure
from teletensor_core.programs.program import Program

__all__ = [
    "Argument", "BackwardCall", "Call", "Code", "Command", "Constant", "Detach", "Number", "Planner", "Program",
    "ProgramFailure", "RequireGrad",
]  # fmt: skip
