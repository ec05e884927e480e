"""Which steps of a chain run as one loop of machine code, and that loop as a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from teletensor_core import special
from teletensor_core.formulas.expressions import Node, Symbol, SymbolicNamespace, in_order
from teletensor_core.formulas.llvm import Parameter, supports
from teletensor_core.formulas.native import Kernel, compiled
from teletensor_core.programs.layout import is_column
from teletensor_core.spec import Shape

# Functions that NumPy lacks, in steps that it has.
_IN_STEPS = {"erf": special.erf, "normal_cdf": special.normal_cdf, "sigmoid": special.sigmoid}


class NativeSteps:
    """Makes steps of the nodes of a chain whose results have this shape; `flat` as in `Chain`."""

    def __init__(self, xp: Any, shape: Shape, flat: bool) -> None:
        self._symbolic = SymbolicNamespace(type(xp), xp.common)
        self._shape = shape
        self._flat = flat

    def in_steps(self, roots: Sequence[Node]) -> list[Node]:
        """The same with functions of float32 taken apart, as far as loops can have a part in them."""
        new: dict[int, Node] = {}
        for node in in_order(roots):
            parts = tuple(new[id(x)] if isinstance(x, Node) else x for x in node.operands)
            if node.name in _IN_STEPS and node.dtype == np.float32:
                function: Callable[..., Symbol] = _IN_STEPS[node.name]
                new[id(node)] = function(Symbol(parts[0]), xp=self._symbolic).node
            elif all(a is b for a, b in zip(parts, node.operands, strict=True)):
                new[id(node)] = node
            else:
                new[id(node)] = Node(node.name, parts, node.dtype, node.shape)
        return [new[id(root)] for root in roots]

    def parts(self, nodes: Sequence[Node]) -> list[list[Node]]:
        """The nodes in an order in which they can be computed: lists of those that one loop does, and single others."""
        parts: list[list[Node]] = []
        waiting, ready = list(nodes), {id(x) for node in nodes for x in node.operands} - {id(node) for node in nodes}
        while waiting:
            together, others = _computable(waiting, ready, native=True)
            if together:
                parts.append(together)
            single, waiting = _computable(others, ready, native=False)
            parts.extend([node] for node in single)
        return parts

    def better(self, node: Node) -> bool:
        """Whether a loop for this step alone is better than NumPy, which has no `where` that writes into an array."""
        return node.name == "where" and supports(node)

    def step(
        self, steps: list[Node], sources: list[Node], results: list[Node], places: list[int]
    ) -> Callable[[list[Any]], None]:
        """Takes steps from sources to results; `places` are those of their views, one after another."""
        parameters = [self._source(x) for x in sources]
        parameters += [Parameter(x.dtype, True, True, written=x) for x in results]
        return _Loop(steps, parameters, places, self._flat).step

    def _source(self, node: Node) -> Parameter:
        if node.shape == self._shape:
            return Parameter(node.dtype, True, True, read=node)
        if math.prod(node.shape) == 1:
            return Parameter(node.dtype, False, False, read=node)
        by_row = is_column(node.shape, self._shape)
        return Parameter(node.dtype, by_row, not by_row, read=node)


def _computable(nodes: Sequence[Node], ready: set[int], native: bool) -> tuple[list[Node], list[Node]]:
    """Those whose operands are ready, and then are themselves; and the rest."""
    taken, rest = [], []
    for node in nodes:
        if supports(node) is native and all(id(x) in ready for x in node.operands if isinstance(x, Node)):
            taken.append(node)
            if native:
                ready.add(id(node))
        else:
            rest.append(node)
    ready.update(map(id, taken))
    return taken, rest


class _Loop:
    """A loop that is compiled when it runs for the first time."""

    def __init__(self, steps: list[Node], parameters: list[Parameter], places: list[int], flat: bool) -> None:
        self._steps = steps
        self._parameters = parameters
        self._places = places
        self._flat = flat
        self._grid = next(place for place, p in zip(places, parameters, strict=True) if p.written is not None)
        self._kernel: Kernel | None = None

    def step(self, views: list[Any]) -> None:
        """Run on the views of one block."""
        kernel = self._kernel
        if kernel is None:
            kernel = self._kernel = compiled(self._parameters, self._steps)
        arrays = [views[place] for place in self._places]
        for i, (array, parameter) in enumerate(zip(arrays, self._parameters, strict=True)):
            # What is compiled reads memory as it is told; only this stands between it and another layout.
            if array.dtype != parameter.dtype or not array.flags.c_contiguous:
                assert parameter.read is not None, "results are laid out here"
                arrays[i] = array.astype(parameter.dtype, order="C")
        shape = views[self._grid].shape
        rows, columns = (1, shape[0]) if self._flat else shape
        kernel(rows, columns, *arrays)
