"""`torch.accelerator`: the connected worker, whatever it computes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor import sessions
from teletensor.device import Device, DeviceLike

__all__ = [
    "current_accelerator", "current_device_idx", "current_device_index", "device_count", "device_index", "empty_cache",
    "is_available", "set_device_idx", "set_device_index", "synchronize",
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


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
