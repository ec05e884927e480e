"""What a function can reach besides its arguments: Python values, which a program bakes in, and where tensors are kept.

A guard is a value that must be what it was when the function was recorded. They are found by walking from the function:
its closure, the globals that it names, modules, optimisers, and objects of the user's own.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from teletensor.compiled.trees import PLAIN
from teletensor.tensor_base import TensorBase

# Gives a tensor from the place where the program keeps it; None when there is none any more.
Place: TypeAlias = Callable[[], Any]

_MOST_OBJECTS = 20_000
_MOST_LISTED = 256
_MISSING = object()


@dataclass(frozen=True, slots=True, repr=False)
class Guard:
    """`holder[key]` has to be `value`; `name` is what to call it."""

    holder: Any
    key: Any
    value: Any
    name: str

    def now(self) -> Any:
        """The value that is there now."""
        try:
            return self.holder[self.key]
        except (KeyError, IndexError):
            return _MISSING

    def holds(self) -> bool:
        """Whether the value is what it was."""
        try:
            now = self.holder[self.key]
        except (KeyError, IndexError):
            return False
        return now is self.value or (type(now) in _COMPARED and _equal(now, self.value))

    def said(self) -> str:
        """What changed, for a message."""
        now = self.now()
        return f"{self.name} was {self.value!r}" + (" and is gone" if now is _MISSING else f" and is {now!r}")


_COMPARED = PLAIN | {tuple}


def _equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and (a == b or (a != a and b != b))


class _Cell:
    """A closure's variable as something with keys."""

    __slots__ = ("cell",)

    def __init__(self, cell: types.CellType) -> None:
        self.cell = cell

    def __getitem__(self, key: Any) -> Any:
        try:
            return self.cell.cell_contents
        except ValueError:
            raise KeyError(key) from None


@dataclass(eq=False)
class Reach:
    """What was found: guards, places of tensors by the tensor's id, and optimisers with their guards apart."""

    guards: list[Guard] = field(default_factory=list)
    places: dict[int, tuple[Any, Place]] = field(default_factory=dict)
    optimizers: list[Any] = field(default_factory=list)

    def place(self, x: TensorBase) -> Place | None:
        """Where a tensor is kept, if that was found."""
        found = self.places.get(id(x))
        return found[1] if found is not None and found[0] is x else None


