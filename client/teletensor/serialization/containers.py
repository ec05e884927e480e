"""What can be saved: which tensors are in an object, and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError

from teletensor.device import Device
from teletensor.tensor import Tensor

PLAIN = (bool, int, float, complex, str, bytes, type(None), DType, Device)
_DEEPEST = 200


class Values:
    """The values of every tensor in an object, fetched with one round trip for each place."""

    def __init__(self, obj: Any) -> None:
        self._held = {id(x): x for x in _tensors(obj, "", 0)}
        by_session: dict[int, list[Tensor]] = {}
        for x in self._held.values():
            by_session.setdefault(id(x._session), []).append(x)
        self._arrays: dict[int, np.ndarray[Any, Any]] = {}
        for some in by_session.values():
            found = some[0]._session.read([x._ref for x in some])
            self._arrays.update(zip(map(id, some), found, strict=True))

    def of(self, tensor: Tensor) -> np.ndarray[Any, Any]:
        """The tensor's values, dense and row-major."""
        return np.ascontiguousarray(self._arrays[id(tensor)]).reshape(tuple(tensor.shape))


def _tensors(obj: Any, path: str, depth: int) -> Iterator[Tensor]:
    """Every tensor in an object; ArgumentTypeError, naming the place, for what cannot be saved."""
    if depth > _DEEPEST:
        raise ArgumentTypeError(f"save(): containers are nested more than {_DEEPEST} deep at {path[:100]}")
    if isinstance(obj, Tensor):
        yield obj
    elif isinstance(obj, Mapping) and isinstance(obj, dict):
        for key, value in obj.items():
            _check_key(key, path)
            yield from _tensors(value, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(obj, (list, tuple, set, frozenset)):
        for i, value in enumerate(obj):
            yield from _tensors(value, f"{path}.{i}" if path else str(i), depth + 1)
    elif not isinstance(obj, (*PLAIN, np.generic)):
        raise ArgumentTypeError(
            f"save() takes tensors in dicts, lists and tuples of plain values, found {_name(obj)}"
            f"{f' at {path}' if path else ''}{_hint(obj)}"
        )


def _check_key(key: Any, path: str) -> None:
    if isinstance(key, tuple):
        for each in key:
            _check_key(each, path)
    elif not isinstance(key, (*PLAIN, np.generic)):
        raise ArgumentTypeError(
            f"save(): dict keys must be numbers, text or tuples of them, found {_name(key)}"
            f"{f' in {path}' if path else ''}"
        )


def _name(obj: Any) -> str:
    return f"{type(obj).__module__}.{type(obj).__qualname__}".removeprefix("builtins.")


def _hint(obj: Any) -> str:
    if hasattr(obj, "state_dict"):
        return "; save its state_dict()"
    return "; make it a tensor with from_numpy()" if isinstance(obj, np.ndarray) else ""
