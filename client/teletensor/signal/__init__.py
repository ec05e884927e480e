"""`torch.signal`: windows."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.signal import windows

__all__ = ["windows"]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
