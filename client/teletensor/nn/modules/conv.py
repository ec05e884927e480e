"""Convolutions."""

from teletensor.nn.conv import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, _ConvNd

__all__ = ["Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "_ConvNd"]
