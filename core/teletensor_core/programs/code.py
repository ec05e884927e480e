"""What a program says: the commands of one recorded call, on numbered slots instead of tensors.

The first slots are the program's inputs. Every command that makes tensors names new slots for them. Numbers that change
from run to run (a learning rate, a step, the state of a generator) are arguments; all others are part of the code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from teletensor_core.engine.parts import Part
from teletensor_core.registry import Op


@dataclass(frozen=True, slots=True)
class Argument:
    """A number that comes with each run: the `index`-th of them."""

    index: int


@dataclass(frozen=True, slots=True)
class Number:
    """A number that every run uses."""

    value: Any


# A slot, a list of slots, a number of either kind, or nothing.
Operand: TypeAlias = "int | tuple[int, ...] | Argument | Number | None"


@dataclass(eq=False, slots=True)
class Call:
    """Run an op. `flags` are those of a plan, `location` the number of the line that made the call."""

    op: Op
    attrs: tuple[Any, ...]
    flags: int
    operands: tuple[Operand, ...]
    outs: tuple[int, ...]
    location: int = 0


@dataclass(eq=False, slots=True)
class BackwardCall:
    """Run a backward pass, or a part of it, as `engine.Parts` takes it; `results` are the gradients of the targets."""

    roots: tuple[int, ...]
    grads: tuple[int | None, ...]
    targets: tuple[int, ...]
    results: tuple[int, ...]
    create_graph: bool = False
    retain_graph: bool = False
    only_targets: bool = False
    part: Part | None = None
    location: int = 0


@dataclass(eq=False, slots=True)
class RequireGrad:
    """Mark a leaf that the program made."""

    slot: int
    required: bool
    location: int = 0


@dataclass(eq=False, slots=True)
class Detach:
    """Cut a tensor that the program made off from the graph."""

    slot: int
    location: int = 0


@dataclass(eq=False, slots=True)
class Constant:
    """A tensor of the same elements in every run, given as a host array."""

    slot: int
    array: Any
    location: int = 0


Command: TypeAlias = "Call | BackwardCall | RequireGrad | Detach | Constant"


@dataclass(eq=False)
class Code:
    """A whole program: `inputs` slots come from outside, `arguments` numbers too, and `outputs` are handed out.

    `live` are the outputs whose graph outlives the run: a later backward goes through it to the inputs.
    """

    inputs: int
    arguments: int
    commands: list[Command] = field(default_factory=list)
    outputs: tuple[int, ...] = ()
    live: frozenset[int] = frozenset()
