"""Arrays as images: any order of dimensions, batches as a grid, PNG."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

# PNG's colour types, by the number of channels.
_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}
_COLUMNS = 8


def as_bytes(array: Any, dataformats: str) -> Any:
    """An image, or a grid of a batch of them, as uint8 of shape (height, width, channels).

    Anything but uint8 is in [0, 1]. AssertionError where `dataformats` (as "CHW") does not fit the shape.
    """
    image = _channels_last(array, dataformats)
    scale = 1 if image.dtype == np.uint8 else 255
    return (image.astype(np.float32) * scale).clip(0, 255).astype(np.uint8)


def _channels_last(array: Any, given: str) -> Any:
    if len(set(given)) != len(given):
        raise AssertionError(f"You can not use the same dimension shorthand twice. input_format: {given}")
    if array.ndim != len(given):
        raise AssertionError(
            f"size of input tensor and input format are different. tensor shape: {array.shape}, input_format: {given}"
        )
    wanted = {2: "HW", 3: "HWC", 4: "NCHW"}[len(given)]
    array = array.transpose([given.upper().find(letter) for letter in wanted])
    if wanted == "NCHW":
        return _grid(array)
    array = array if array.ndim == 3 else array[..., None]
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _grid(images: Any) -> Any:
    """Images of shape (N, 1 or 3, H, W) in rows of eight; what is left of the last row is black."""
    count, channels, height, width = images.shape
    if channels not in (1, 3):
        raise AssertionError(f"a batch of images has 1 or 3 channels, not {channels}")
    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, 3, height, width), images.dtype)
    cells[:count] = images
    grid = cells.reshape(rows, columns, 3, height, width).transpose(0, 3, 1, 4, 2)
    return grid.reshape(rows * height, columns * width, 3)


def png(image: Any) -> bytes:
    """A uint8 image of shape (height, width, channels) as a PNG file. Source: RFC 2083."""
    height, width, channels = image.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOURS[channels], 0, 0, 0)
    # Every row begins with its filter's number: none.
    rows = np.zeros((height, 1 + width * channels), np.uint8)
    rows[:, 1:] = image.reshape(height, -1)
    parts = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
