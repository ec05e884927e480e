"""Wrappers that spread work over devices in PyTorch; a session has one device."""

from teletensor.nn.parallel.data_parallel import DataParallel

__all__ = ["DataParallel"]
