"""Element-by-element steps evaluated together on NumPy: block by block, so that what is between them stays in cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from teletensor_core.formulas.expressions import FUNCTIONS, Node, in_order
from teletensor_core.formulas.native import available
from teletensor_core.programs.layout import grid, is_column
from teletensor_core.programs.native import NativeSteps
from teletensor_core.spec import Shape

# Elements that are worked on at once.
BLOCK = 1 << 15

Views = list[Any]
Step = Callable[[Views], None]


class Chain:
    """Computes nodes from the arrays of leaves. Calling it gives the values of `roots`.

    `leaves` are nodes in the order of the arrays. An array is as large as the results, or one element, or one value for
    each row, or each column, of the last dimension. Not thread-safe: scratch memory is kept from call to call.
    """

    def __init__(self, xp: Any, leaves: Sequence[Node], roots: Sequence[Node]) -> None:
        self.shape = roots[0].shape
        self._flat = all(leaf.shape == self.shape or math.prod(leaf.shape) == 1 for leaf in leaves)
        self._rows, self._columns = grid(self.shape, self._flat)
        self._leaves = [_Leaf(leaf.shape, self.shape, self._flat) for leaf in leaves]
        self._dtypes = [root.dtype for root in roots]
        native = NativeSteps(xp, self.shape, self._flat) if available() else None
        roots = roots if native is None else native.in_steps(roots)
        layout = _Layout(xp, leaves, roots, native)
        self._steps = layout.steps
        # One loop keeps what is between in registers.
        block = BLOCK if layout.scratch else self._rows * self._columns
        self._at_once = max(1, min(self._rows, block // max(self._columns, 1)))
        self._first_root = len(leaves)
        self._whole = self._views(layout, self._at_once)
        rest = self._rows % self._at_once
        self._tail = [x[:rest] if i >= layout.first_scratch else x for i, x in enumerate(self._whole)] if rest else []
        self.held = sum(x.nbytes for x in self._whole[layout.first_scratch :])

    def _views(self, layout: _Layout, rows: int) -> Views:
        shape = (rows,) if self._flat else (rows, self._columns)
        fixed: Views = [None] * (len(self._leaves) + len(self._dtypes))
        return [*fixed, *layout.numbers, *[np.empty(shape, dtype) for dtype in layout.scratch]]

    def __call__(self, *arrays: Any) -> list[Any]:
        """The values of the roots, in new arrays."""
        sizes = (self._rows,) if self._flat else (self._rows, self._columns)
        sources = [leaf.view(x) for leaf, x in zip(self._leaves, arrays, strict=True)]
        outs = [np.empty(self.shape, dtype) for dtype in self._dtypes]
        targets = [out.reshape(sizes) for out in outs]
        for start in range(0, self._rows, self._at_once):
            stop = start + self._at_once
            if stop > self._rows:
                self._run(self._tail, sources, targets, start, self._rows)
            else:
                self._run(self._whole, sources, targets, start, stop)
        return outs

    def _run(self, views: Views, sources: list[Any], targets: list[Any], start: int, stop: int) -> None:
        for i, leaf in enumerate(self._leaves):
            views[i] = sources[i][start:stop] if leaf.sliced else sources[i]
        for i, target in enumerate(targets, self._first_root):
            views[i] = target[start:stop]
        for step in self._steps:
            step(views)


class _Leaf:
    """How an operand's array is looked at: as a part of the grid for each block, or as it is for all of them."""

    def __init__(self, shape: Shape, whole: Shape, flat: bool) -> None:
        rows, columns = grid(whole, flat)
        self._shape: Shape
        if math.prod(shape) == 1 and whole != shape:
            self.sliced, self._shape = False, ()
        elif shape == whole:
            self.sliced, self._shape = True, (rows,) if flat else (rows, columns)
        elif is_column(shape, whole):
            self.sliced, self._shape = True, (rows, 1)
        else:
            self.sliced, self._shape = False, (1, columns)

    def view(self, array: Any) -> Any:
        return array.reshape(self._shape)


