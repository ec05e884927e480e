"""Utilities: data sets and loaders, checkpoints of parts of a model."""

from teletensor.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
