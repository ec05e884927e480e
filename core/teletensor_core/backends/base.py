"""What the engine needs from a place where arrays live."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from teletensor_core.backends.graphs import Graphs, Workshop


class Origin(Protocol):
    """What is being run, in a form that may be a key."""

    @property
    def command(self) -> str | None:
        """Its name, with the shapes of its operands."""

    @property
    def where(self) -> str | None:
        """The user's own `file:line`."""


class Named(NamedTuple):
    """An origin whose name is known, or one of which nothing is."""

    command: str | None = None
    where: str | None = None


class Backend(ABC):
    """Arrays of one device, and the namespace `xp` that all op code is written against."""

    name: str
    device_name: str
    # What computes, with its version.
    library: str
    xp: Any
    # What the driver says of a GPU: `major` and `minor` of its compute capability, `multi_processor_count` and
    # `total_memory` in bytes.
    device_properties: Mapping[str, int] = {}
    # What the allocator raises when the device is full.
    out_of_memory_errors: tuple[type[BaseException], ...] = (MemoryError,)
    # What factorisations raise for matrices that have none.
    linalg_errors: tuple[type[Exception], ...] = ()
    # What captures programs as CUDA graphs, where that is switched on.
    graphs: Graphs | None = None

    @abstractmethod
    def asarray(self, host: np.ndarray[Any, Any]) -> Any:
        """A device array with the host array's elements; may be the host array itself where that is the device."""

    @abstractmethod
    def to_host(self, array: Any) -> np.ndarray[Any, Any]:
        """The elements on the host; may share memory where the host is the device.

        Raises DimensionError when an index that the device has checked since the last wait was out of bounds.
        """

    @abstractmethod
    def synchronize(self) -> None:
        """Wait until the device has done everything. Raises DimensionError as `to_host` does."""

    @abstractmethod
    def memory_info(self) -> dict[str, int]:
        """`allocated`, `reserved`, `free` and `total` bytes of the device, as far as they are known."""

    @abstractmethod
    def free_pools(self) -> None:
        """Give cached memory back to the device."""

    def host_buffer(self, shape: Sequence[int], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Host memory, not initialised, from which `asarray` copies as fast as the device can."""
        return np.empty(shape, dtype)

    def for_session(self, origin: Callable[[], Origin] = Named) -> Backend:
        """The same device for one more session: errors that the device finds later stay with the session at fault.

        They carry what `origin` said when their op was run.
        """
        return self

    def use_graphs(self, tell: Callable[[str], None] = lambda reason: None) -> None:  # noqa: B027  (nothing to do for most)
        """Have programs run as CUDA graphs, where there is CUDA. `tell` gets each reason why steps do not, once."""

    def workshop(self) -> Workshop | None:
        """What one program needs to run as CUDA graphs; None where it does not."""
        return None

    def activate(self) -> None:  # noqa: B027  (nothing to do for most)
        """Make this device the calling thread's own. Called before commands are run in a thread."""


def create_backend(kind: str = "auto", index: int = 0) -> Backend:
    """The backend called "numpy" or "cupy"; "auto" takes CuPy where it is installed and sees a GPU.

    Raises DeviceError when CuPy is asked for and is not installed, or there is no GPU with that index.
    """
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
