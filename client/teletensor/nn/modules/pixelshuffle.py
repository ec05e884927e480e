"""Pixel shuffle."""

from teletensor.nn.vision import PixelShuffle, PixelUnshuffle

__all__ = ["PixelShuffle", "PixelUnshuffle"]
