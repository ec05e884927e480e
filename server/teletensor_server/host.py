"""The memory of the machine, or of the container that the worker runs in."""

from __future__ import annotations

import os

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_SHARE = 0.95


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
