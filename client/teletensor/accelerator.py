"""`torch.accelerator`: the connected worker, whatever it computes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from teletensor import missing as _missing
from teletensor import sessions
from teletensor.device import Device, DeviceLike
from teletensor.streams import Stream

if TYPE_CHECKING:
    from teletensor_protos.v1.worker_pb2 import MemoryReply

    from teletensor.remote import RemoteSession

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "current_stream", "device_count",
    "device_index", "empty_cache", "get_memory_info", "is_available", "max_memory_allocated", "max_memory_reserved",
    "memory_allocated", "memory_reserved", "reset_peak_memory_stats", "set_device_idx", "set_device_index",
    "set_stream", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """Whether a worker is connected."""
    return bool(sessions.accelerators())


def current_accelerator(check_available: bool = False) -> Device | None:
    """The kind of device that the newest connection computes on, without a number; None when there is none."""
    connected = sessions.accelerators()
    return Device(connected[-1].device.type) if connected else None


def device_count() -> int:
    """How many connections have the current accelerator's kind of device."""
    kind = current_accelerator()
    return sum(kind is not None and session.device.type == kind.type for session in sessions.accelerators())


def _named(device: DeviceLike) -> Device:
    kind = current_accelerator() or Device("cuda")
    return Device(kind.type, device) if isinstance(device, int) else Device(kind if device is None else device)


def current_device_index() -> int:
    """The number of the device that the accelerator's name stands for. DeviceError without one."""
    return sessions.resolve(_named(None)).device.index or 0


def set_device_index(device: DeviceLike, /) -> None:
    """Make a connection's device the one that the accelerator's name stands for."""
    sessions.prefer(sessions.resolve(_named(device)))


current_device_idx, set_device_idx = current_device_index, set_device_index


class device_index:
    """Makes a device the one that the accelerator's name stands for, inside a `with` block; None changes nothing."""

    def __init__(self, device: int | None, /) -> None:
        self._wanted = None if device is None else sessions.resolve(_named(device))

    def __enter__(self) -> None:
        self._before = sessions.resolve(_named(None)) if self._wanted else None
        if self._wanted:
            sessions.prefer(self._wanted)

    def __exit__(self, *exc: object) -> None:
        if self._before:
            sessions.prefer(self._before)


def synchronize(device: DeviceLike = None, /) -> None:
    """Wait until everything sent to the device has run; raises the oldest error nobody has read."""
    sessions.resolve(_named(device)).synchronize()


def empty_cache() -> None:
    """Nothing to do: a worker returns memory to its pool at once."""


def current_stream(device: DeviceLike = None, /) -> Stream:
    """The stream of the device. DeviceError without one."""
    return Stream(_named(device))


def set_stream(stream: Stream) -> None:
    """Nothing to do: a device has one stream."""


# -- memory: every question waits for the worker, and is a DeviceError without one -------------------------------------


def _memory(device: DeviceLike, reset_peaks: bool = False) -> MemoryReply:
    return cast("RemoteSession", sessions.resolve(_named(device))).memory(reset_peaks)


def memory_allocated(device: DeviceLike = None, /) -> int:
    """Bytes on the device that tensors of this session hold, and their graphs keep."""
    return _memory(device).allocated


def memory_reserved(device: DeviceLike = None, /) -> int:
    """Bytes of the device that its worker holds for the tensors of all sessions."""
    return _memory(device).reserved


def max_memory_allocated(device: DeviceLike = None, /) -> int:
    """The most that `memory_allocated` was found to be; see `torch.cuda.max_memory_allocated`."""
    return _memory(device).peak_allocated


def max_memory_reserved(device: DeviceLike = None, /) -> int:
    """The most that `memory_reserved` was when anything of memory was asked."""
    return _memory(device).peak_reserved


def reset_peak_memory_stats(device: DeviceLike = None, /) -> None:
    """Let `max_memory_allocated` and `max_memory_reserved` start from what is held now."""
    _memory(device, reset_peaks=True)


def get_memory_info(device: DeviceLike = None, /) -> tuple[int, int]:
    """Free bytes of the device, and all of them."""
    told = _memory(device)
    return told.free, told.total


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
