"""Where a program meets the graph outside: one node stands for all that it computed.

A backward that comes to the node runs the program's own backward, which was traced with it, and goes on to the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from teletensor_core.engine.values import Array, Edge, Node, Value
from teletensor_core.errors import GradientError
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec

if TYPE_CHECKING:
    from teletensor_core.programs.routine import Routine

NAME = "CompiledFunction"


class ProgramNode(Node):
    """A program's run in the graph. `saved` are the arrays that its backward reads."""

    __slots__ = ("saved", "watched")

    def __init__(
        self,
        routine: Routine,
        inputs: Sequence[Value],
        edges: tuple[Edge, ...],
        outs: Sequence[Spec],
        saved: list[Array],
        watched: Sequence[Value],
    ) -> None:
        plan = cast(Plan, _NodePlan(self, routine, tuple(outs)))
        super().__init__(plan, edges, ([value.spec for value in inputs],))
        self.saved: list[Array] | None = saved
        self.watched = [(value.spec, value.version, value.version[0]) for value in watched]

    def release(self) -> None:
        """Drop what the backward reads."""
        self.operands = None
        self.saved = None
        self.watched = []

    def kept(self) -> Sequence[Array]:
        """The arrays that the backward reads."""
        return self.saved or ()

    def check_versions(self) -> None:
        """Raise GradientError when a tensor that the backward reads was written to since."""
        for spec, version, expected in self.watched:
            if version[0] != expected:
                raise GradientError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"[{spec!r}] saved for the backward of a compiled function is at version {version[0]}; "
                    f"expected version {expected} instead."
                )


class _NodePlan:
    """As much of a plan, and of an op, as a backward pass asks for."""

    name = NAME
    operands = ("inputs",)
    saves = frozenset(("inputs",))
    joint_vjp = None
    opmath = False
    multiple = True

    def __init__(self, node: ProgramNode, routine: Routine, specs: tuple[Spec, ...]) -> None:
        self.op = self
        self.attrs: dict[str, Any] = {}
        self.specs = specs
        self.vjps = {"inputs": _rule(node, routine)}


def _rule(node: ProgramNode, routine: Routine) -> Any:
    def rule(ops: Any, g: tuple[Any, ...], out: Any, inputs: list[Spec]) -> list[Any]:
        if ops.recording:
            raise GradientError(
                "the gradient of a compiled function cannot be differentiated again: call it uncompiled for that, or "
                "compile a function that takes both gradients"
            )
        node.check_versions()
        assert node.saved is not None, "check_not_released comes first"
        return routine.run([*node.saved, *g])

    return rule
