"""Element-by-element steps as a loop in LLVM's assembly language."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from teletensor_core.formulas.expressions import Node

# Where an ndarray object keeps the address of its elements: right after what every Python object begins with.
DATA_OFFSET = object.__basicsize__

_FLOATING = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
_INTEGER = {"add": "add", "subtract": "sub", "multiply": "mul"}
_BITWISE = {"bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor"}
_LOGICAL = {"logical_and": "and", "logical_or": "or", "logical_xor": "xor"}
_INTRINSICS = {
    "absolute": "fabs", "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "rint",
    "copysign": "copysign",
}  # fmt: skip
_COMPARING = {
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
}  # fmt: skip
_CHOOSING = {"maximum": "gt", "minimum": "lt"}
_ANY_NUMBER = frozenset((*_INTEGER, *_CHOOSING, "negative", "square", "absolute"))
_ANY_FLOAT = frozenset((*_FLOATING, *_INTRINSICS, "reciprocal"))


def _type(dtype: np.dtype[Any]) -> str:
    """The type of a value in a register."""
    if dtype.kind == "f":
        return {4: "float", 8: "double"}[dtype.itemsize]
    return "i1" if dtype.kind == "b" else f"i{8 * dtype.itemsize}"


def _stored(dtype: np.dtype[Any]) -> str:
    """The type of a value in memory."""
    return "i8" if dtype.kind == "b" else _type(dtype)


def _plain(dtype: np.dtype[Any]) -> bool:
    return dtype.isbuiltin == 1 and (dtype.kind in "biu" or dtype in (np.float32, np.float64))


def supports(node: Node) -> bool:
    """Whether a step means here, bit for bit, what it means to NumPy."""
    operands = [x for x in node.operands if isinstance(x, Node)]
    if not all(_plain(x.dtype) for x in (node, *operands)):
        return False
    return _known(node, operands) and all(_fits(x, _wanted(node)) for x in node.operands if not isinstance(x, Node))


def _known(node: Node, operands: list[Node]) -> bool:
    name, kind = node.name, node.dtype.kind
    if name == "cast":
        # What C leaves open of numbers that do not fit is the processor's business.
        return not (operands[0].dtype.kind == "f" and kind in "iu")
    if name == "isnan":
        return operands[0].dtype.kind == "f"
    if name in _COMPARING:
        return _wanted(node) is not None
    if name in _BITWISE or name == "invert":
        return kind in "biu"
    if name in ("leaf", "where", "logical_not", *_LOGICAL):
        return True
    return (kind in "fiu" and name in _ANY_NUMBER) or (kind == "f" and name in _ANY_FLOAT)


def _wanted(node: Node) -> np.dtype[Any] | None:
    """The type that a step's operands are cast to before it; None where NumPy has no one type for both."""
    if node.name in _LOGICAL or node.name == "logical_not":
        return np.dtype(bool)
    if node.name not in _COMPARING:
        return node.dtype
    kinds = [x.dtype if isinstance(x, (Node, np.generic)) else type(x) for x in node.operands]
    ufunc = getattr(np, node.name)
    a, b, _ = ufunc.resolve_dtypes((*[np.dtype(bool) if kind is bool else kind for kind in kinds], None))
    return a if a == b and _plain(a) else None


