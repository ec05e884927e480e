"""Channel shuffle."""

from teletensor.nn.vision import ChannelShuffle

__all__ = ["ChannelShuffle"]
