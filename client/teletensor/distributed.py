"""`torch.distributed`: not there. Programs that ask first hear so, and train in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teletensor import missing as _missing

__all__ = ["is_available", "is_initialized"]


def is_available() -> bool:
    """False: training over several processes is not in this version."""
    return False


def is_initialized() -> bool:
    """False: there is no process group."""
    return False


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
