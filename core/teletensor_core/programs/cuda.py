"""Element-by-element steps as one CUDA kernel: the source is written here, CuPy adds the loop and compiles it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from teletensor_core.formulas.expressions import Node, in_order
from teletensor_core.kernels.cuda.elementwise import Elementwise

_TYPES = {"bool": "bool", "int32": "int", "int64": "long long", "float32": "float", "float64": "double"}

# C of two operands, which were cast to their common type; and of one.
_ANY = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "negative": "-{0}", "square": "{0} * {0}",
    "maximum": "({0} != {0} || {0} > {1}) ? {0} : {1}", "minimum": "({0} != {0} || {0} < {1}) ? {0} : {1}",
    "absolute": "{0} < 0 ? -{0} : {0}",
}  # fmt: skip
_FLOATING = {
    "divide": "{0} / {1}", "power": "pow({0}, {1})", "reciprocal": "1 / {0}", "absolute": "fabs({0})",
    "sigmoid": "1 / (1 + exp(-{0}))",
} | {
    name: name + "({0})"
    for name in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh", "cosh")
} | {name: name + "({0})" for name in ("tanh", "floor", "ceil", "trunc", "rint", "erf", "erfc")}  # fmt: skip
_COMPARING = {
    "less": "{0} < {1}", "less_equal": "{0} <= {1}", "greater": "{0} > {1}", "greater_equal": "{0} >= {1}",
    "equal": "{0} == {1}", "not_equal": "{0} != {1}", "isnan": "{0} != {0}",
    "logical_and": "{0} != 0 && {1} != 0", "logical_or": "{0} != 0 || {1} != 0", "logical_not": "{0} == 0",
}  # fmt: skip
_BITWISE = {"bitwise_and": "{0} & {1}", "bitwise_or": "{0} | {1}", "bitwise_xor": "{0} ^ {1}"}


def supports(node: Node) -> bool:
    """Whether a step can be written in CUDA C so that it means what NumPy means by it."""
    kinds = [x.dtype for x in (node, *[x for x in node.operands if isinstance(x, Node)])]
    if any(kind.name not in _TYPES for kind in kinds):
        return False
    if any(isinstance(x, complex) or (isinstance(x, np.generic) and x.dtype.kind == "c") for x in node.operands):
        return False
    return node.name in ("leaf", "cast", "where") or _template(node) is not None


def _template(node: Node) -> str | None:
    if node.name in _COMPARING:
        return _COMPARING[node.name]
    if node.name in _BITWISE:
        return _BITWISE[node.name]
    if node.name == "invert":
        return "!{0}" if node.dtype == bool else "~{0}"
    if node.dtype.kind == "f" and node.name in _FLOATING:
        return _FLOATING[node.name]
    return _ANY.get(node.name) if node.dtype.kind in "fi" else None


class CudaChain:
    """Computes nodes from the arrays of leaves, in one launch. Calling it gives the values of `roots`."""

    held = 0

    def __init__(self, leaves: Sequence[Node], roots: Sequence[Node]) -> None:
        self.kernel = kernel_of(leaves, roots)

    def __call__(self, *arrays: Any) -> list[Any]:
        """The values of the roots, in new arrays."""
        made = self.kernel(*arrays)
        return list(made) if isinstance(made, (list, tuple)) else [made]


def kernel_of(leaves: Sequence[Node], roots: Sequence[Node]) -> Elementwise:
    """The kernel's source. Its parameters are `a0`, `a1`, ... for the leaves and `o0`, `o1`, ... for the roots."""
    names = {id(leaf): f"a{i}" for i, leaf in enumerate(leaves)}
    lines = []
    for i, node in enumerate(in_order(roots)):
        if node.name != "leaf":
            lines.append(f"{_TYPES[node.dtype.name]} x{i} = {_value(node, names)};")
            names[id(node)] = f"x{i}"
    lines += [f"o{i} = {names[id(root)]};" for i, root in enumerate(roots)]
    body = "\n".join(lines)
    inputs = ", ".join(f"{leaf.dtype.name} a{i}" for i, leaf in enumerate(leaves))
    outputs = ", ".join(f"{root.dtype.name} o{i}" for i, root in enumerate(roots))
    digest = hashlib.sha256(f"{inputs};{outputs};{body}".encode()).hexdigest()[:16]
    return Elementwise(f"chain_{digest}", inputs, outputs, body)


def _value(node: Node, names: dict[int, str]) -> str:
    if node.name == "cast":
        return _cast(names[id(node.operands[0])], node.operands[0].dtype, node.dtype)
    if node.name == "where":
        condition, a, b = node.operands
        return f"{names[id(condition)]} ? {_operand(a, node.dtype, names)} : {_operand(b, node.dtype, names)}"
    template = _template(node)
    assert template is not None, "asked before"
    common = _common(node)
    return template.format(*[f"({_operand(x, common, names)})" for x in node.operands])


def _common(node: Node) -> np.dtype[Any]:
    """The type that a step's operands are cast to before it."""
    if node.name not in _COMPARING:
        return node.dtype
    return np.result_type(*[x.dtype if isinstance(x, Node) else x for x in node.operands])


def _operand(x: Any, wanted: np.dtype[Any], names: dict[int, str]) -> str:
    if isinstance(x, Node):
        return _cast(names[id(x)], x.dtype, wanted)
    value = wanted.type(x)
    if wanted.kind == "b":
        return "true" if value else "false"
    if wanted.kind in "iu":
        return f"({_TYPES[wanted.name]}){int(value)}LL"
    number = float(value)
    if number != number or number in (float("inf"), -float("inf")):
        text = "0.0 / 0.0" if number != number else "1.0 / 0.0" if number > 0 else "-1.0 / 0.0"
        return f"({_TYPES[wanted.name]})({text})"
    return f"({_TYPES[wanted.name]}){number!r}"


def _cast(name: str, have: np.dtype[Any], wanted: np.dtype[Any]) -> str:
    if have == wanted:
        return name
    return f"{name} != 0" if wanted.kind == "b" else f"({_TYPES[wanted.name]}){name}"
