"""The base class."""

from teletensor.nn.loading import _IncompatibleKeys
from teletensor.nn.module import Module

__all__ = ["Module", "_IncompatibleKeys"]
