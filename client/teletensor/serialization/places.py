"""Where loaded tensors go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from teletensor_core.dtypes import DType
from teletensor_core.errors import ArgumentTypeError, DeviceError
from teletensor_core.spec import spec

from teletensor import sessions
from teletensor.device import Device, DeviceLike
from teletensor.session import Session
from teletensor.tensor import Tensor
from teletensor.tensor_base import placed

MapLocation: TypeAlias = "DeviceLike | Mapping[str, Any] | Callable[[Tensor, str], Any]"


class Placer:
    """Makes tensors from arrays, in the places that `map_location` names."""

    def __init__(self, map_location: MapLocation) -> None:
        self._map: Any = map_location

    def __call__(self, array: np.ndarray[Any, Any], dtype: DType, saved: str) -> Tensor:
        """A tensor with the array's values. `saved` is where it was."""
        if callable(self._map):
            here = _made(array, dtype, sessions.cpu())
            answer = self._map(here, saved)
            if answer is not None and not isinstance(answer, Tensor):
                raise ArgumentTypeError(f"map_location returned {type(answer).__name__}, expected a tensor or None")
            return _made(array, dtype, _back(saved)) if answer is None else answer
        return _made(array, dtype, self._session(saved))

    def _session(self, saved: str) -> Session:
        if isinstance(self._map, Mapping):
            return sessions.resolve(self._map[saved]) if saved in self._map else _back(saved)
        return _back(saved) if self._map is None else sessions.resolve(self._map)


def _made(array: np.ndarray[Any, Any], dtype: DType, session: Session) -> Tensor:
    wanted = spec(tuple(array.shape), dtype)
    made: Tensor = placed(array, wanted, session)
    return made


def _back(saved: str) -> Session:
    """The place itself if it is connected, else this process."""
    try:
        wanted = Device(saved)
    except DeviceError:
        return sessions.cpu()
    there = any(s.device == wanted or wanted.type == "remote" for s in sessions.connected())
    return sessions.resolve(wanted) if there else sessions.cpu()