class _Layout:
    """Where every node's value is among the views, and the steps that compute them."""

    def __init__(self, xp: Any, leaves: Sequence[Node], roots: Sequence[Node], native: NativeSteps | None) -> None:
        self.steps: list[Step] = []
        self.scratch: list[np.dtype[Any]] = []
        nodes = [node for node in in_order(roots) if node.name != "leaf"]
        parts = [[node] for node in nodes] if native is None else native.parts(nodes)
        self._where: dict[int, int] = {id(leaf): i for i, leaf in enumerate(leaves)}
        self._where.update((id(root), len(leaves) + i) for i, root in enumerate(roots))
        first_number = len(leaves) + len(roots)
        self.numbers: list[Any] = [x for node in nodes for x in node.operands if not isinstance(x, Node)]
        self._number_places = {id(x): first_number + i for i, x in enumerate(self.numbers)}
        self.first_scratch = first_number + len(self.numbers)
        last = {id(x): at for at, part in enumerate(parts) for node in part for x in node.operands}
        kept = {id(root) for root in roots}
        free: dict[np.dtype[Any], list[int]] = {}
        for at, part in enumerate(parts):
            mine = {id(node) for node in part}
            sources = {id(x): x for node in part for x in node.operands if isinstance(x, Node) and id(x) not in mine}
            dying = [x for x in sources.values() if last[id(x)] == at and self._where[id(x)] >= self.first_scratch]
            if len(part) > 1 or (native is not None and native.better(part[0])):
                assert native is not None
                results = [node for node in part if id(node) in kept or last[id(node)] > at]
                outs = [self._result(node, free) for node in results]
                places = [self._where[x] for x in sources]
                self.steps.append(native.step(part, list(sources.values()), results, [*places, *outs]))
                self._release(dying, free)
            else:
                places = [self._place(x) for x in part[0].operands]
                # The result may be written over an operand that nobody needs any more.
                self._release(dying, free)
                self.steps.append(_step(xp, part[0], places, self._result(part[0], free)))

    def _release(self, nodes: list[Node], free: dict[np.dtype[Any], list[int]]) -> None:
        for node in nodes:
            free.setdefault(node.dtype, []).append(self._where[id(node)])

    def _place(self, x: Any) -> int:
        return self._where[id(x)] if isinstance(x, Node) else self._number_places[id(x)]

    def _result(self, node: Node, free: dict[np.dtype[Any], list[int]]) -> int:
        if id(node) not in self._where:
            self._where[id(node)] = self._scratch(node.dtype, free)
        return self._where[id(node)]

    def _scratch(self, dtype: np.dtype[Any], free: dict[np.dtype[Any], list[int]]) -> int:
        if free.get(dtype):
            return free[dtype].pop()
        self.scratch.append(dtype)
        return self.first_scratch + len(self.scratch) - 1


def _step(xp: Any, node: Node, places: list[int], out: int) -> Step:
    if node.name == "cast":
        return _cast(places[0], out)
    if node.name == "where":
        return _where(places[0], places[1], places[2], out)
    if node.name in FUNCTIONS:
        return _function(getattr(xp, node.name), places[0], out)
    ufunc = getattr(np, node.name)
    if len(places) == 1:
        return _unary(ufunc, places[0], out)
    return _binary(ufunc, places[0], places[1], out)


def _unary(ufunc: Any, a: int, out: int) -> Step:
    def step(v: Views) -> None:
        ufunc(v[a], out=v[out])

    return step


def _binary(ufunc: Any, a: int, b: int, out: int) -> Step:
    def step(v: Views) -> None:
        ufunc(v[a], v[b], out=v[out])

    return step


def _cast(a: int, out: int) -> Step:
    def step(v: Views) -> None:
        np.copyto(v[out], v[a], casting="unsafe")

    return step


def _where(condition: int, a: int, b: int, out: int) -> Step:
    def step(v: Views) -> None:
        # The result may lie where one of the two was, or the condition.
        if out == a:
            np.copyto(v[out], v[b], where=~v[condition])
        else:
            chosen = v[condition].copy() if out == condition else v[condition]
            np.copyto(v[out], v[b])
            np.copyto(v[out], v[a], where=chosen)

    return step


def _function(function: Callable[..., Any], a: int, out: int) -> Step:
    def step(v: Views) -> None:
        # They need their operand to the end.
        if out == a:
            np.copyto(v[out], function(v[a]))
        else:
            function(v[a], out=v[out])

    return step
