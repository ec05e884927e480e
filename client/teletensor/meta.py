"""The meta device: tensors of a shape and a dtype, and no elements. What a call gives is known without running it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn

import numpy as np
from teletensor_core.errors import UnsupportedError
from teletensor_core.plan import Plan
from teletensor_core.spec import Spec

from teletensor.device import Device
from teletensor.session import Arriving, BackwardRequest, Ref, Session, Stats

if TYPE_CHECKING:
    from teletensor_core.programs import Code

# Every tensor's ref here: there is nothing to tell apart.
NOTHING: Final = object()


class MetaSession(Session):
    """Takes every command whose results have known shapes, and does nothing for it."""

    def __init__(self) -> None:
        self.device = Device("meta")
        self._commands = 0

    def submit(self, plan: Plan, operands: Sequence[Any]) -> tuple[Ref, ...]:
        """Refs of the results. UnsupportedError for an op whose result's shape depends on elements."""
        if plan.op.dynamic:
            raise UnsupportedError(f"{plan.op.name}: the shape of its result depends on the elements of a meta tensor")
        self._commands += 1
        return (NOTHING,) * plan.results

    def specs(self, refs: Sequence[Ref]) -> list[Spec]:
        """Never asked for: ops that need it are refused."""
        raise _no_data()

    def read(self, refs: Sequence[Ref]) -> list[np.ndarray[Any, Any]]:
        """Raises UnsupportedError: there are no elements."""
        raise _no_data()

    def read_later(self, refs: Sequence[Ref]) -> list[Arriving]:
        """Raises UnsupportedError: there are no elements."""
        raise _no_data()

    def upload(self, array: np.ndarray[Any, Any], spec: Spec) -> Ref:
        """The ref; the elements are not kept."""
        return NOTHING

    def require_grad(self, ref: Ref, required: bool) -> None:
        """Nothing to note: the client knows."""

    def detach_(self, ref: Ref) -> None:
        """Nothing to note: the client knows."""

    def backward(self, request: BackwardRequest) -> tuple[Ref, ...]:
        """Refs of the gradients."""
        self._commands += 1
        return (NOTHING,) * len(request.targets)

    def abandon(self, number: int) -> None:
        """Nothing has begun."""

    def set_hook(self, ref: Ref, hook: int, add: bool) -> None:
        """Raises UnsupportedError: a backward here has no gradients to show."""
        if add:
            raise UnsupportedError("gradients of meta tensors are not computed, so that hooks would not see them")

    def define_program(self, code: Code, locations: Sequence[str]) -> NoReturn:
        """Raises UnsupportedError."""
        raise UnsupportedError("functions of meta tensors are not compiled: they cost nothing as they are")

    def run_program(self, program: Any, inputs: Sequence[Ref], numbers: Sequence[Any], outputs: int) -> NoReturn:
        """There is no program."""
        raise _no_data()

    def drop_program(self, program: Any) -> None:
        """There is no program."""

    def synchronize(self) -> None:
        """Nothing is ever pending."""

    def release(self, ref: Ref) -> None:
        """There is nothing to free."""

    def stats(self) -> Stats:
        """Commands taken."""
        return Stats(commands=self._commands)

    def close(self) -> None:
        """It stays for the life of the process."""


def _no_data() -> UnsupportedError:
    return UnsupportedError("Cannot copy out of meta tensor; no data!")