def _fits(x: Any, wanted: np.dtype[Any] | None) -> bool:
    """Whether a number can be written down as one of this type."""
    if wanted is None or isinstance(x, complex) or (isinstance(x, np.generic) and not _plain(x.dtype)):
        return False
    try:
        wanted.type(x)
    except (OverflowError, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Parameter:
    """An array of the loop, whose place in it is (row, column): which of the two lead to an element.

    `read` is the leaf whose elements are taken from it, `written` the node whose values are put there.
    """

    dtype: np.dtype[Any]
    by_row: bool
    by_column: bool
    read: Node | None = None
    written: Node | None = None


def loop(parameters: Sequence[Parameter], steps: Sequence[Node]) -> str:
    """The source of `run(rows, columns, arrays ...)`, which takes `steps` in this order for each element.

    The arrays are NumPy's, dense, and no two share memory.
    """
    return _Writer(parameters, steps).text()


class _Writer:
    def __init__(self, parameters: Sequence[Parameter], steps: Sequence[Node]) -> None:
        self.parameters = parameters
        self.steps = steps
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.names: dict[int, str] = {}
        self._count = 0

    def text(self) -> str:
        body = self._body()
        arrays = ", ".join(f"ptr noalias %a{i}" for i in range(len(self.parameters)))
        return "\n".join(
            [
                *sorted(self.declared),
                f"define internal void @loop(i64 %rows, i64 %columns, {arrays}) noinline {{",
                *body,
                "}",
                *self._entry(),
            ]
        )

    def _entry(self) -> list[str]:
        """What Python calls: takes the addresses out of the objects."""
        count = range(len(self.parameters))
        lines = [f"define void @run(i64 %rows, i64 %columns, {', '.join(f'ptr %o{i}' for i in count)}) {{"]
        for i in count:
            lines.append(f"%f{i} = getelementptr i8, ptr %o{i}, i64 {DATA_OFFSET}")
            lines.append(f"%a{i} = load ptr, ptr %f{i}")
        arrays = ", ".join(f"ptr %a{i}" for i in count)
        return [*lines, f"call void @loop(i64 %rows, i64 %columns, {arrays})", "ret void", "}"]

    def _body(self) -> list[str]:
        once = self._loads(lambda p: not p.by_row and not p.by_column, "0")
        row = self._loads(lambda p: p.by_row and not p.by_column, "%r")
        inner = [*self._loads(lambda p: p.by_column and not p.by_row, "%c"), "%at = add i64 %base, %c"]
        inner += self._loads(lambda p: p.by_row and p.by_column, "%at")
        for node in self.steps:
            self.names[id(node)] = self._step(node)
        inner += self._taken()
        for i, parameter in enumerate(self.parameters):
            if parameter.written is not None:
                inner += self._store(i, parameter)
        return [
            "entry:", *once, "%some_rows = icmp sgt i64 %rows, 0", "%some_columns = icmp sgt i64 %columns, 0",
            "%some = and i1 %some_rows, %some_columns", "br i1 %some, label %outer, label %done",
            "outer:", "%r = phi i64 [0, %entry], [%next_r, %end]", "%base = mul i64 %r, %columns", *row,
            "br label %inner",
            "inner:", "%c = phi i64 [0, %outer], [%next_c, %inner]", *inner, "%next_c = add nuw nsw i64 %c, 1",
            "%more_c = icmp slt i64 %next_c, %columns", "br i1 %more_c, label %inner, label %end",
            "end:", "%next_r = add nuw nsw i64 %r, 1", "%more_r = icmp slt i64 %next_r, %rows",
            "br i1 %more_r, label %outer, label %done",
            "done:", "ret void",
        ]  # fmt: skip

    def _taken(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines

    def _new(self, text: str) -> str:
        name = f"%x{self._count}"
        self._count += 1
        self.lines.append(f"{name} = {text}")
        return name

    def _loads(self, which: Any, at: str) -> list[str]:
        for i, parameter in enumerate(self.parameters):
            if parameter.read is None or not which(parameter):
                continue
            kind = _stored(parameter.dtype)
            place = self._new(f"getelementptr {kind}, ptr %a{i}, i64 {at}")
            value = self._new(f"load {kind}, ptr {place}, align 1")
            self.names[id(parameter.read)] = (
                self._new(f"icmp ne i8 {value}, 0") if parameter.dtype.kind == "b" else value
            )
        return self._taken()

    def _store(self, i: int, parameter: Parameter) -> list[str]:
        value, kind = self.names[id(parameter.written)], _stored(parameter.dtype)
        if parameter.dtype.kind == "b":
            value = self._new(f"zext i1 {value} to i8")
        place = self._new(f"getelementptr {kind}, ptr %a{i}, i64 %at")
        self.lines.append(f"store {kind} {value}, ptr {place}, align 1")
        return self._taken()

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _step(self, node: Node) -> str:
        name, dtype = node.name, node.dtype
        kind, floating = _type(dtype), dtype.kind == "f"
        if name == "cast":
            return self._operand(node.operands[0], dtype)
        if name == "where":
            condition, a, b = node.operands
            chosen = self._operand(condition, np.dtype(bool))
            return self._new(f"select i1 {chosen}, {kind} {self._operand(a, dtype)}, {kind} {self._operand(b, dtype)}")
        if name in _LOGICAL or name == "logical_not":
            bools = [self._operand(x, np.dtype(bool)) for x in node.operands]
            return self._new(f"{_LOGICAL.get(name, 'xor')} i1 {bools[0]}, {bools[1] if name in _LOGICAL else 'true'}")
        if name == "isnan":
            (x,) = node.operands
            value = self.names[id(x)]
            return self._new(f"fcmp uno {_type(x.dtype)} {value}, {value}")
        common = _wanted(node)
        assert common is not None, "asked before"
        operands = [self._operand(x, common) for x in node.operands]
        if name in _COMPARING:
            return self._compared(_COMPARING[name], common, *operands)
        if name in _CHOOSING:
            return self._chosen(_CHOOSING[name], dtype, *operands)
        if name in _BITWISE:
            return self._new(f"{_BITWISE[name]} {kind} {', '.join(operands)}")
        if name == "invert":
            return self._new(f"xor {kind} {operands[0]}, {'true' if dtype.kind == 'b' else -1}")
        if floating and name in _INTRINSICS:
            return self._intrinsic(_INTRINSICS[name], dtype, operands)
        return self._arithmetic(name, dtype, operands)

    def _arithmetic(self, name: str, dtype: np.dtype[Any], operands: list[str]) -> str:
        kind, floating = _type(dtype), dtype.kind == "f"
        codes = _FLOATING if floating else _INTEGER
        x = operands[0]
        match name:
            case "square":
                return self._new(f"{codes['multiply']} {kind} {x}, {x}")
            case "negative":
                return self._new(f"fneg {kind} {x}" if floating else f"sub {kind} 0, {x}")
            case "reciprocal":
                return self._new(f"fdiv {kind} {_constant(1, dtype)}, {x}")
            case "absolute":
                if dtype.kind == "u":
                    return x
                below = self._new(f"icmp slt {kind} {x}, 0")
                opposite = self._new(f"sub {kind} 0, {x}")
                return self._new(f"select i1 {below}, {kind} {opposite}, {kind} {x}")
            case _:
                return self._new(f"{codes[name]} {kind} {', '.join(operands)}")

    def _compared(self, how: str, common: np.dtype[Any], a: str, b: str) -> str:
        kind = _type(common)
        if common.kind == "f":
            return self._new(f"fcmp {'une' if how == 'ne' else 'o' + how} {kind} {a}, {b}")
        sign = "" if how in ("eq", "ne") else "s" if common.kind == "i" else "u"
        return self._new(f"icmp {sign}{how} {kind} {a}, {b}")

    def _chosen(self, how: str, dtype: np.dtype[Any], a: str, b: str) -> str:
        """The first where it is greater (less) or no number, as NumPy chooses; of equal zeros the second."""
        kind = _type(dtype)
        first = self._compared(how, dtype, a, b)
        if dtype.kind == "f":
            unknown = self._new(f"fcmp uno {kind} {a}, {a}")
            first = self._new(f"or i1 {first}, {unknown}")
        return self._new(f"select i1 {first}, {kind} {a}, {kind} {b}")

    def _intrinsic(self, name: str, dtype: np.dtype[Any], operands: list[str]) -> str:
        kind = _type(dtype)
        function = f"@llvm.{name}.f{8 * dtype.itemsize}"
        self.declared.add(f"declare {kind} {function}({', '.join(kind for _ in operands)})")
        return self._new(f"call {kind} {function}({', '.join(f'{kind} {x}' for x in operands)})")

    def _operand(self, x: Any, wanted: np.dtype[Any]) -> str:
        if not isinstance(x, Node):
            return _constant(x, wanted)
        name, have = self.names[id(x)], x.dtype
        if have == wanted:
            return name
        source, target = _type(have), _type(wanted)
        if wanted.kind == "b":
            return self._new(f"fcmp une {source} {name}, 0.0" if have.kind == "f" else f"icmp ne {source} {name}, 0")
        if wanted.kind == "f":
            if have.kind == "f":
                how = "fpext" if wanted.itemsize > have.itemsize else "fptrunc"
            else:
                how = "sitofp" if have.kind == "i" else "uitofp"
            return self._new(f"{how} {source} {name} to {target}")
        if source == target:
            return name
        if have.kind == "b" or wanted.itemsize > have.itemsize:
            return self._new(f"{'sext' if have.kind == 'i' else 'zext'} {source} {name} to {target}")
        return self._new(f"trunc {source} {name} to {target}")


def _constant(x: Any, wanted: np.dtype[Any]) -> str:
    value = wanted.type(x)
    if wanted.kind == "b":
        return "true" if value else "false"
    if wanted.kind == "f":
        return "0x" + struct.pack(">d", float(value)).hex().upper()
    return str(int(value))
