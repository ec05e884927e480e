"""`torch.backends.cuda`: switches of GPU kernels. They may be set, and read back; the worker's kernels are its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = [
    "cudnn_sdp_enabled", "enable_cudnn_sdp", "enable_flash_sdp", "enable_math_sdp", "enable_mem_efficient_sdp",
    "flash_sdp_enabled", "is_built", "math_sdp_enabled", "matmul", "mem_efficient_sdp_enabled", "sdp_kernel",
]  # fmt: skip


class _Matmul:
    """Precision of matrix products: those of float32 are always computed in float32."""

    allow_tf32 = False
    allow_fp16_reduced_precision_reduction = True
    allow_bf16_reduced_precision_reduction = True


matmul = _Matmul()
_attention = {"flash": True, "mem_efficient": True, "math": True, "cudnn": True}


def is_built() -> bool:
    """Whether this program could use a GPU: always, over a connection."""
    return True


def flash_sdp_enabled() -> bool:
    """What `enable_flash_sdp` was set to."""
    return _attention["flash"]


def enable_flash_sdp(enabled: bool) -> None:
    """Set the switch; attention is one kernel here, whatever it says."""
    _attention["flash"] = enabled


def mem_efficient_sdp_enabled() -> bool:
    """What `enable_mem_efficient_sdp` was set to."""
    return _attention["mem_efficient"]


def enable_mem_efficient_sdp(enabled: bool) -> None:
    """Set the switch; attention is one kernel here, whatever it says."""
    _attention["mem_efficient"] = enabled


def math_sdp_enabled() -> bool:
    """What `enable_math_sdp` was set to."""
    return _attention["math"]


def enable_math_sdp(enabled: bool) -> None:
    """Set the switch; attention is one kernel here, whatever it says."""
    _attention["math"] = enabled


def cudnn_sdp_enabled() -> bool:
    """What `enable_cudnn_sdp` was set to."""
    return _attention["cudnn"]


def enable_cudnn_sdp(enabled: bool) -> None:
    """Set the switch; attention is one kernel here, whatever it says."""
    _attention["cudnn"] = enabled


@contextlib.contextmanager
def sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[None]:
    """The switches of attention set inside a `with` block."""
    before = dict(_attention)
    _attention.update(flash=enable_flash, math=enable_math, mem_efficient=enable_mem_efficient, cudnn=enable_cudnn)
    try:
        yield
    finally:
        _attention.update(before)
