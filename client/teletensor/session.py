"""What every session can do, wherever its tensors are: the seam between the tensor API and a transport."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from teletensor_core.engine import Part
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec

from teletensor.device import Device

if TYPE_CHECKING:
    from teletensor_core.programs import Code

    from teletensor.tensor_base import TensorBase

# What a session knows a tensor by: an engine value in this process, or a handle of a worker's session.
Ref: TypeAlias = Any


@dataclass
class Stats:
    """What a session has cost so far.

    `round_trips` counts the questions that the other side was asked, and `waits` how often somebody had to wait for an
    answer: reads through futures are round trips that need no wait. `bytes_sent` and `bytes_received` are what the link
    carried. `bytes_repeated` are those of uploads that the worker had already, and `bytes_saved` what compression took
    from the rest, both ways.
    """

    commands: int = 0
    batches: int = 0
    round_trips: int = 0
    waits: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    bytes_shared: int = 0
    bytes_repeated: int = 0
    bytes_saved: int = 0

    def __sub__(self, earlier: Stats) -> Stats:
        return Stats(**{name: value - getattr(earlier, name) for name, value in vars(self).items()})


class Arriving(ABC):
    """One tensor's values on their way to this process."""

    __slots__ = ()

    @abstractmethod
    def done(self) -> bool:
        """Whether they are here, or the error in their place: `array` will not wait."""

    @abstractmethod
    def array(self) -> np.ndarray[Any, Any]:
        """The values, waited for. Raises the error that took their place."""


@dataclass
class BackwardRequest:
    """One backward pass: what is differentiated, with which cotangents, and whose gradients are wanted."""

    roots: Sequence[Ref]
    grads: Sequence[Ref | None]
    targets: Sequence[Ref]
    create_graph: bool = False
    retain_graph: bool = False
    only_targets: bool = False
    # Of a pass that is walked in parts, which one this is.
    part: Part | None = None
    # Called with a hook's number and the gradient's ref and spec; gives the ref of a replacement, or None.
    run_hook: Callable[[int, Ref, Spec], Ref | None] | None = None
    target_specs: Sequence[Spec] = field(default_factory=tuple)


class Session(ABC):
    """An ordered log of commands on one engine. Refs are only meaningful to the session that gave them."""

    device: Device
    closed: bool = False
    # Whether `read` gives arrays that nobody else has.
    reads_copies: bool = False

    @abstractmethod
    def submit(self, plan: Plan, operands: Sequence[Any]) -> tuple[Ref, ...]:
        """Run an op: operands are refs, numbers, None, or lists of refs. In-place and mutating plans give ()."""

    def submit_pair(self, plan: Plan, first: Ref, second: Ref) -> Ref:
        """`submit` for a plain plan (one result, with memory of its own) on two tensors."""
        return self.submit(plan, (first, second))[0]

    @abstractmethod
    def specs(self, refs: Sequence[Ref]) -> list[Spec]:
        """Shapes and dtypes of results whose shape depends on data. Waits."""

    @abstractmethod
    def read(self, refs: Sequence[Ref]) -> list[np.ndarray[Any, Any]]:
        """The values, as arrays of this process. Waits once, however many there are."""

    @abstractmethod
    def read_later(self, refs: Sequence[Ref]) -> list[Arriving]:
        """The values as they are now, on their way. Does not wait; reads asked for in a row share a round trip."""

    @abstractmethod
    def upload(self, array: np.ndarray[Any, Any], spec: Spec) -> Ref:
        """A tensor with these values. The array may be changed by its owner afterwards."""

    def adopt(self, array: np.ndarray[Any, Any], spec: Spec) -> Ref:
        """A tensor with these values. The array is dense and nobody else's: it may become the tensor's own memory."""
        return self.upload(array, spec)

    def uploaded(self, tensor: TensorBase) -> None:  # noqa: B027  (nothing to do for most)
        """Hear of the tensor that an upload has become."""

    def lent(self, ref: Ref) -> None:  # noqa: B027  (nothing to do for most)
        """Hear of a tensor whose memory another one now has, without their counting writes together."""

    @abstractmethod
    def require_grad(self, ref: Ref, required: bool) -> None:
        """Mark a leaf."""

    @abstractmethod
    def detach_(self, ref: Ref) -> None:
        """Cut a tensor off from the graph, in place."""

    @abstractmethod
    def backward(self, request: BackwardRequest) -> tuple[Ref, ...]:
        """Run a backward pass or a part of one; refs of the targets' gradients. Waits only when hooks have to run."""

    @abstractmethod
    def abandon(self, number: int) -> None:
        """Forget a backward pass of which there will be no more parts."""

    @abstractmethod
    def set_hook(self, ref: Ref, hook: int, add: bool) -> None:
        """Add or remove a hook on a tensor's gradient."""

    @abstractmethod
    def define_program(self, code: Code, locations: Sequence[str]) -> Any:
        """Make a program known to the session; what `run_program` takes. `locations` are the lines of its commands."""

    @abstractmethod
    def run_program(self, program: Any, inputs: Sequence[Ref], numbers: Sequence[Any], outputs: int) -> tuple[Ref, ...]:
        """Run a program; refs of its outputs, as many as it has. Never waits."""

    @abstractmethod
    def drop_program(self, program: Any) -> None:
        """Forget a program."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until everything has run; raises the first error that nobody has read yet."""

    @abstractmethod
    def release(self, ref: Ref) -> None:
        """Forget a tensor. Called by finalisers: must not block."""

    @abstractmethod
    def stats(self) -> Stats:
        """A snapshot of what this session has cost."""

    @abstractmethod
    def close(self) -> None:
        """End the session; its tensors are gone."""
