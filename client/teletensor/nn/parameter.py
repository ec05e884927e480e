"""Tensors that a module registers when they are assigned to it."""

from typing import Any, Self

import teletensor as tt
from teletensor.tensor import Tensor


class Parameter(Tensor):
    """A tensor that is learned: it requires a gradient and becomes a parameter of its module.

    Shares its data with `data`, which may be left out for an empty tensor. RuntimeError if a
    gradient is wanted of a dtype that is neither floating point nor complex.
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Self:
        """A leaf on the memory of `data`."""
        data = tt.empty(0) if data is None else data
        parameter: Self = Tensor._make_subclass(cls, data, requires_grad)
        return parameter

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        # Everything was done by __new__; Tensor's own constructor must not run again.
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) in memo:
            copied: Self = memo[id(self)]
            return copied
        copied = type(self)(self.data.clone(), self.requires_grad)
        memo[id(self)] = copied
        return copied


class Buffer(Tensor):
    """A tensor that belongs to a module's state without being learned.

    One that is not `persistent` is left out of the state dict.
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Self:
        """A leaf on the memory of `data`."""
        data = tt.empty(0) if data is None else data
        buffer: Self = Tensor._make_subclass(cls, data, data.requires_grad)
        buffer.persistent = persistent
        return buffer

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        # Everything was done by __new__; Tensor's own constructor must not run again.
        pass
