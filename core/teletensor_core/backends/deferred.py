"""Numbers that change from run to run, for kernels that a CUDA graph launches: kept on the device, and set before it.

A graph's kernels have their arguments from when it was captured. A kernel that takes a deferred number reads it from
memory instead; what Python computes from arguments before it calls a kernel is kept as a formula, and computed anew.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from teletensor_core.backends.capture import NotCapturableError

_Formula = tuple[Any, ...]
_OPERATORS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv}
_OPERATORS |= {"pow": operator.pow}


class Deferred:
    """A number whose value is not known yet: arithmetic gives another, all else raises NotCapturableError."""

    __slots__ = ("formula", "place")
    __array_ufunc__ = None
    # CuPy's arrays ask for it, and leave the operation to the operand that has more.
    __array_priority__ = 1e6

    def __init__(self, formula: _Formula, place: Callable[[_Formula], Any]) -> None:
        self.formula = formula
        self.place = place

    def _refuse(self, *others: Any) -> Any:
        raise NotCapturableError("a number that changes from run to run is an argument of a kernel")

    __bool__ = __float__ = __int__ = __index__ = __complex__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = object.__hash__


def on_device(x: Any) -> Any:
    """For a deferred number, a float64 array of no dimensions that has its value when a graph's kernel reads it."""
    return x.place(("float64", x.formula)) if isinstance(x, Deferred) else x


def words(*numbers: Any) -> tuple[bool, list[Any]]:
    """Integers modulo two to the 64th; and, if one is deferred, whether they are all arrays of one such element."""
    places = [x.place for x in numbers if isinstance(x, Deferred)]
    if not places:
        return False, [np.uint64(x % (1 << 64)) for x in numbers]
    return True, [places[0](("uint64", _part(x))) for x in numbers]


def _part(x: Any) -> Any:
    if isinstance(x, Deferred):
        return x.formula
    if type(x) in (bool, int, float):
        return x
    raise NotCapturableError("a number that changes from run to run is computed with an array")


def _define_operators() -> None:
    def forward(name: str) -> Callable[[Deferred, Any], Deferred]:
        return lambda self, other: Deferred((name, self.formula, _part(other)), self.place)

    def reflected(name: str) -> Callable[[Deferred, Any], Deferred]:
        return lambda self, other: Deferred((name, _part(other), self.formula), self.place)

    for name in _OPERATORS:
        setattr(Deferred, f"__{name}__", forward(name))
        setattr(Deferred, f"__r{name}__", reflected(name))


_define_operators()


def argument(index: int, place: Callable[[_Formula], Any]) -> Deferred:
    """The `index`-th argument of a run."""
    return Deferred(("argument", index), place)


def evaluated(formula: Any, arguments: Sequence[Any]) -> Any:
    """What a formula gives for these arguments: the very numbers that Python would have computed.

    Of "float64" and "uint64", which are what kernels read, the bits as an integer.
    """
    if not isinstance(formula, tuple):
        return formula
    name, *parts = formula
    if name == "argument":
        return arguments[parts[0]]
    if name == "float64":
        return int(np.float64(evaluated(parts[0], arguments)).view(np.uint64))
    if name == "uint64":
        return int(evaluated(parts[0], arguments)) % (1 << 64)
    return _OPERATORS[name](*(evaluated(part, arguments) for part in parts))
