"""`torch.cuda`, answering for the connected workers' GPUs. Without one, PyTorch's answers for a machine without a
GPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from teletensor_core.errors import ArgumentError, OutOfMemoryError

from teletensor import legacy, sessions
from teletensor import missing as _missing
from teletensor.cuda import amp as amp
from teletensor.device import Device, DeviceLike
from teletensor.random import get_rng_state as _get_rng_state
from teletensor.random import initial_seed as initial_seed
from teletensor.random import manual_seed as _manual_seed
from teletensor.random import seed as _seed
from teletensor.random import set_rng_state as _set_rng_state
from teletensor.session import Session
from teletensor.tensor import Tensor

if TYPE_CHECKING:
    from teletensor.remote import RemoteSession

__all__ = [
    "BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor",
    "IntTensor",
    "LongTensor", "OutOfMemoryError", "ShortTensor", "amp", "current_device", "device", "device_count", "empty_cache",
    "get_device_name", "get_rng_state", "get_rng_state_all", "init", "initial_seed", "ipc_collect", "is_available",
    "is_bf16_supported", "is_initialized", "manual_seed", "manual_seed_all", "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info", "memory_allocated", "memory_reserved", "reset_peak_memory_stats", "seed", "seed_all", "set_device",
    "set_rng_state", "set_rng_state_all", "synchronize",
]  # fmt: skip


def _gpus() -> list[Session]:
    return [session for session in sessions.connected() if session.device.type == "cuda"]


def _gpu(device: DeviceLike) -> RemoteSession:
    wanted = Device("cuda" if device is None else device)
    if wanted.type != "cuda":
        raise ArgumentError(f"Expected a cuda device, but got: {wanted}")
    found = sessions.resolve(wanted)
    # GPUs are workers'.
    return cast("RemoteSession", found)


# -- which GPUs there are ----------------------------------------------------------------------------------------------


def is_available() -> bool:
    """Whether a connected worker computes on a GPU."""
    return bool(_gpus())


def device_count() -> int:
    """How many GPUs connected workers offer."""
    return len(_gpus())


def is_initialized() -> bool:
    """Whether there is a GPU to use: connecting is all the initialising there is."""
    return is_available()


def init() -> None:
    """Nothing to do: see `is_initialized`. Raises DeviceError without a GPU."""
    _gpu(None)


def current_device() -> int:
    """The number of the GPU that "cuda" stands for."""
    return _gpu(None).device.index or 0


def set_device(device: DeviceLike) -> None:
    """Make a connected worker's GPU the one that "cuda" stands for."""
    sessions.prefer(_gpu(device))


class device:
    """Makes a GPU the one that "cuda" stands for, inside a `with` block. None, or -1, changes nothing."""

    def __init__(self, device: DeviceLike) -> None:
        self._wanted = None if device in (None, -1) else _gpu(device)

    def __enter__(self) -> None:
        self._before = _gpus()[-1] if self._wanted else None
        if self._wanted:
            sessions.prefer(self._wanted)

    def __exit__(self, *exc: object) -> None:
        if self._before:
            sessions.prefer(self._before)


def get_device_name(device: DeviceLike = None) -> str:
    """What the worker's driver calls the GPU."""
    return _gpu(device).device_name


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether bfloat16 works on the GPU: always, where there is one."""
    return is_available()


def synchronize(device: DeviceLike = None) -> None:
    """Wait until everything sent to the GPU (every GPU) has run; raises the oldest error nobody has read."""
    for session in _gpus() if device is None else [_gpu(device)]:
        session.synchronize()


# -- memory ------------------------------------------------------------------------------------------------------------


def empty_cache() -> None:
    """Nothing to do: a worker returns memory to its pool at once."""


def ipc_collect() -> None:
    """Nothing to do: tensors are not shared between processes."""


def memory_allocated(device: DeviceLike = None) -> int:
    """Bytes on the GPU that tensors of this session hold, and their graphs keep; 0 without a GPU. Waits."""
    return _gpu(device).memory().allocated if is_available() else 0


def memory_reserved(device: DeviceLike = None) -> int:
    """Bytes of the GPU that its worker holds for the tensors of all sessions; 0 without a GPU. Waits."""
    return _gpu(device).memory().reserved if is_available() else 0


def mem_get_info(device: DeviceLike = None) -> tuple[int, int]:
    """Free bytes of the GPU, and all of them. Waits. Raises DeviceError without a GPU."""
    told = _gpu(device).memory()
    return told.free, told.total


def max_memory_allocated(device: DeviceLike = None) -> int:
    """The most that `memory_allocated` was found to be since the session began; 0 without a GPU. Waits.

    A worker counts when a backward begins, when a compiled function runs, and when it is asked: memory that was held
    only between two of these, or inside one op, is not in it.
    """
    return _gpu(device).memory().peak_allocated if is_available() else 0


def max_memory_reserved(device: DeviceLike = None) -> int:
    """The most that `memory_reserved` was when anything of memory was asked; 0 without a GPU. Waits."""
    return _gpu(device).memory().peak_reserved if is_available() else 0


def reset_peak_memory_stats(device: DeviceLike = None) -> None:
    """Let `max_memory_allocated` and `max_memory_reserved` start from what is held now. Waits."""
    if is_available():
        _gpu(device).memory(reset_peaks=True)


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
    return [_get_rng_state() for _ in _gpus()]


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
