"""Modules in a row: `Sequential` and `ModuleList`."""

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Self, SupportsIndex, overload

from teletensor.nn.module import Module, block, indent


class _Row(Module):
    """Child modules named "0", "1", ... and what a list can do with them."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.isdigit()]

    def _name(self, index: SupportsIndex) -> str:
        """The name of the child at `index`; IndexError if there is none."""
        position = operator.index(index)
        size = len(self)
        if not -size <= position < size:
            raise IndexError(f"index {position} is out of range")
        return list(self._modules)[position]

    def _names(self, index: SupportsIndex | slice) -> list[str]:
        return list(self._modules)[index] if isinstance(index, slice) else [self._name(index)]

    def __setitem__(self, index: SupportsIndex, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: SupportsIndex | slice) -> None:
        for name in self._names(index):
            delattr(self, name)
        self._renumber(list(self._modules.values()))

    def _renumber(self, modules: list[Any]) -> None:
        self._modules = {str(position): module for position, module in enumerate(modules)}

    def _insert(self, index: int, module: Module) -> None:
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._renumber(modules)

    def pop(self, key: int | slice) -> Any:
        """Remove the child at `key` and return it."""
        removed = self[key]  # type: ignore[index]
        del self[key]
        return removed

    def append(self, module: Module) -> Self:
        """Add one child at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add children at the end; TypeError if `modules` cannot be iterated over."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{type(self).__name__}.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in list(modules):
            self.append(module)
        return self


class Sequential(_Row):
    """Modules called one after the other, each with the output of the one before.

    Takes the modules, or one ordered mapping of names to modules.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named: Iterable[tuple[str, Module]] = ((str(i), module) for i, module in enumerate(args))
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            named = args[0].items()
        for name, module in named:
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """The output of the last module."""
        for module in self:
            input = module(input)
        return input

    @overload
    def __getitem__(self, idx: slice) -> "Sequential": ...
    @overload
    def __getitem__(self, idx: SupportsIndex) -> Module: ...
    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._name(idx)]

    def insert(self, index: int, module: Module) -> Self:
        """Put a module before the one at `index`; IndexError if that is out of range."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        self._insert(index, module)
        return self

    def __add__(self, other: Iterable[Module]) -> "Sequential":
        return Sequential(*self, *self._other("add", other))

    def __iadd__(self, other: Iterable[Module]) -> Self:
        return self.extend(self._other("add", other))

    def _other(self, operation: str, other: Any) -> Any:
        if not isinstance(other, Sequential):
            raise ValueError(
                f"{operation} operator supports only objects of Sequential class, but {type(other)} is given."
            )
        return other

    def _check_factor(self, other: Any) -> int:
        if not isinstance(other, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(other)}")
        if other <= 0:
            raise ValueError(f"Non-positive multiplication factor {other} for {type(self)}")
        return other

    def __mul__(self, other: int) -> "Sequential":
        return Sequential(*(list(self) * self._check_factor(other)))

    def __rmul__(self, other: int) -> "Sequential":
        return self * other

    def __imul__(self, other: int) -> Self:
        return self.extend(list(self) * (self._check_factor(other) - 1))


class ModuleList(_Row):
    """A list of modules that are registered; it has no `forward`."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, idx: slice) -> "ModuleList": ...
    @overload
    def __getitem__(self, idx: SupportsIndex) -> Module: ...
    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return type(self)(list(self)[idx])
        return self._modules[self._name(idx)]

    def insert(self, index: int, module: Module) -> None:
        """Put a module before the one at `index`."""
        self._insert(index, module)

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> "ModuleList":
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """As for any module, with equal neighbours on one line: `(0-2): 3 x ReLU()`."""
        runs: list[tuple[int, int, str]] = []
        for position, text in enumerate(repr(module) for module in self):
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], position, text)
            else:
                runs.append((position, position, text))
        return f"{self._get_name()}({block([_line(*run) for run in runs])})"


def _line(first: int, last: int, text: str) -> str:
    if first == last:
        return f"({first}): {indent(text)}"
    return f"({first}-{last}): {last - first + 1} x {indent(text)}"
