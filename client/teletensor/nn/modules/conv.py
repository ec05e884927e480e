"""Convolutions."""

from teletensor.nn.conv import Conv1d, Conv2d, Conv3d, _ConvNd
from teletensor.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "_ConvNd"]
