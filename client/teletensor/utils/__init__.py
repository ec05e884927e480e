"""Utilities: data sets and loaders, checkpoints of parts of a model."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.utils import checkpoint, data, hooks
from teletensor.utils.swapping import swap_tensors

__all__ = ["checkpoint", "data", "hooks", "swap_tensors"]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
