"""What happened in a recorded call, in order: commands of its session, and the Python that numbers came from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from teletensor_core.plan import Plan

from teletensor.session import BackwardRequest, Ref

if TYPE_CHECKING:
    from teletensor.optim.stepwise import Stepwise
    from teletensor.random import Generator
    from teletensor.tensor import Tensor


@dataclass(eq=False, slots=True)
class OpRun:
    """An op. In an optimiser's `update` its numbers are asked for anew with every run."""

    plan: Plan
    operands: Sequence[Any]
    outs: Sequence[Ref]
    where: str
    update: Update | None = None


@dataclass(eq=False, slots=True)
class BackwardRun:
    """A backward pass."""

    request: BackwardRequest
    results: Sequence[Ref]
    where: str


@dataclass(eq=False, slots=True)
class Uploaded:
    """A tensor made of values of this process, which are part of the program."""

    ref: Ref
    array: Any
    where: str


@dataclass(eq=False, slots=True)
class GradRequired:
    """A leaf marked, or unmarked."""

    ref: Ref
    required: bool
    where: str


@dataclass(eq=False, slots=True)
class Detached:
    """A tensor cut off from the graph."""

    ref: Ref
    where: str


@dataclass(eq=False, slots=True)
class Drawn:
    """A generator gave a seed and an offset."""

    generator: Generator
    count: int
    seed: int
    offset: int
    where: str


@dataclass(eq=False, slots=True)
class Update:
    """An optimiser's update of parameters of one of its groups, whose commands follow as `OpRun`s.

    `grads` are stand-ins without values, once it is over; `grad_refs` are what they stand for.
    """

    optimizer: Stepwise
    group: int
    params: list[Tensor]
    grads: list[Tensor]
    grad_refs: list[Ref]
    where: str


@dataclass(eq=False, slots=True)
class Host:
    """Python that changes what numbers come out later: a step of a schedule."""

    run: Callable[[], Any]
    where: str


Event: TypeAlias = "OpRun | BackwardRun | Uploaded | GradRequired | Detached | Drawn | Update | Host"


def taken(event: Event) -> list[Ref]:
    """The refs that an event's command reads or writes."""
    match event:
        case OpRun():
            found = []
            for x, part in zip(event.operands, event.plan.layout, strict=True):
                if part == "t":
                    found += [x] if x is not None else []
                elif part != "n":
                    found += x
            return found
        case BackwardRun():
            request = event.request
            which = request.part
            others = [] if which is None else [*which.goals, which.until]
            return [x for x in (*request.roots, *request.grads, *request.targets, *others) if x is not None]
        case GradRequired() | Detached():
            return [event.ref]
    return []


def given(event: Event) -> list[Ref]:
    """The refs that an event's command makes."""
    match event:
        case OpRun():
            return list(event.outs)
        case BackwardRun():
            return list(event.results)
        case Uploaded():
            return [event.ref]
    return []
