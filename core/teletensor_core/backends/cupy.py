"""The CuPy backend: arrays in the memory of one GPU.

Everything runs on the device's default stream. CuPy's pool keeps freed memory by stream and has no way to say that
another stream still reads an array, so that with one stream an array may be freed, and its memory used again, while
kernels that use it are still waiting their turn: they run first. Sessions of one worker take turns on the stream, as
they do in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from teletensor_core.backends.base import Backend, Named, Origin
from teletensor_core.backends.faults import Faults
from teletensor_core.errors import DeviceError

if TYPE_CHECKING:
    from teletensor_core.backends.graphs import Workshop

# Reads of this size and more go through pinned memory: the driver copies into it without a detour. Much more of it
# would take memory away from the host's other programs.
_PINNED_FROM, _PINNED_TO = 1 << 16, 1 << 28
# cudaErrorMemoryAllocation, which CuPy has no name for.
_MEMORY_ALLOCATION = 2
# Our names of properties, and CUDA's.
_PROPERTIES = {
    "major": "major", "minor": "minor", "multi_processor_count": "multiProcessorCount",
    "total_memory": "totalGlobalMem",
}  # fmt: skip


class CuPyBackend(Backend):
    """Arrays on GPU `index`."""

    name = "cupy"
    linalg_errors = (np.linalg.LinAlgError,)

    def __init__(self, index: int = 0) -> None:
        self._cupy = _import_cupy()
        self.index = index
        self.library = f"CuPy {self._cupy.__version__}"
        self.device_name, self.device_properties = self._find(index)
        self.out_of_memory_errors = (MemoryError, self._cupy.cuda.memory.OutOfMemoryError)
        self._open()

    def _find(self, index: int) -> tuple[str, dict[str, int]]:
        """The name of a GPU, and what the driver says of it. Raises DeviceError."""
        runtime = self._cupy.cuda.runtime
        count = runtime.getDeviceCount() if self._cupy.is_available() else 0
        if not 0 <= index < count:
            raise DeviceError(f"there is no GPU {index} here: CuPy sees {count}")
        told = runtime.getDeviceProperties(index)
        properties = {name: int(told[key]) for name, key in _PROPERTIES.items()}
        return str(told["name"].decode()), properties

    def _open(self, origin: Callable[[], Origin] = Named) -> None:
        from teletensor_core.backends.cupy_namespace import CuPyNamespace

        self.activate()
        self.faults = Faults(origin)
        self.xp = CuPyNamespace(self.faults)

    def for_session(self, origin: Callable[[], Origin] = Named) -> CuPyBackend:
        """The same device and pools, with errors of its own."""
        made = object.__new__(CuPyBackend)
        made.__dict__.update(self.__dict__)
        made._open(origin)
        return made

    def use_graphs(self, tell: Callable[[str], None] = lambda reason: None) -> None:
        """Have programs of this backend, and of its sessions from now on, run as CUDA graphs."""
        from teletensor_core.backends.graphs import Graphs

        self.graphs = Graphs(tell)

    def workshop(self) -> Workshop | None:
        """What one program needs to run as CUDA graphs; None where that is switched off."""
        return None if self.graphs is None else self.graphs.workshop(self.faults)

    def activate(self) -> None:
        """Make this GPU the current one of the calling thread."""
        self._cupy.cuda.Device(self.index).use()

    def asarray(self, host: np.ndarray[Any, Any]) -> Any:
        """A copy on the device. Does not wait; host memory that is pinned must not be written to afterwards."""
        return self._cupy.asarray(host)

    def host_buffer(self, shape: Sequence[int], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Pinned memory for buffers of a middling size; ordinary memory for others, and when none can be pinned."""
        nbytes = int(np.prod(shape, dtype=int)) * dtype.itemsize
        memory = self._pinned(nbytes) if _PINNED_FROM <= nbytes <= _PINNED_TO else None
        if memory is None:
            return np.empty(shape, dtype)
        return np.frombuffer(memory, np.uint8, nbytes).view(dtype).reshape(shape)

    def _pinned(self, nbytes: int) -> Any:
        """Pinned memory, or None when the host has no more to pin."""
        try:
            return self._cupy.cuda.alloc_pinned_memory(nbytes)
        except self._cupy.cuda.runtime.CUDARuntimeError as error:
            if error.status != _MEMORY_ALLOCATION:
                raise
            return None

    def to_host(self, array: Any) -> np.ndarray[Any, Any]:
        """A copy on the host. Waits."""
        self.faults.look()
        dense = array if array.flags.c_contiguous else self._cupy.ascontiguousarray(array)
        out = self.host_buffer(dense.shape, dense.dtype)
        dense.get(out=out)
        return out

    def synchronize(self) -> None:
        """Wait for everything that was launched."""
        self._cupy.cuda.get_current_stream().synchronize()
        self.faults.look()

    def memory_info(self) -> dict[str, int]:
        """Bytes that arrays hold, that the pool holds for them, and what the driver says is free and there."""
        pool = self._cupy.get_default_memory_pool()
        # Pools tell of the calling thread's device.
        with self._cupy.cuda.Device(self.index) as device:
            free, total = device.mem_info
            return {"allocated": pool.used_bytes(), "reserved": pool.total_bytes(), "free": free, "total": total}

    def free_pools(self) -> None:
        """Give back cached device memory and cached pinned memory."""
        with self._cupy.cuda.Device(self.index):
            self._cupy.get_default_memory_pool().free_all_blocks()
        self._cupy.get_default_pinned_memory_pool().free_all_blocks()


def _import_cupy() -> Any:
    try:
        import cupy
    except ImportError as error:
        raise DeviceError(
            "computing on a GPU needs CuPy: pip install 'teletensor[cuda12x]' for CUDA 12, "
            f"or 'teletensor[cuda13x]' for CUDA 13 ({error})"
        ) from None
    return cupy
