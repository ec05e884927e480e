"""The GPUs of connected workers, and what their drivers say of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from teletensor_core.errors import ArgumentError, UnsupportedError

from teletensor import sessions
from teletensor.device import Device, DeviceLike
from teletensor.session import Session

if TYPE_CHECKING:
    from teletensor.remote import RemoteSession


class Properties(NamedTuple):
    """What is known of a GPU: its name, compute capability, bytes, and how many multiprocessors it has."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int

    def __repr__(self) -> str:
        return (
            f"_CudaDeviceProperties(name='{self.name}', major={self.major}, minor={self.minor}, "
            f"total_memory={self.total_memory >> 20}MB, multi_processor_count={self.multi_processor_count})"
        )


def all_gpus() -> list[Session]:
    """The sessions on GPUs, the oldest first."""
    return [session for session in sessions.connected() if session.device.type == "cuda"]


def find(device: DeviceLike) -> RemoteSession:
    """The session on a GPU; of none named, that which "cuda" stands for. DeviceError without one."""
    wanted = Device("cuda" if device is None else device)
    if wanted.type != "cuda":
        raise ArgumentError(f"Expected a cuda device, but got: {wanted}")
    found = sessions.resolve(wanted)
    # GPUs are workers'.
    return cast("RemoteSession", found)


def get_device_properties(device: DeviceLike = None) -> Properties:
    """What the worker's driver says of a GPU. DeviceError without one."""
    session = find(device)
    told = session.device_properties
    if told is None:
        raise UnsupportedError(f"the worker of {session.device} does not tell what its GPU can do: it is an older one")
    return Properties(session.device_name, told.major, told.minor, told.total_memory, told.multi_processor_count)


def get_device_capability(device: DeviceLike = None) -> tuple[int, int]:
    """The compute capability of a GPU, such as (9, 0). DeviceError without one."""
    properties = get_device_properties(device)
    return properties.major, properties.minor
