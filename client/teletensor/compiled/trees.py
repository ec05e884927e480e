"""Arguments and results as trees: tensors at the leaves, containers around them, and everything else by value."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeAlias

from teletensor_core.dtypes import DType

from teletensor.device import Device
from teletensor.tensor_base import TensorBase

PLAIN = frozenset((int, float, bool, complex, str, bytes, type(None), DType, Device, type(Ellipsis)))

# Gives the tensor at a leaf's number.
Leaf: TypeAlias = Callable[[int], Any]


class ByIdentity:
    """Stands in a key for an object that is only ever equal to itself."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByIdentity) and other.held is self.held

    def __hash__(self) -> int:
        return id(self.held)


def flatten(x: Any, leaves: list[Any]) -> Any:
    """A hashable description of a tree without its tensors, which are appended to `leaves`."""
    kind = type(x)
    if kind in PLAIN:
        # 1, 1.0 and True are equal, and so are 0.0 and -0.0.
        return (kind, repr(x)) if kind is float or kind is complex else (kind, x)
    if issubclass(kind, TensorBase):
        leaves.append(x)
        return TensorBase
    if kind is tuple or kind is list:
        return (kind, *[flatten(v, leaves) for v in x])
    if kind is dict or kind is OrderedDict:
        return (kind, *[(k if type(k) in PLAIN else ByIdentity(k), flatten(v, leaves)) for k, v in x.items()])
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return (kind, *[flatten(v, leaves) for v in x])
    if isinstance(x, tuple) or kind is slice:
        parts = x if kind is not slice else (x.start, x.stop, x.step)
        return (kind, *[flatten(v, leaves) for v in parts])
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        return (kind, *[(f.name, flatten(getattr(x, f.name), leaves)) for f in dataclasses.fields(x)])
    return ByIdentity(x)


def rebuilder(x: Any, place: Callable[[Any], Callable[[Leaf], Any]]) -> Callable[[Leaf], Any]:
    """A function that builds a tree like `x` anew. `place` says for each tensor of it how to get the new one."""
    kind = type(x)
    if issubclass(kind, TensorBase):
        return place(x)
    if kind is tuple or kind is list:
        parts = [rebuilder(v, place) for v in x]
        return lambda leaf: kind([part(leaf) for part in parts])
    if kind is dict or kind is OrderedDict:
        items = [(k, rebuilder(v, place)) for k, v in x.items()]
        return lambda leaf: kind([(k, part(leaf)) for k, part in items])
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        fields = [rebuilder(v, place) for v in x]
        return lambda leaf: kind(*[part(leaf) for part in fields])
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        named = [(f.name, rebuilder(getattr(x, f.name), place)) for f in dataclasses.fields(x)]

        def build(leaf: Leaf) -> Any:
            made = object.__new__(kind)
            for name, part in named:
                object.__setattr__(made, name, part(leaf))
            return made

        return build
    return lambda leaf: x
