"""Flattening."""

from teletensor.nn.flatten import Flatten, Unflatten

__all__ = ["Flatten", "Unflatten"]
