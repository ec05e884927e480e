"""Which functions and methods ask `__torch_function__`, and by which names programs know them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import teletensor as tt
from teletensor import factories, operators
from teletensor.tensor import Tensor

# Functions that take no tensor, or say what one is.
_NEVER = frozenset((
    "broadcast_shapes", "can_cast", "get_default_dtype", "is_storage", "is_tensor", "promote_types",
    "set_default_dtype",
))  # fmt: skip
# Of the initialisers, those that ask; others call what does.
_INITIALISERS = ("uniform_", "normal_", "constant_", "kaiming_uniform_")
# Methods that the asking itself, or Python's making and ending of objects, goes through.
_NEVER_OF_TENSORS = frozenset((
    "__array_wrap__", "__class__", "__del__", "__dict__", "__dir__", "__getattr__", "__getattribute__", "__getstate__",
    "__hash__", "__init__", "__init_subclass__", "__iter__", "__new__", "__reduce__", "__setattr__", "__sizeof__",
    "__str__", "__subclasshook__", "__torch_function__", "__weakref__", "as_subclass",
))  # fmt: skip
_PRIVATE = frozenset(("_is_view", "_version"))
# What PyTorch calls the method behind an operator, where it is not the operator's own.
_BEHIND = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "mod": "remainder", "matmul": "matmul",
}  # fmt: skip
_BEHIND_OPERATORS = {
    **{f"__{name}__": method for name, method in _BEHIND.items()},
    **{f"__i{name}__": f"{method}_" for name, method in _BEHIND.items() if name != "matmul"},
    **{f"__{name}__": name for name in ("abs", "ge", "gt", "le", "lt", "neg")},
    "__radd__": "add", "__rmul__": "mul", "__rand__": "bitwise_and", "__ror__": "bitwise_or",
    "__rxor__": "bitwise_xor", "__pos__": "positive", "__rtruediv__": "__rdiv__",
}  # fmt: skip
_GETTERS = ("fget", "fset", "fdel")
_ACCESS = ("__get__", "__set__", "__delete__")


class Entry(NamedTuple):
    """A function that asks, what it is to be asked about as, and how.

    `is_operator`: it gives NotImplemented where nobody has an answer. `is_made`: it makes a tensor of something else,
    and asks modes only.
    """

    function: FunctionType
    public: Any
    is_operator: bool = False
    is_made: bool = False


def namespaces() -> dict[str, ModuleType]:
    """The modules whose functions ask, by name; to be looked at in this order."""
    return {
        "torch": tt, "torch.nn.functional": tt.nn.functional, "torch.linalg": tt.linalg, "torch.fft": tt.fft,
        "torch.special": tt.special, "torch.nn.init": tt.nn.init,
    }  # fmt: skip


def functions(title: str) -> dict[str, FunctionType]:
    """The functions of a module that ask the classes of their operands, by name."""
    module = namespaces()[title]
    if module is tt.nn.init:
        return {name: getattr(module, name) for name in _INITIALISERS}
    names = _functions_of_torch() if module is tt else [n for n in dir(module) if n[0] != "_"]
    found = {name: getattr(module, name) for name in names}
    return {name: f for name, f in found.items() if isinstance(f, FunctionType) and name not in _NEVER}


def _functions_of_torch() -> list[str]:
    from teletensor import functions as own
    from teletensor import late

    likes = [name for name in factories.__all__ if name.endswith("_like")]
    return [*own.__all__, *likes, *[name for name, home in late.NAMES.items() if home == "nn.functional"]]


def makers() -> dict[str, FunctionType]:
    """The functions that make tensors of something else, by name: modes hear of them, classes do not."""
    return {name: getattr(tt, name) for name in factories.__all__ if not name.endswith("_like")}


def ignored() -> list[Callable[..., Any]]:
    """The functions that nobody hears of."""
    methods = (inspect.getattr_static(Tensor, name, None) for name in sorted(_NEVER_OF_TENSORS))
    return [*[getattr(tt, name) for name in sorted(_NEVER)], *[m for m in methods if isinstance(m, FunctionType)]]


def members() -> dict[str, Any]:
    """The methods and properties of `Tensor` that ask, by name."""
    found = {
        name: inspect.getattr_static(Tensor, name)
        for name in dir(Tensor)
        if (name[0] != "_" or name.startswith("__") or name in _PRIVATE) and name not in _NEVER_OF_TENSORS
    }
    return {name: member for name, member in found.items() if isinstance(member, (FunctionType, property))}


def entries() -> Iterator[Entry]:
    """Every function that asks, once."""
    seen: set[int] = set()
    for entry in _all():
        if id(entry.function) not in seen:
            seen.add(id(entry.function))
            yield entry


def _all() -> Iterator[Entry]:
    for title in namespaces():
        for function in functions(title).values():
            yield Entry(function, function)
    for function in makers().values():
        yield Entry(function, function, is_made=True)
    binary = operators.binary()
    for name, member in members().items():
        if isinstance(member, property):
            yield from _accesses(member)
        else:
            yield Entry(member, getattr(Tensor, _BEHIND_OPERATORS.get(name, name)), name in binary)


def _accesses(member: property) -> Iterator[Entry]:
    for attribute, access in zip(_GETTERS, _ACCESS, strict=True):
        function = getattr(member, attribute)
        if function is not None:
            yield Entry(function, getattr(member, access))


@cache
def titles() -> dict[Any, str]:
    """Every function that is asked about, with its name in a program."""
    found: dict[Any, str] = {}
    for name, member in members().items():
        if isinstance(member, property):
            found.update({getattr(member, access): f"torch.Tensor.{name}.{access}" for access in _ACCESS})
        elif member not in found or member.__name__ == name:
            found[member] = f"torch.Tensor.{name}"
    for title in namespaces():
        for name, function in functions(title).items():
            found.setdefault(function, f"{title}.{name}")
    return found


def title(function: Any) -> str | None:
    """The name of a function that is asked about, "torch.Tensor.add"; None for any other."""
    return titles().get(function)


@cache
def unwrapped() -> frozenset[Callable[..., Any]]:
    """What gives tensors of the class they have, whoever was asked: gradients."""
    return frozenset((inspect.getattr_static(Tensor, "grad").__get__,))
