"""The memory of the machine, or of the container that the worker runs in."""

from __future__ import annotations

import ctypes
import gc
import os

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_SHARE = 0.95
# glibc's mallopt: how much free memory is kept at the end of a heap, and from which size on arrays are mapped anew.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 << 20
_MOST_KEPT, _KEPT_SHARE = 1 << 30, 16
# As many containers as are made before the youngest are looked through for cycles.
_YOUNG = 20_000


def host_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its container's if that is less. 0: unknown."""
    try:
        physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
    try:
        with open("/sys/fs/cgroup/memory.max") as file:
            return min(physical, int(file.read()))
    except (OSError, ValueError):
        return physical


def bound_memory() -> None:
    """Have the system refuse memory that is not there.

    What a command allocates for itself is in no quota: it fails with OutOfMemoryError, where otherwise the system would
    end the process, and everybody's sessions with it. Not for GPUs, whose driver reserves addresses without end.
    """
    memory = host_memory()
    if memory and resource is not None:
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        wanted = int(_SHARE * memory)
        resource.setrlimit(
            resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
        )


def keep_memory() -> None:
    """Have freed memory stay with the process, for the arrays to come, until `give_back_memory`.

    An array in memory that is fresh from the system costs several times what computing it does: the system clears each
    of its pages when it is first touched. Without glibc this changes nothing.
    """
    mallopt = getattr(_c_library(), "mallopt", None)
    if mallopt is not None:
        mallopt(_TRIM_THRESHOLD, min(_MOST_KEPT, host_memory() // _KEPT_SHARE or _MOST_KEPT))
        mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)


def give_back_memory() -> None:
    """Return the memory that nothing uses to the system."""
    trim = getattr(_c_library(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def spare_collections() -> None:
    """Have Python look for cycles among new objects less often, and never among those that are here already.

    Sessions hold many small objects, and nearly all of them go when the last reference to them does.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


def _c_library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
