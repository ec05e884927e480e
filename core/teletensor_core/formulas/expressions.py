"""What an op's kernel computes for each element, found by running the kernel on symbols instead of arrays.

A kernel that does anything but element-by-element work on its operands raises NotElementwise here and stays as it is.
So there is one definition of an op still, and this is derived from it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from teletensor_core.spec import Shape

# Functions of a namespace that are no ufuncs and work element by element.
FUNCTIONS = frozenset(("erf", "erfc", "sigmoid", "normal_cdf"))
# So many steps one kernel may have.
_MOST_NODES = 64
_NUMBERS = (int, float, complex)


class NotElementwise(Exception):
    """The kernel does something else than computing each element from the same elements of its operands."""


@dataclass(eq=False, slots=True)
class Node:
    """One step: `name` of a ufunc or function on other nodes and numbers; "cast", "where", or "leaf" for an operand."""

    name: str
    operands: tuple[Any, ...]
    dtype: np.dtype[Any]
    shape: Shape


class Symbol:
    """Stands for an array in a kernel. Writing in place gives it another node, as it gives an array other elements."""

    __slots__ = ("node",)
    __array_ufunc__ = None

    def __init__(self, node: Node) -> None:
        self.node = node

    @property
    def dtype(self) -> np.dtype[Any]:
        """The element type."""
        return self.node.dtype

    @property
    def shape(self) -> Shape:
        """The sizes."""
        return self.node.shape

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.node.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.node.shape, dtype=np.int64))

    def astype(self, dtype: Any, copy: bool = True) -> Symbol:
        """Cast, as an array."""
        wanted = np.dtype(dtype)
        return self if wanted == self.dtype and not copy else Symbol(Node("cast", (self.node,), wanted, self.shape))

    def __getattr__(self, name: str) -> Any:
        raise NotElementwise(name)

    def _refuse(self, *args: Any) -> Any:
        raise NotElementwise("not a single value")

    __bool__ = __len__ = __iter__ = __getitem__ = __setitem__ = __float__ = __int__ = __index__ = __array__ = _refuse


_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
}  # fmt: skip
_COMPARISONS = {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
}  # fmt: skip
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "invert"}


def _define_operators() -> None:
    def binary(ufunc: str) -> Callable[[Any, Any], Symbol]:
        return lambda self, other: apply(ufunc, (self, other))

    def reflected(ufunc: str) -> Callable[[Any, Any], Symbol]:
        return lambda self, other: apply(ufunc, (other, self))

    def inplace(ufunc: str) -> Callable[[Any, Any], Symbol]:
        return lambda self, other: apply(ufunc, (self, other), out=self)

    for name, ufunc in _OPERATORS.items():
        setattr(Symbol, f"__{name}__", binary(ufunc))
        setattr(Symbol, f"__r{name}__", reflected(ufunc))
        setattr(Symbol, f"__i{name}__", inplace(ufunc))
    for name, ufunc in _COMPARISONS.items():
        setattr(Symbol, f"__{name}__", binary(ufunc))
    for name, ufunc in _UNARY.items():
        setattr(Symbol, f"__{name}__", lambda self, ufunc=ufunc: apply(ufunc, (self,)))


_define_operators()


def apply(name: str, operands: Sequence[Any], out: Symbol | None = None) -> Symbol:
    """A ufunc on symbols and numbers; with `out`, written into that."""
    ufunc = getattr(np, name)
    # NumPy has some under two names.
    node = Node(ufunc.__name__, _operands(operands), _result(ufunc, operands), _shape(operands))
    if out is None:
        return Symbol(node)
    if out.node.name == "leaf" or out.shape != node.shape:
        raise NotElementwise("an operand is written to")
    if node.dtype != out.dtype:
        if not np.can_cast(node.dtype, out.dtype, "same_kind"):
            raise NotElementwise("a cast that in-place writes refuse")
        node = Node("cast", (node,), out.dtype, node.shape)
    out.node = node
    return out


def _operands(operands: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(x.node if isinstance(x, Symbol) else _number(x) for x in operands)


def _number(x: Any) -> Any:
    if isinstance(x, np.generic) or type(x) in (bool, *_NUMBERS):
        return x
    raise NotElementwise(f"an operand of type {type(x).__name__}")


def _kind(x: Any) -> Any:
    """What NumPy's promotion looks at: a dtype, or the type of a Python number."""
    if type(x) in _NUMBERS:
        return type(x)
    return np.dtype(bool) if type(x) is bool else x.dtype


