"""Batch norm."""

from teletensor.nn.batchnorm import BatchNorm1d, BatchNorm2d, _BatchNorm, _NormBase

__all__ = ["BatchNorm1d", "BatchNorm2d", "_BatchNorm", "_NormBase"]
