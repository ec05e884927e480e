"""Joins element-by-element steps into chains, each of which is one instruction.

Instructions are taken in order. One that works element by element joins the open chain of its shape that it depends
on, or begins one; a chain is closed, and placed, before the first instruction that reads its results from outside
or writes to its operands. What is costly to compute and was computed by an earlier chain is taken from there.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from teletensor_core.backends import Backend
from teletensor_core.engine.arrays import number
from teletensor_core.formulas.expressions import Node, NotElementwise, expression, in_order
from teletensor_core.programs import cuda
from teletensor_core.programs.chains import Chain
from teletensor_core.programs.code import Argument, Number
from teletensor_core.programs.layout import is_column, is_row
from teletensor_core.programs.passes import Straight, read_by
from teletensor_core.programs.trace import Instruction

# Steps that a chain gains nothing from, and elements from which on it always does.
FEW_STEPS = 6
_MANY_ELEMENTS = 4096
_COSTLY = frozenset(
    ("erf", "erfc", "sigmoid", "normal_cdf", "exp", "expm1", "log", "log1p", "tanh", "power", "sin", "cos")
)


@dataclass(eq=False)
class _Group:
    """A chain in the making: its instructions, and the node of each result by slot."""

    shape: tuple[int, ...]
    instructions: list[Instruction] = field(default_factory=list)
    results: dict[int, Node] = field(default_factory=dict)
    leaves: dict[int, int] = field(default_factory=dict)
    extra: dict[int, Node] = field(default_factory=dict)
    nodes: dict[int, Node] = field(default_factory=dict)


@dataclass(frozen=True)
class Compiler:
    """How a backend runs chains: `make(leaves, roots)` gives a function of the leaves' arrays.

    `xp` is its namespace. `supports` says whether a step can be part of one. A chain takes in no more once it has
    `most` steps; one of less than `few` is not worth it for a few elements.
    """

    xp: Any
    make: Callable[[Sequence[Node], Sequence[Node]], Any]
    supports: Callable[[Node], bool]
    most: int
    few: int


def chain_compiler(backend: Backend) -> Compiler | None:
    """How chains are run on a backend; None when they are not."""
    if backend.name == "numpy":
        return Compiler(backend.xp, functools.partial(Chain, backend.xp), lambda node: True, 96, FEW_STEPS)
    if backend.name == "cupy":
        # A kernel's parameters have to fit into 4 KiB. A launch less is a gain, however few elements there are.
        return Compiler(backend.xp, cuda.CudaChain, cuda.supports, 20, 2)
    return None


def fuse(straight: Straight, compiler: Compiler) -> None:
    """Replace element-by-element steps by chains that `compiler` makes."""
    straight.instructions = _Fusion(straight, compiler).run()


class _Fusion:
    def __init__(self, straight: Straight, compiler: Compiler) -> None:
        self.straight = straight
        self.compiler = compiler
        self.arrays = straight.trace.arrays
        self.open: list[_Group] = []
        self.placed: list[Instruction | _Group] = []
        self.readers: dict[int, list[Instruction]] = {}
        self.writes: dict[int, int] = {}
        # Equal nodes have one number; who computed it, and which leaf it is of which slot.
        self.numbers: dict[Any, int] = {}
        self.number_of: dict[int, int] = {}
        self.computed: dict[int, tuple[Node, _Group]] = {}
        self.leaf_slots: dict[int, int] = {}
        self._kept: list[Node] = []
        for step in straight.instructions:
            for slot in read_by(step):
                self.readers.setdefault(slot, []).append(step)

    def run(self) -> list[Instruction]:
        for step in self.straight.instructions:
            if not self._join(step):
                self._close_for(step)
                self.placed.append(step)
        for group in list(self.open):
            self._close(group)
        return [each for part in self.placed for each in self._finished(part)]

    def _close(self, group: _Group) -> None:
        self.open.remove(group)
        self.placed.append(group)

    def _close_for(self, step: Instruction) -> None:
        """Place the chains whose results a step reads, or whose operands it writes to."""
        read = set(read_by(step))
        written = self.straight.roots(step.writes)
        for group in list(self.open):
            if not read.isdisjoint(group.results) or not written.isdisjoint(self.straight.roots(group.leaves)):
                self._close(group)
        for root in written:
            self.writes[root] = self.writes.get(root, 0) + 1

    # -- joining -----------------------------------------------------------------------------------------------------

    def _join(self, step: Instruction) -> bool:
        """Take a step into a chain, if it is of that kind."""
        if step.op is None or step.writes or step.multiple or len(step.outs) != 1 or step.outs[0] is None:
            return False
        out = step.outs[0]
        shape = tuple(self.arrays[out].shape)
        sources = [g for g in self.open if not set(read_by(step)).isdisjoint(g.results)]
        for group in [g for g in sources if g.shape != shape]:
            sources.remove(group)
            self._close(group)
        try:
            node = self._node(step, out, shape, sources)
        except NotElementwise:
            return False
        group = self._merged(sources, shape)
        if len(group.nodes) >= self.compiler.most and group.instructions:
            self._close(group)
            return self._join(step)
        known = self._known(node, group)
        if known.name == "leaf" or any(known is other for other in group.results.values()):
            # Every result has memory of its own.
            known = Node("cast", (known,), known.dtype, known.shape)
        group.results[out] = known
        group.instructions.append(step)
        return True

    def _merged(self, sources: list[_Group], shape: tuple[int, ...]) -> _Group:
        if not sources:
            self.open.append(_Group(shape))
            return self.open[-1]
        first, *others = sources
        for other in others:
            self.open.remove(other)
            for name in ("results", "leaves", "nodes"):
                getattr(first, name).update(getattr(other, name))
            first.instructions.extend(other.instructions)
            self.computed = {n: (node, first if g is other else g) for n, (node, g) in self.computed.items()}
        return first

    def _node(self, step: Instruction, out: int, shape: tuple[int, ...], sources: list[_Group]) -> Node:
        operands = []
        for i, x in enumerate(step.operands):
            cast = None if step.casts is None else step.casts[i]
            if isinstance(x, int):
                node = next((g.results[x] for g in sources if x in g.results), None) or self._leaf(x, shape)
                operands.append(node if cast is None else Node("cast", (node,), np.dtype(cast), node.shape))
            elif isinstance(x, Number):
                operands.append(x.value if cast is None else number(x.value, cast))
            else:
                assert isinstance(x, (Argument, tuple))
                raise NotElementwise("an operand that is no array and no fixed number")
        assert step.op is not None
        node = expression(self.compiler.xp, step.op.kernel, operands, step.attrs, shape, self.arrays[out].dtype)
        if not all(map(self.compiler.supports, in_order([node]))):
            raise NotElementwise("a step that the backend cannot have in a chain")
        return node

    def _leaf(self, slot: int, shape: tuple[int, ...]) -> Node:
        array = self.arrays[slot]
        mine = tuple(array.shape)
        fits = mine == shape or math.prod(mine) == 1 or is_column(mine, shape) or is_row(mine, shape)
        if not fits or not array.flags.c_contiguous:
            raise NotElementwise("an operand of another layout")
        node = Node("leaf", (), array.dtype, mine)
        self._kept.append(node)
        root = self.straight.root(slot)
        self._number(node, ("leaf", slot, self.writes.get(root, 0)))
        self.leaf_slots[id(node)] = slot
        return node

    # -- equal nodes -------------------------------------------------------------------------------------------------

    def _number(self, node: Node, key: Any) -> int:
        found = self.numbers.setdefault(key, len(self.numbers))
        self.number_of[id(node)] = found
        return found

    def _known(self, root: Node, group: _Group) -> Node:
        """A node with its parts replaced by equal ones of the group, and by results of earlier chains."""
        new: dict[int, Node] = {}
        for node in in_order([root]):
            if node.name == "leaf":
                new[id(node)] = self._taken(self.leaf_slots[id(node)], node, group)
                continue
            parts = tuple(new[id(x)] if isinstance(x, Node) else x for x in node.operands)
            keys = tuple(self.number_of[id(x)] if isinstance(x, Node) else (type(x), repr(x)) for x in parts)
            made = Node(node.name, parts, node.dtype, node.shape)
            self._kept.append(made)
            value = self._number(made, (node.name, keys, node.dtype, node.shape))
            new[id(node)] = self._replaced(made, value, group)
        return new[id(root)]

    def _taken(self, slot: int, leaf: Node, group: _Group) -> Node:
        """The group's own leaf of a slot."""
        value = self.number_of[id(leaf)]
        known = group.nodes.setdefault(value, leaf)
        group.leaves[slot] = value
        return known

    def _replaced(self, made: Node, value: int, group: _Group) -> Node:
        if value in group.nodes:
            return group.nodes[value]
        before, owner = self.computed.get(value, (None, group))
        if before is not None and owner is not group and owner not in self.open and made.name in _COSTLY:
            if value not in owner.extra:
                owner.extra[value] = before
                self.leaf_slots[id(before)] = self._slot_of(before, owner)
            slot = self.leaf_slots[id(before)]
            leaf = Node("leaf", (), made.dtype, made.shape)
            self._kept.append(leaf)
            self.leaf_slots[id(leaf)] = slot
            self.number_of[id(leaf)] = value
            group.nodes[value] = leaf
            group.leaves[slot] = value
            return leaf
        group.nodes[value] = made
        self.computed[value] = made, group
        return made

    def _slot_of(self, node: Node, owner: _Group) -> int:
        """The slot of a result of an earlier chain, or a new one for what it gives besides its results."""
        for slot, result in owner.results.items():
            if result is node and not self.writes.get(self.straight.root(slot)):
                return slot
        slot = len(self.arrays)
        self.arrays.append(np.broadcast_to(np.empty((), node.dtype), node.shape))
        self.straight.trace.roots.append(slot)
        self.straight.memory.append(slot)
        return slot

    # -- the end -----------------------------------------------------------------------------------------------------

    def _finished(self, part: Instruction | _Group) -> list[Instruction]:
        if isinstance(part, Instruction):
            return [part]
        mine = {id(step) for step in part.instructions}
        roots: dict[int, Node] = {}
        for slot, node in part.results.items():
            outside = any(id(reader) not in mine for reader in self.readers.get(slot, ()))
            if outside or slot in self.straight.outputs:
                roots[slot] = node
        extra = {self.leaf_slots[id(node)]: node for node in part.extra.values()}
        wanted = in_order([*roots.values(), *extra.values()])
        steps = sum(node.name != "leaf" for node in wanted)
        few = steps < self.compiler.few and math.prod(part.shape) < _MANY_ELEMENTS
        if not extra and (steps < 2 or few):
            return part.instructions
        distinct = {id(node): slot for slot, node in {**roots, **extra}.items()}
        assert len(distinct) == len({**roots, **extra}), "one slot for each root"
        return [self._instruction(part, {**roots, **extra}, wanted)]

    def _instruction(self, part: _Group, roots: dict[int, Node], wanted: list[Node]) -> Instruction:
        leaves = [node for node in wanted if node.name == "leaf"]
        slots = tuple(self.leaf_slots[id(leaf)] for leaf in leaves)
        function = self.compiler.make(leaves, list(roots.values()))
        self.straight.scratch += function.held
        command = part.instructions[-1].command
        return Instruction(function, slots, {}, tuple(roots), command, multiple=True, bare=True)
