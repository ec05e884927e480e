"""`torch.cuda`, answering for the connected workers' GPUs. Without one, PyTorch's answers for a machine without a
GPU.
"""

from __future__ import annotations

from typing import Any

from teletensor import sessions
from teletensor.device import Device
from teletensor.random import manual_seed as _manual_seed
from teletensor.session import Session


def _gpus() -> list[Session]:
    return [session for session in sessions.connected() if session.device.type == "cuda"]


def is_available() -> bool:
    """Whether a connected worker computes on a GPU."""
    return bool(_gpus())


def device_count() -> int:
    """How many GPUs connected workers offer."""
    return len(_gpus())


def current_device() -> int:
    """The number of the GPU that "cuda" stands for."""
    return sessions.resolve("cuda").device.index or 0


def get_device_name(device: Any = None) -> str:
    """A name for the GPU."""
    return str(sessions.resolve("cuda" if device is None else Device(device)).device)


def synchronize(device: Any = None) -> None:
    """Wait until everything sent to the GPU (every GPU) has run; raises the oldest error nobody has read."""
    for session in _gpus() if device is None else [sessions.resolve(Device(device))]:
        session.synchronize()


def manual_seed(seed: int) -> None:
    """Start the generator afresh: there is one for all places."""
    _manual_seed(seed)


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Nothing to do: a worker returns memory to its pool at once."""


def is_bf16_supported() -> bool:
    """Whether bfloat16 works on the GPU."""
    return is_available()
