"""Two tensors that change places, whoever refers to them."""

from __future__ import annotations

import weakref

from teletensor_core.errors import GradientError

from teletensor.tensor import Tensor
from teletensor.tensor_base import TensorBase

_SLOTS = [name for name in TensorBase.__slots__ if not name.startswith("__")]


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Give each tensor object what the other one is: values, type, gradient, attributes and place in the graph.

    Raises GradientError for a tensor that something refers to weakly.
    """
    for name, tensor in (("t1", t1), ("t2", t2)):
        if weakref.getweakrefs(tensor):
            raise GradientError(f"Cannot swap {name} because it has weakref associated with it")
    t1.__class__, t2.__class__ = t2.__class__, t1.__class__
    for slot in ("__dict__", *_SLOTS):
        first, second = getattr(t1, slot), getattr(t2, slot)
        setattr(t1, slot, second)
        setattr(t2, slot, first)
