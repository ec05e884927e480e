"""`torch.layout` and `torch.memory_format`: names that PyTorch programs pass around. Tensors here are strided, row by
row.
"""

from __future__ import annotations


class layout:
    """How a tensor's elements are kept; here always `strided`."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"


class memory_format:
    """The order of a new tensor's dimensions in memory. Accepted wherever PyTorch takes one; what is made is
    row-major.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"torch.{self._name}"


strided = layout("strided")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
legacy_contiguous_format = contiguous_format
