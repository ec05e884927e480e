"""`torch.cuda`, answering for the connected workers' GPUs. Without one, PyTorch's answers for a machine without a
GPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teletensor_core.errors import OutOfMemoryError

from teletensor import legacy, sessions
from teletensor import missing as _missing
from teletensor.cuda import amp as amp
from teletensor.cuda.gpus import all_gpus, find, get_device_capability, get_device_properties
from teletensor.cuda.memory import (
    empty_cache,
    ipc_collect,
    max_memory_allocated,
    max_memory_cached,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_cached,
    memory_reserved,
    memory_stats,
    memory_stats_as_nested_dict,
    memory_summary,
    reset_accumulated_memory_stats,
    reset_max_memory_allocated,
    reset_max_memory_cached,
    reset_peak_memory_stats,
)
from teletensor.cuda.streams import (
    Event,
    Stream,
    StreamContext,
    current_stream,
    default_stream,
    is_current_stream_capturing,
    set_stream,
    stream,
)
from teletensor.device import DeviceLike
from teletensor.random import get_rng_state as _get_rng_state
from teletensor.random import initial_seed as initial_seed
from teletensor.random import manual_seed as _manual_seed
from teletensor.random import seed as _seed
from teletensor.random import set_rng_state as _set_rng_state
from teletensor.tensor import Tensor

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "Event", "FloatTensor", "HalfTensor",
    "IntTensor", "LongTensor", "OutOfMemoryError", "ShortTensor", "Stream", "StreamContext", "amp",
    "can_device_access_peer", "current_device", "current_stream", "default_stream", "device",
    "device_count", "device_of", "empty_cache", "get_arch_list", "get_device_capability", "get_device_name",
    "get_device_properties", "get_gencode_flags", "get_rng_state", "get_rng_state_all", "init", "initial_seed",
    "ipc_collect", "is_available", "is_bf16_supported", "is_current_stream_capturing", "is_initialized",
    "is_tf32_supported", "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_cached",
    "max_memory_reserved", "mem_get_info", "memory_allocated", "memory_cached", "memory_reserved", "memory_stats",
    "memory_stats_as_nested_dict", "memory_summary", "reset_accumulated_memory_stats", "reset_max_memory_allocated",
    "reset_max_memory_cached", "reset_peak_memory_stats", "seed", "seed_all", "set_device", "set_rng_state",
    "set_rng_state_all", "set_stream", "stream", "synchronize",
]  # fmt: skip


# -- which GPUs there are ----------------------------------------------------------------------------------------------


def is_available() -> bool:
    """Whether a connected worker computes on a GPU."""
    return bool(all_gpus())


def device_count() -> int:
    """How many GPUs connected workers offer."""
    return len(all_gpus())


def is_initialized() -> bool:
    """Whether there is a GPU to use: connecting is all the initialising there is."""
    return is_available()


def init() -> None:
    """Nothing to do: see `is_initialized`. Raises DeviceError without a GPU."""
    find(None)


def current_device() -> int:
    """The number of the GPU that "cuda" stands for."""
    return find(None).device.index or 0


def set_device(device: DeviceLike) -> None:
    """Make a connected worker's GPU the one that "cuda" stands for."""
    sessions.prefer(find(device))


class device:
    """Makes a GPU the one that "cuda" stands for, inside a `with` block. None, or -1, changes nothing."""

    def __init__(self, device: DeviceLike) -> None:
        self._wanted = None if device in (None, -1) else find(device)

    def __enter__(self) -> None:
        self._before = all_gpus()[-1] if self._wanted else None
        if self._wanted:
            sessions.prefer(self._wanted)

    def __exit__(self, *exc: object) -> None:
        if self._before:
            sessions.prefer(self._before)


class device_of(device):
    """`device` for the GPU that a tensor is on; of a tensor elsewhere nothing changes."""

    def __init__(self, obj: Tensor) -> None:
        super().__init__(obj.device if obj.is_cuda else None)


def get_device_name(device: DeviceLike = None) -> str:
    """What the worker's driver calls the GPU."""
    return find(device).device_name


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether bfloat16 works on the GPU: always, where there is one."""
    return is_available()


def is_tf32_supported() -> bool:
    """False: products of float32 are computed in float32."""
    return False


def get_arch_list() -> list[str]:
    """The architectures that this was compiled for: none, kernels are compiled on the worker for the GPU it has."""
    return []


def get_gencode_flags() -> str:
    """The compiler's flags for `get_arch_list`: none."""
    return ""


def can_device_access_peer(device: DeviceLike, peer_device: DeviceLike) -> bool:
    """False: workers do not reach into each other's memory. DeviceError for a GPU that is not there."""
    find(device), find(peer_device)
    return False


def synchronize(device: DeviceLike = None) -> None:
    """Wait until everything sent to the GPU (every GPU) has run; raises the oldest error nobody has read."""
    for session in all_gpus() if device is None else [find(device)]:
        session.synchronize()


# -- random numbers: there is one generator for all places -------------------------------------------------------------


def manual_seed(seed: int) -> None:
    """Start the generator afresh from `seed`."""
    _manual_seed(seed)


manual_seed_all = manual_seed


def seed() -> None:
    """Start the generator from a seed that the operating system chose."""
    _seed()


seed_all = seed


def get_rng_state(device: DeviceLike = "cuda") -> Tensor:
    """The generator's state."""
    return _get_rng_state()


def get_rng_state_all() -> list[Tensor]:
    """The generator's state, once for each GPU."""
    return [_get_rng_state() for _ in all_gpus()]


def set_rng_state(new_state: Tensor, device: DeviceLike = "cuda") -> None:
    """Put back what `get_rng_state` gave."""
    _set_rng_state(new_state)


def set_rng_state_all(new_states: list[Tensor]) -> None:
    """Put back what `get_rng_state_all` gave."""
    for state in new_states[:1]:
        _set_rng_state(state)


# -- the older names of dtypes on a GPU --------------------------------------------------------------------------------

HalfTensor, BFloat16Tensor = legacy.CUDA["HalfTensor"], legacy.CUDA["BFloat16Tensor"]
FloatTensor, DoubleTensor = legacy.CUDA["FloatTensor"], legacy.CUDA["DoubleTensor"]
BoolTensor, ByteTensor, CharTensor = legacy.CUDA["BoolTensor"], legacy.CUDA["ByteTensor"], legacy.CUDA["CharTensor"]
ShortTensor, IntTensor, LongTensor = legacy.CUDA["ShortTensor"], legacy.CUDA["IntTensor"], legacy.CUDA["LongTensor"]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
