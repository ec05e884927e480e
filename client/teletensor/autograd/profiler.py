"""`torch.autograd.profiler`: see `teletensor.profiler`."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.profiler import record_function

__all__ = ["record_function"]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
