"""Python's operators on tensors. Operands of other types get their chance through NotImplemented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from teletensor_core.dtypes import INTEGER
from teletensor_core.errors import ArgumentTypeError
from teletensor_core.registry import OPS, Op

from teletensor import factories, functions, indexing, intercepting, ops, torch_function
from teletensor.dispatch import apply, apply_pair
from teletensor.graph import rename
from teletensor.tensor import Tensor
from teletensor.types import Operand

_BINARY = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift",
}  # fmt: skip
_INPLACE: dict[str, Callable[[Any, Any], Tensor]] = {
    "add": ops.add_, "sub": ops.sub_, "mul": ops.mul_, "truediv": ops.div_, "floordiv": ops.floor_divide_,
    "mod": ops.remainder_, "pow": ops.pow_, "and": ops.bitwise_and_, "or": ops.bitwise_or_, "xor": ops.bitwise_xor_,
    "lshift": ops.bitwise_left_shift_, "rshift": ops.bitwise_right_shift_,
}  # fmt: skip
# What PyTorch calls the node of a number on the left: 2 - x, 1 / x, 2 ** x.
_REFLECTED_TITLES = {"sub": "RsubBackward1", "truediv": "MulBackward0", "pow": "PowBackward2"}
_COMPARISONS = {name: name for name in ("eq", "ne", "lt", "le", "gt", "ge")}
_OPERANDS = (Tensor, int, float, complex, np.number, np.bool_)
_FREQUENT = frozenset((int, float))


def methods() -> dict[str, Callable[..., Any]]:
    """The special methods by name."""
    found: dict[str, Callable[..., Any]] = {
        "__neg__": ops.neg,
        "__pos__": functions.positive,
        "__abs__": ops.abs,
        "__invert__": _invert,
        "__getitem__": indexing.get,
        "__setitem__": indexing.put,
    }
    for name, op in {**_BINARY, **_COMPARISONS}.items():
        found[f"__{name}__"] = _named(f"__{name}__", getattr(ops, op), _forward(f"__{name}__", OPS[op]))
    for name, op in _BINARY.items():
        found[f"__r{name}__"] = _named(
            f"__r{name}__", getattr(ops, op), _reflected(f"__r{name}__", getattr(ops, op), _REFLECTED_TITLES.get(name))
        )
    for name, function in _INPLACE.items():
        found[f"__i{name}__"] = _named(f"__i{name}__", function, _calling(f"__i{name}__", function))
    found["__matmul__"] = _named("__matmul__", functions.matmul, _matmul)
    found["__rmatmul__"] = _named("__rmatmul__", functions.matmul, _reflected("__rmatmul__", functions.matmul))
    found["__rdiv__"] = found["__rtruediv__"]
    return found


def binary() -> frozenset[str]:
    """The special methods of operators between two operands, and of comparisons."""
    names = (*_BINARY, "matmul")
    return frozenset((
        *(f"__{way}{name}__" for name in names for way in ("", "r", "i")), *(f"__{name}__" for name in _COMPARISONS),
    ))  # fmt: skip


def _invert(self: Tensor) -> Tensor:
    """Every bit flipped; of bools the negation."""
    if self.dtype.category > INTEGER:
        raise ArgumentTypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors, "
            f"not on those of {self.dtype.title}"
        )
    return ops.bitwise_not(self)


def _matmul(self: Tensor, other: Operand) -> Tensor:
    return functions.matmul(self, other) if isinstance(other, Tensor) else _unanswered("__matmul__", self, other)


def _unanswered(name: str, self: Tensor, other: Any) -> Any:
    """NotImplemented; or, of the first operand to be seen with a `__torch_function__`, what that says."""
    if not torch_function.overrides(type(other)) or not torch_function.state.subclasses:
        return NotImplemented
    intercepting.install()
    return getattr(Tensor, name)(self, other)


def _forward(name: str, op: Op) -> Callable[..., Any]:
    """An op between two operands, called without a way round by its function: nothing is called more often."""
    attrs = tuple(op.attrs.values())

    def call(self: Tensor, other: Operand) -> Tensor:
        if type(other) is Tensor:
            return apply_pair(op, self, other, attrs)
        if type(other) in _FREQUENT:
            return apply(op, (self, other), attrs)
        operand = _operand(other, self)
        return _unanswered(name, self, other) if operand is NotImplemented else apply(op, (self, operand), attrs)

    return call


def _calling(name: str, function: Callable[[Any, Any], Tensor]) -> Callable[..., Any]:
    def call(self: Tensor, other: Operand) -> Tensor:
        operand = _operand(other, self)
        return _unanswered(name, self, other) if operand is NotImplemented else function(self, operand)

    return call


def _reflected(name: str, function: Callable[[Any, Any], Tensor], title: str | None = None) -> Callable[..., Any]:
    def call(self: Tensor, other: Operand) -> Tensor:
        operand = _operand(other, self)
        if operand is NotImplemented:
            return _unanswered(name, self, other)  # type: ignore[no-any-return]
        made = function(operand, self)
        if title is not None and made._node is not None:
            rename(made._node, title)
        return made

    return call


def _named(name: str, function: Callable[..., Any], made: Callable[..., Any]) -> Callable[..., Any]:
    made.__name__ = made.__qualname__ = name
    made.__doc__ = function.__doc__
    return made


def _operand(x: Any, like: Tensor) -> Any:
    """What an op takes for the other side of an operator; NotImplemented for what no op takes."""
    if isinstance(x, _OPERANDS):
        return x
    return factories.tensor(x, device=like.device) if isinstance(x, np.ndarray) else NotImplemented
