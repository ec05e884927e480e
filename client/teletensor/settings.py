"""Switches of the module that programs set: kept, given back, and of no effect on what is computed.

Ops here are deterministic, products of float32 are computed in float32, and NumPy takes care of threads.
"""

from __future__ import annotations

import os
from typing import Any

from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import sessions
from teletensor.device import Device
from teletensor.tensor import Tensor

__all__ = [
    "are_deterministic_algorithms_enabled", "get_default_device", "get_deterministic_debug_mode",
    "get_float32_matmul_precision", "get_num_interop_threads", "get_num_threads",
    "is_deterministic_algorithms_warn_only_enabled", "is_warn_always_enabled", "set_deterministic_debug_mode",
    "set_float32_matmul_precision", "set_flush_denormal", "set_num_interop_threads", "set_num_threads",
    "set_warn_always",
    "typename", "use_deterministic_algorithms",
]  # fmt: skip

_kept: dict[str, Any] = {
    "num_threads": os.cpu_count() or 1,
    "num_interop_threads": os.cpu_count() or 1,
    "deterministic": False,
    "warn_only": False,
    "matmul_precision": "highest",
    "warn_always": False,
}
_DEBUG_MODES = ("default", "warn", "error")


def get_num_threads() -> int:
    """What `set_num_threads` was given; the number of processors before."""
    return int(_kept["num_threads"])


def set_num_threads(num: int, /) -> None:
    """Keep a number of threads. NumPy reads its own from the environment, before it is imported (OMP_NUM_THREADS)."""
    _kept["num_threads"] = _positive("set_num_threads", num)


def get_num_interop_threads() -> int:
    """What `set_num_interop_threads` was given; the number of processors before."""
    return int(_kept["num_interop_threads"])


def set_num_interop_threads(num: int, /) -> None:
    """Keep a number of threads; ops of this process run one after another."""
    _kept["num_interop_threads"] = _positive("set_num_interop_threads", num)


def _positive(name: str, num: Any) -> int:
    if not isinstance(num, int):
        raise ArgumentTypeError(f"{name} expects an int, but got {type(num).__name__}")
    if num <= 0:
        raise ArgumentError(f"{name} expects a positive integer, but got {num}")
    return num


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Keep the switch: ops are deterministic anyway."""
    _kept["deterministic"], _kept["warn_only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What `use_deterministic_algorithms` was given."""
    return bool(_kept["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What `use_deterministic_algorithms` was given for `warn_only`."""
    return bool(_kept["warn_only"])


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by another name: "default", "warn", "error", or their numbers."""
    name = _DEBUG_MODES[debug_mode] if isinstance(debug_mode, int) else debug_mode
    if name not in _DEBUG_MODES:
        raise ArgumentError(f"invalid value of debug_mode, expected one of {_DEBUG_MODES}, but got {debug_mode}")
    use_deterministic_algorithms(name != "default", warn_only=name == "warn")


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: see `set_deterministic_debug_mode`."""
    return 0 if not _kept["deterministic"] else 1 if _kept["warn_only"] else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Keep the wish: "highest", "high" or "medium". Products of float32 are computed in float32."""
    if precision not in ("highest", "high", "medium"):
        raise ArgumentError(f"expected precision to be one of highest, high, medium; got {precision!r}")
    _kept["matmul_precision"] = precision


def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was given."""
    return str(_kept["matmul_precision"])


def set_flush_denormal(mode: bool) -> bool:
    """False: tiny numbers are not flushed to zero here."""
    return False


def set_warn_always(b: bool, /) -> None:
    """Keep the switch; Python's own filters say how often warnings are shown."""
    _kept["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """What `set_warn_always` was given."""
    return bool(_kept["warn_always"])


def get_default_device() -> Device:
    """Where new tensors go when no device is named."""
    return sessions.default_device()


def typename(obj: Any, /) -> str:
    """The name of an object's class, with its module; of a tensor the name of its legacy class."""
    if isinstance(obj, Tensor):
        return str(obj.type())
    module = getattr(obj, "__module__", "") or type(obj).__module__
    name = getattr(obj, "__qualname__", "") or type(obj).__qualname__
    return name if module in ("", "builtins") else f"{module}.{name}"
