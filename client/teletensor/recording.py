"""Whether this thread is recording a call for a program, and what a recording wants to hear of besides commands.

Numbers that change from call to call come from Python: optimisers count steps, schedules change rates, generators count
what was drawn. What makes them reports here, and is run again whenever the program is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from teletensor.optim.optimizer import Group
    from teletensor.optim.stepwise import Stepwise
    from teletensor.random import Generator
    from teletensor.tensor import Tensor


class Listener:
    """What a recording, or a replay, does with these reports."""

    def drew(self, generator: Generator, count: int, seed: int, offset: int) -> None:
        """A generator gave a seed and an offset for `count` numbers."""

    def update(self, optimizer: Stepwise, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
        """An optimiser updates the parameters of a group."""

    def host(self, run: Callable[[], Any]) -> Any:
        """Python changes what later numbers depend on."""


class _State(threading.local):
    listener: Listener | None = None


state = _State()


def update(optimizer: Stepwise, group: Group, params: list[Tensor], grads: list[Tensor]) -> None:
    """Let an optimiser update parameters, and again with every run of a program that is being recorded."""
    if state.listener is None:
        optimizer._update(group, params, grads)
    else:
        state.listener.update(optimizer, group, params, grads)


def host(run: Callable[[], Any]) -> Any:
    """Run Python that changes numbers of later commands, as above."""
    return run() if state.listener is None else state.listener.host(run)
