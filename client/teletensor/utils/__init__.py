"""Utilities: data sets and loaders."""

from teletensor.utils import data

__all__ = ["data"]
