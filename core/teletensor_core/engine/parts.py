"""Backward passes that are walked in parts, with Python's own gradients in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from teletensor_core.engine.autograd import Backward, Walk
from teletensor_core.engine.engine import Engine
from teletensor_core.engine.values import Value


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a backward pass. Tensors are named here as everywhere in the request that it belongs to.

    `number` is the same for all parts of a pass. The `goals` are what later ones will want, or go on from; a part names
    those that its own roots may lead to, and the first one what the last one wants.
    A part goes no further than to what was made before the leaf `until` was marked; the one without is the last.
    """

    number: int
    goals: tuple[Any, ...] = ()
    until: Any = None


class Parts:
    """An engine's passes that have begun, by number; those of a `kind` of Backward."""

    def __init__(self, engine: Engine, kind: type[Backward] = Backward) -> None:
        self._engine = engine
        self._kind = kind
        self._begun: dict[int, Backward | Exception] = {}

    def __len__(self) -> int:
        return len(self._begun)

    def __contains__(self, number: int) -> bool:
        return number in self._begun

    def walk(
        self,
        part: Part | None,
        roots: Sequence[Value],
        grads: Sequence[Value | None],
        targets: Sequence[Value],
        *,
        create_graph: bool = False,
        retain_graph: bool = False,
        only_targets: bool = False,
    ) -> Walk:
        """Walk a part, or the whole where that is None. Raises what made an earlier part fail."""

        def begin(goals: Sequence[Value]) -> Backward:
            return self._kind(
                self._engine,
                roots,
                grads,
                targets,
                create_graph=create_graph,
                retain_graph=retain_graph,
                only_targets=only_targets,
                goals=goals,
            )

        if part is None:
            return begin(()).walk()
        begun = self._begun.get(part.number)
        if isinstance(begun, Exception):
            raise begun
        if begun is None:
            begun = begin(part.goals)
        else:
            begun.go_on(roots, grads, targets, part.goals)
        self._begun[part.number] = begun
        if part.until is None:
            del self._begun[part.number]
        return begun.walk(part.until)

    def fail(self, part: Part, error: Exception) -> None:
        """Have the later parts of a pass fail, too."""
        if part.until is not None:
            self._begun[part.number] = error
        else:
            self.abandon(part.number)

    def abandon(self, number: int) -> None:
        """Forget a pass. One that is not there is ignored."""
        self._begun.pop(number, None)

    def held(self) -> int:
        """Bytes of the gradients that are on their way."""
        return sum(begun.held() for begun in self._begun.values() if isinstance(begun, Backward))
