"""What the engine needs from a place where arrays live."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np


class Backend(ABC):
    """Arrays of one device, and the namespace `xp` that all op code is written against."""

    name: str
    device_name: str
    xp: Any
    # What the allocator raises when the device is full.
    out_of_memory_errors: tuple[type[BaseException], ...] = (MemoryError,)
    # What factorisations raise for matrices that have none.
    linalg_errors: tuple[type[Exception], ...] = ()

    @abstractmethod
    def asarray(self, host: np.ndarray[Any, Any]) -> Any:
        """A device array with the host array's elements; may be the host array itself where that is the device."""

    @abstractmethod
    def to_host(self, array: Any) -> np.ndarray[Any, Any]:
        """The elements on the host; may share memory where the host is the device."""

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until the device has done everything."""

    @abstractmethod
    def memory_info(self) -> dict[str, int]:
        """`allocated`, `total` and `free` bytes of the device, as far as they are known."""

    @abstractmethod
    def free_pools(self) -> None:
        """Give cached memory back to the device."""


def create_backend(kind: str = "auto", index: int = 0) -> Backend:
    """The backend called "numpy" or "cupy"; "auto" takes CuPy where it is installed and sees a GPU."""
    if kind == "auto":
        kind = "cupy" if _has_gpu() else "numpy"
    if kind == "numpy":
        from teletensor_core.backends.numpy import NumPyBackend

        return NumPyBackend()
    if kind == "cupy":
        from teletensor_core.backends.cupy import CuPyBackend

        return CuPyBackend(index)
    raise ValueError(f"there is no backend called {kind!r}: numpy, cupy or auto")


def _has_gpu() -> bool:
    try:
        import cupy
    except ImportError:
        return False
    return bool(cupy.is_available())