def _result(ufunc: Any, operands: Sequence[Any]) -> np.dtype[Any]:
    try:
        resolved: np.dtype[Any] = ufunc.resolve_dtypes((*map(_kind, operands), None))[-1]
    except (TypeError, ValueError) as error:
        raise NotElementwise(str(error)) from None
    return resolved


def _shape(operands: Sequence[Any]) -> Shape:
    try:
        return tuple(np.broadcast_shapes(*[x.shape for x in operands if isinstance(x, Symbol)]))
    except ValueError as error:
        raise NotElementwise(str(error)) from None


class SymbolicNamespace:
    """A backend's namespace for kernels that are run on symbols.

    Composites are taken apart where the backend takes them from the common base; its own are its secret.
    """

    elements_at_once = 0
    workspace = 0

    def __init__(self, backend: type, common: type) -> None:
        self._backend = backend
        self._common = common

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name, None)
        if isinstance(found, np.ufunc) and found.nout == 1 and found.signature is None:
            function: Any = self._ufunc(name, found.nin)
        elif name in FUNCTIONS:
            function = self._function(name)
        elif isinstance(found, type) and issubclass(found, np.generic):
            function = found
        elif self._is_common(name):
            function = functools.partial(getattr(self._common, name), self)
        else:
            raise NotElementwise(f"xp.{name}")
        self.__dict__[name] = function
        return function

    def _is_common(self, name: str) -> bool:
        common = vars(self._common).get(name)
        return common is not None and getattr(self._backend, name) is common

    def _ufunc(self, name: str, count: int) -> Callable[..., Symbol]:
        def call(*operands: Any, out: Any = None) -> Symbol:
            if len(operands) != count or not any(isinstance(x, Symbol) for x in operands):
                raise NotElementwise(name)
            if out is not None and not isinstance(out, Symbol):
                raise NotElementwise("an array is written to")
            return apply(name, operands, out)

        return call

    def _function(self, name: str) -> Callable[..., Symbol]:
        def call(x: Symbol) -> Symbol:
            if not isinstance(x, Symbol) or x.dtype.kind != "f":
                raise NotElementwise(name)
            return Symbol(Node(name, (x.node,), x.dtype, x.shape))

        return call

    def where(self, condition: Any, a: Any, b: Any) -> Symbol:
        """One or the other."""
        if not isinstance(condition, Symbol) or condition.dtype != bool:
            raise NotElementwise("where")
        samples = [np.empty(0, x.dtype) if isinstance(x, Symbol) else _number(x) for x in (a, b)]
        dtype = np.where(np.empty(0, bool), *samples).dtype
        return Symbol(Node("where", _operands((condition, a, b)), dtype, _shape((condition, a, b))))

    def empty_like(self, x: Any) -> Symbol:
        """Something to write into."""
        if not isinstance(x, Symbol):
            raise NotElementwise("empty_like")
        return Symbol(Node("empty", (), x.dtype, x.shape))

    def asarray(self, x: Any) -> Any:
        """A symbol is an array already."""
        if not isinstance(x, Symbol):
            raise NotElementwise("asarray")
        return x


def expression(
    xp: Any,
    kernel: Callable[..., Any],
    operands: Sequence[Any],
    attrs: dict[str, Any],
    shape: Shape,
    dtype: np.dtype[Any],
) -> Node:
    """What a kernel computes of leaves and numbers, as a node of this shape and dtype. Raises NotElementwise.

    `xp` is the namespace of the backend that the kernel runs on otherwise.
    """
    symbols = [Symbol(x) if isinstance(x, Node) else x for x in operands]
    try:
        result = kernel(SymbolicNamespace(type(xp), xp.common), *symbols, **attrs)
    except NotElementwise:
        raise
    except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise NotElementwise(f"{type(error).__name__}: {error}") from None
    if not isinstance(result, Symbol) or result.node.name == "leaf":
        raise NotElementwise("nothing is computed")
    node = result.node
    if node.dtype != dtype:
        node = Node("cast", (node,), dtype, node.shape)
    nodes = in_order([node])
    if len(nodes) > _MOST_NODES or any(each.shape != shape for each in nodes if each.name != "leaf"):
        raise NotElementwise("parts of other shapes, or too many")
    if any(each.name == "empty" for each in nodes):
        raise NotElementwise("memory is read that nothing was written to")
    return node


def in_order(roots: Sequence[Node]) -> list[Node]:
    """All nodes under the roots, operands first, each once."""
    found: dict[int, Node] = {}
    stack: list[tuple[Node, bool]] = [(root, False) for root in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if id(node) in found:
            continue
        if ready:
            found[id(node)] = node
            continue
        stack.append((node, True))
        stack.extend((x, False) for x in reversed(node.operands) if isinstance(x, Node))
    return list(found.values())
