"""What tensors hold of a GPU's memory. Every question waits for the worker, and gives 0 where there is no GPU."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from teletensor.cuda.gpus import all_gpus, find
from teletensor.device import DeviceLike


def empty_cache() -> None:
    """Nothing to do: a worker returns memory to its pool at once."""


def ipc_collect() -> None:
    """Nothing to do: tensors are not shared between processes."""


def memory_allocated(device: DeviceLike = None) -> int:
    """Bytes on the GPU that tensors of this session hold, and their graphs keep; 0 without a GPU. Waits."""
    return find(device).memory().allocated if all_gpus() else 0


def memory_reserved(device: DeviceLike = None) -> int:
    """Bytes of the GPU that its worker holds for the tensors of all sessions; 0 without a GPU. Waits."""
    return find(device).memory().reserved if all_gpus() else 0


def mem_get_info(device: DeviceLike = None) -> tuple[int, int]:
    """Free bytes of the GPU, and all of them. Waits. Raises DeviceError without a GPU."""
    told = find(device).memory()
    return told.free, told.total


def max_memory_allocated(device: DeviceLike = None) -> int:
    """The most that `memory_allocated` was found to be since the session began; 0 without a GPU. Waits.

    A worker counts when a backward begins, when a compiled function runs, and when it is asked: memory that was held
    only between two of these, or inside one op, is not in it.
    """
    return find(device).memory().peak_allocated if all_gpus() else 0


def max_memory_reserved(device: DeviceLike = None) -> int:
    """The most that `memory_reserved` was when anything of memory was asked; 0 without a GPU. Waits."""
    return find(device).memory().peak_reserved if all_gpus() else 0


def reset_peak_memory_stats(device: DeviceLike = None) -> None:
    """Let `max_memory_allocated` and `max_memory_reserved` start from what is held now. Waits."""
    if all_gpus():
        find(device).memory(reset_peaks=True)


def reset_accumulated_memory_stats(device: DeviceLike = None) -> None:
    """Nothing to do: nothing is added up over time."""


def memory_stats(device: DeviceLike = None) -> OrderedDict[str, Any]:
    """What a worker counts, by PyTorch's names: bytes allocated and reserved, now and at most. Empty without a GPU.

    Waits once. PyTorch's other counts are of its allocator, which there is not here.
    """
    if not all_gpus():
        return OrderedDict()
    told = find(device).memory()
    return OrderedDict([
        ("allocated_bytes.all.current", told.allocated), ("allocated_bytes.all.peak", told.peak_allocated),
        ("reserved_bytes.all.current", told.reserved), ("reserved_bytes.all.peak", told.peak_reserved),
    ])  # fmt: skip


def memory_stats_as_nested_dict(device: DeviceLike = None) -> dict[str, Any]:
    """`memory_stats` as dictionaries in dictionaries."""
    nested: dict[str, Any] = {}
    for name, value in memory_stats(device).items():
        kind, pool, when = name.split(".")
        nested.setdefault(kind, {}).setdefault(pool, {})[when] = value
    return nested


def memory_summary(device: DeviceLike = None, abbreviated: bool = False) -> str:
    """`memory_stats` as a table, in MiB. Waits. Raises DeviceError without a GPU."""
    session = find(device)
    stats = memory_stats_as_nested_dict(device)
    free, total = mem_get_info(device)
    lines = [
        f"| {f'teletensor memory summary, {session.device}: {session.device_name}':<61} |",
        f"| {'Metric':<29} | {'now':>13} | {'at most':>13} |",
    ]
    for kind, title in (("allocated_bytes", "held by this session"), ("reserved_bytes", "held by the worker")):
        each = stats[kind]["all"]
        lines.append(f"| {title:<29} | {_mib(each['current']):>13} | {_mib(each['peak']):>13} |")
    lines.append(f"| {'free, and all of the GPU':<29} | {_mib(free):>13} | {_mib(total):>13} |")
    rule = f"|{'=' * 63}|"
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def _mib(count: int) -> str:
    return f"{count / 2**20:.1f} MiB"


# -- older names -------------------------------------------------------------------------------------------------------


def memory_cached(device: DeviceLike = None) -> int:
    """`memory_reserved`, with a warning."""
    _warn("`torch.cuda.memory_cached` has been renamed to `torch.cuda.memory_reserved`")
    return memory_reserved(device)


def max_memory_cached(device: DeviceLike = None) -> int:
    """`max_memory_reserved`, with a warning."""
    _warn("`torch.cuda.max_memory_cached` has been renamed to `torch.cuda.max_memory_reserved`")
    return max_memory_reserved(device)


def reset_max_memory_allocated(device: DeviceLike = None) -> None:
    """`reset_peak_memory_stats`, with a warning."""
    _warn_of_reset("reset_max_memory_allocated")
    reset_peak_memory_stats(device)


def reset_max_memory_cached(device: DeviceLike = None) -> None:
    """`reset_peak_memory_stats`, with a warning."""
    _warn_of_reset("reset_max_memory_cached")
    reset_peak_memory_stats(device)


def _warn_of_reset(name: str) -> None:
    _warn(
        f"torch.cuda.{name} now calls torch.cuda.reset_peak_memory_stats, which resets /all/ peak memory stats.",
        level=4,
    )


def _warn(text: str, level: int = 3) -> None:
    warnings.warn(text, FutureWarning, stacklevel=level)
