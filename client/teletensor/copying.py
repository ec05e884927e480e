"""Copies of tensors by Python's own means: `copy.deepcopy` and pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.errors import GradientError
from teletensor_core.spec import spec

from teletensor import sessions
from teletensor.tensor_base import TensorBase, placed

if TYPE_CHECKING:
    from teletensor.tensor import Tensor


def deepcopy(tensor: Tensor, memo: dict[int, Any]) -> Tensor:
    """A leaf of the same class with a copy of the values, the gradient and the attributes. One command, no waiting."""
    if id(tensor) in memo:
        found: Tensor = memo[id(tensor)]
        return found
    if not tensor.is_leaf:
        raise GradientError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment."
        )
    cls = type(tensor)
    out: Tensor = cls._make_subclass(cls, tensor.detach().clone(), tensor.requires_grad)
    memo[id(tensor)] = out
    if tensor.grad is not None:
        out.grad = deepcopy(tensor.grad, memo)
    return out


def reduce(tensor: TensorBase) -> tuple[Any, ...]:
    """What pickle keeps: the values, fetched, and where they were. They are put there again, or it is an error."""
    values = np.array(tensor._session.read([tensor._ref])[0])
    name, required = tensor._spec.dtype.name, tensor.requires_grad
    return _restore, (type(tensor), values, name, str(tensor._session.device), required)


def _restore(cls: type[Any], values: np.ndarray[Any, Any], dtype: str, device: str, requires_grad: bool) -> Any:
    session, wanted = sessions.resolve(device), spec(values.shape, dtypes.BY_NAME[dtype])
    made = placed(values, wanted, session)
    return cls._make_subclass(cls, made, requires_grad)
