"""Python's operators on tensors. Operands of other types get their chance through NotImplemented."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teletensor import factories, functions, indexing, ops
from teletensor.tensor import Tensor
from teletensor.types import Operand

_BINARY: dict[str, Callable[[Any, Any], Tensor]] = {
    "add": ops.add, "sub": ops.sub, "mul": ops.mul, "truediv": ops.div, "floordiv": ops.floor_divide,
    "mod": ops.remainder,
    "pow": ops.pow, "matmul": functions.matmul, "and": ops.bitwise_and, "or": ops.bitwise_or, "xor": ops.bitwise_xor,
    "lshift": ops.bitwise_left_shift, "rshift": ops.bitwise_right_shift,
}  # fmt: skip
_INPLACE: dict[str, Callable[[Any, Any], Tensor]] = {
    "add": ops.add_, "sub": ops.sub_, "mul": ops.mul_, "truediv": ops.div_, "floordiv": ops.floor_divide_,
    "mod": ops.remainder_, "pow": ops.pow_, "and": ops.bitwise_and_, "or": ops.bitwise_or_, "xor": ops.bitwise_xor_,
    "lshift": ops.bitwise_left_shift_, "rshift": ops.bitwise_right_shift_,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[[Any, Any], Tensor]] = {
    "eq": ops.eq, "ne": ops.ne, "lt": ops.lt, "le": ops.le, "gt": ops.gt, "ge": ops.ge,
}  # fmt: skip
_NUMBERS = (Tensor, int, float, complex, np.number, np.bool_)


def methods() -> dict[str, Callable[..., Any]]:
    """The special methods by name."""
    found: dict[str, Callable[..., Any]] = {
        "__neg__": ops.neg,
        "__pos__": functions.positive,
        "__abs__": ops.abs,
        "__invert__": ops.bitwise_not,
        "__getitem__": indexing.get,
        "__setitem__": indexing.put,
    }
    for name, function in {**_BINARY, **_COMPARISONS}.items():
        found[f"__{name}__"] = _operator(f"__{name}__", function)
    for name, function in _BINARY.items():
        found[f"__r{name}__"] = _operator(f"__r{name}__", function, reflected=True)
    for name, function in _INPLACE.items():
        found[f"__i{name}__"] = _operator(f"__i{name}__", function)
    return found


def _operator(name: str, function: Callable[[Any, Any], Tensor], *, reflected: bool = False) -> Callable[..., Tensor]:
    def forward(self: Tensor, other: Operand) -> Tensor:
        if type(other) is Tensor:
            return function(self, other)
        operand = _operand(other, self)
        return operand if operand is NotImplemented else function(self, operand)

    def backward(self: Tensor, other: Operand) -> Tensor:
        operand = _operand(other, self)
        return operand if operand is NotImplemented else function(operand, self)

    made = backward if reflected else forward
    made.__name__ = made.__qualname__ = name
    made.__doc__ = function.__doc__
    return made


def _operand(x: Any, like: Tensor) -> Any:
    """What an op takes for the other side of an operator; NotImplemented for what no op takes."""
    if isinstance(x, _NUMBERS):
        return x
    return factories.tensor(x, device=like.device) if isinstance(x, np.ndarray) else NotImplemented
