"""What there is to draw: boxes, and arrows between them the way that values went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from teletensor_core.errors import ArgumentTypeError, GradientError

from teletensor.graph import GradFn, walk
from teletensor.tensor_base import TensorBase


@dataclass(frozen=True)
class Box:
    """A node of the graph, or a tensor: lines of text, and what it is ("op", "parameter", "leaf" or "result")."""

    kind: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """Boxes, and arrows as pairs of their positions; the results come first."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[int, int], ...]


def picture(tensors: Any, params: Any = None) -> Picture:
    """The picture of what led to a tensor, or to several."""
    results = [tensors] if isinstance(tensors, TensorBase) else list(tensors)
    for x in results:
        if not isinstance(x, TensorBase):
            raise ArgumentTypeError(f"viz.graph takes a tensor, or several, got {type(x).__name__}")
        if not x.requires_grad:
            raise GradientError(f"{x._spec!r} does not require grad: no graph led to it")
    return _Collector(_names(params)).run(results)


class _Collector:
    """Makes boxes, each once, and arrows to those that are there already."""

    def __init__(self, names: dict[int, str]) -> None:
        self.names = names
        self.boxes: list[Box] = []
        self.arrows: dict[tuple[int, int], None] = {}
        self.places: dict[int, int] = {}

    def run(self, results: list[TensorBase]) -> Picture:
        ends = [(self._add(Box("result", (_kind(x),))), x._edge()[0]) for x in results]
        for node in walk([end for _, end in ends if isinstance(end, GradFn)]):
            self._place(node)
        for at, end in ends:
            self.arrows[self._place(end), at] = None
        for node in walk([end for _, end in ends if isinstance(end, GradFn)]):
            for parent, _ in node.parents:
                if parent is not None:
                    self.arrows[self._place(parent), self._place(node)] = None
        return Picture(tuple(self.boxes), tuple(self.arrows))

    def _place(self, end: Any) -> int:
        if id(end) not in self.places:
            self.places[id(end)] = self._add(self._box(end))
        return self.places[id(end)]

    def _add(self, box: Box) -> int:
        self.boxes.append(box)
        return len(self.boxes) - 1

    def _box(self, end: Any) -> Box:
        if isinstance(end, GradFn):
            return Box("op", (end.name(),))
        name = self.names.get(id(end))
        return Box("leaf", (_kind(end),)) if name is None else Box("parameter", (name, _kind(end)))


def _kind(x: TensorBase) -> str:
    """A tensor's dtype and shape."""
    return f"{x._spec.dtype.name} {list(x._spec.shape)}"


def _names(params: Any) -> dict[int, str]:
    """Names of leaves, by their identity."""
    if params is None:
        return {}
    pairs: Iterable[tuple[Any, Any]]
    if hasattr(params, "named_parameters"):
        pairs = params.named_parameters()
    else:
        pairs = params.items() if isinstance(params, Mapping) else params
    return {id(x): str(name) for name, x in pairs}
