"""`torch.backends.cudnn`: there is none; the worker's kernels are its own. Its switches may be set, and read back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["allow_tf32", "benchmark", "benchmark_limit", "deterministic", "enabled", "flags", "is_available", "version"]

enabled = True
benchmark = False
benchmark_limit = 10
deterministic = False
allow_tf32 = True


def is_available() -> bool:
    """False."""
    return False


def version() -> None:
    """None: there is no cuDNN."""


def is_acceptable(tensor: object) -> bool:
    """False: there is no cuDNN to give a tensor to."""
    return False


@contextlib.contextmanager
def flags(
    enabled: bool = False, benchmark: bool = False, benchmark_limit: int = 10, deterministic: bool = False,
    allow_tf32: bool = True,
) -> Iterator[None]:  # fmt: skip
    """The switches set inside a `with` block."""
    given = {"enabled": enabled, "benchmark": benchmark, "benchmark_limit": benchmark_limit,
             "deterministic": deterministic, "allow_tf32": allow_tf32}  # fmt: skip
    module = globals()
    before = {name: module[name] for name in given}
    module.update(given)
    try:
        yield
    finally:
        module.update(before)