def reach(*roots: Any) -> Reach:
    """Everything that is reached from these functions and objects."""
    walk = _Walk()
    for root in roots:
        walk.visit(root, getattr(root, "__qualname__", type(root).__name__))
    walk.run()
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = Reach()
        self._seen: dict[int, Any] = {}
        self._pending: list[tuple[Any, str]] = []

    def run(self) -> None:
        while self._pending and len(self._seen) < _MOST_OBJECTS:
            x, name = self._pending.pop()
            self._enter(x, name)

    def visit(self, x: Any, name: str) -> None:
        """Look at an object later, once."""
        if id(x) not in self._seen:
            self._seen[id(x)] = x
            self._pending.append((x, name))

    def item(self, holder: Any, key: Any, name: str) -> None:
        """Look at what is kept in `holder[key]`."""
        try:
            x = holder[key]
        except (KeyError, IndexError):
            return
        if type(x) in PLAIN or (type(x) is tuple and all(type(v) in PLAIN for v in x)):
            self.found.guards.append(Guard(holder, key, x, name))
        elif issubclass(type(x), TensorBase):
            self.found.places.setdefault(id(x), (x, functools.partial(_get, holder, key)))
        else:
            self.visit(x, name)

    def variable(self, holder: Any, key: Any, name: str) -> None:
        """Look at what a variable of a function stands for; another object in its place is noticed."""
        self.item(holder, key, name)
        x = _get(holder, key)
        if type(x) not in _COMPARED and not issubclass(type(x), TensorBase):
            self.found.guards.append(Guard(holder, key, x, name))

    def _enter(self, x: Any, name: str) -> None:
        from teletensor.nn import Module
        from teletensor.optim import Optimizer
        from teletensor.optim.lr_scheduler import LRScheduler

        if isinstance(x, Module):
            self._module(x, name)
        elif isinstance(x, Optimizer):
            self._optimizer(x, name)
        elif isinstance(x, LRScheduler):
            # Its numbers change with every step, and reach the program by way of the optimiser.
            self.visit(x.optimizer, name + ".optimizer")
        elif isinstance(x, types.FunctionType):
            self._function(x, name)
        elif isinstance(x, types.MethodType):
            self.visit(x.__func__, name)
            self.visit(x.__self__, name.rpartition(".")[0] or name)
        elif isinstance(x, functools.partial):
            for part in (x.func, list(x.args), x.keywords):
                self.visit(part, name)
        elif type(x) is list or type(x) is dict or type(x) is tuple:
            self._container(x, name)
        elif _is_users(type(x).__module__) and not isinstance(x, (type, types.ModuleType)):
            self._attributes(x, name)

    def _module(self, module: Any, name: str) -> None:
        for part in ("_parameters", "_buffers", "_modules"):
            held = vars(module).get(part, {})
            for key in held:
                self.item(held, key, f"{name}.{key}")
        attributes = vars(module)
        for key in attributes:
            if key == "training" or (not key.startswith("_") and key not in ("forward",)):
                self.item(attributes, key, f"{name}.{key}")
        self._method(module, "forward", name)

    def _method(self, x: Any, method: str, name: str) -> None:
        function = getattr(type(x), method, None)
        if isinstance(function, types.FunctionType) and _is_users(function.__module__):
            self.visit(function, f"{name}.{method}")

    def _optimizer(self, optimizer: Any, name: str) -> None:
        self.found.optimizers.append(optimizer)
        for p, state in optimizer.state.items():
            for key, value in state.items():
                if issubclass(type(value), TensorBase):
                    self.found.places.setdefault(id(value), (value, functools.partial(_state, optimizer, p, key)))
        for group in optimizer.param_groups:
            for i, p in enumerate(group["params"]):
                self.found.places.setdefault(id(p), (p, functools.partial(_get, group["params"], i)))

    def _function(self, function: types.FunctionType, name: str) -> None:
        if not _is_users(function.__module__):
            return
        for variable, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.variable(_Cell(cell), variable, f"{variable} (in {name})")
        for variable in _names(function.__code__):
            if variable in function.__globals__:
                value = function.__globals__[variable]
                if isinstance(value, types.ModuleType):
                    self._python_module(value, function.__code__)
                else:
                    self.variable(function.__globals__, variable, f"{variable} (in {name})")
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            if type(default) not in PLAIN:
                self.visit(default, name)

    def _python_module(self, module: types.ModuleType, code: types.CodeType) -> None:
        if _is_users(module.__name__):
            for variable in _names(code):
                if variable in vars(module):
                    self.item(vars(module), variable, f"{module.__name__}.{variable}")

    def _container(self, x: Any, name: str) -> None:
        if len(x) > _MOST_LISTED:
            return
        for key in x if isinstance(x, dict) else range(len(x)):
            self.item(x, key, f"{name}[{key!r}]" if type(key) in PLAIN else name)

    def _attributes(self, x: Any, name: str) -> None:
        attributes = getattr(x, "__dict__", {})
        for key in attributes:
            self.item(attributes, key, f"{name}.{key}")
        for base in type(x).__mro__:
            if _is_users(base.__module__):
                for key, value in vars(base).items():
                    if isinstance(value, types.FunctionType):
                        self.visit(value, f"{name}.{key}")


def _get(holder: Any, key: Any) -> Any:
    try:
        return holder[key]
    except (KeyError, IndexError):
        return None


def _state(optimizer: Any, p: Any, key: str) -> Any:
    state = optimizer.state.get(p)
    return None if state is None else state.get(key)


def _names(code: types.CodeType) -> Iterator[str]:
    """The names that a function, and those defined in it, may look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


_OURS = ("teletensor", "teletensor_core", "teletensor_protos", "torch", "numpy")


@functools.cache
def _is_users(module: str | None) -> bool:
    """Whether a module is the user's own: neither ours, nor Python's, nor installed."""
    if module is None or module.split(".")[0] in _OURS:
        return False
    if module.split(".")[0] in sys.stdlib_module_names and module != "__main__":
        return False
    path = getattr(sys.modules.get(module), "__file__", None) or ""
    return "site-packages" not in path and "dist-packages" not in path


def optimizer_guards(optimizer: Any, but: frozenset[str] = frozenset()) -> list[Guard]:
    """Guards on the options of an optimiser's groups, but for some."""
    found = [Guard(_Groups(optimizer), None, len(optimizer.param_groups), "the number of param_groups")]
    for i, group in enumerate(optimizer.param_groups):
        options = _Group(optimizer, i)
        for key, value in group.items():
            if key not in but and (type(value) in PLAIN or type(value) is tuple):
                found.append(Guard(options, key, value, f"param_groups[{i}][{key!r}]"))
        found.append(Guard(options, None, len(group["params"]), f"the number of params in param_groups[{i}]"))
    return found


class _Groups:
    """How many groups an optimiser has, as something with keys: loading its state replaces the list."""

    __slots__ = ("optimizer",)

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer

    def __getitem__(self, key: Any) -> int:
        return len(self.optimizer.param_groups)


class _Group:
    """The options of a group as they are now; the number of its parameters under None."""

    __slots__ = ("index", "optimizer")

    def __init__(self, optimizer: Any, index: int) -> None:
        self.optimizer, self.index = optimizer, index

    def __getitem__(self, key: Any) -> Any:
        group = self.optimizer.param_groups[self.index]
        return len(group["params"]) if key is None else group[key]
