"""Chunks that travel compressed by Zstandard, where their link is slow and their bytes shrink.

Each is compressed for itself, so that none waits for another and whoever receives needs no more room than for one. What
a chunk's elements are is not told: a sample of its bytes, sorted by their places in elements of every usual width, says
what shrinks best. The bytes of numbers that are near each other differ in few of their places.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
from teletensor_core.errors import MalformedRequestError

from teletensor_protos.frames import CHUNK_BYTES, Piece, grouped
from teletensor_protos.v1.worker_pb2 import CompressedChunk

try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:
    AVAILABLE = False
else:
    AVAILABLE = True

_Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]

CAPABILITY = "zstd"
INSTALL = "pip install 'teletensor[zstd]'"
# What is taken to be compressed in a second, by whoever is slow at it: a link that carries more is better left alone.
_BYTES_PER_SECOND = 300e6
_LEVEL = 1
_WINDOW_LOG = CHUNK_BYTES.bit_length() - 1
_WIDTHS = (0, 2, 4, 8)
# Chunks of fewer bytes are left alone. Of others, two pieces of so many bytes are looked at.
_LEAST, _LOOKED_AT = 1 << 15, 1 << 13
# What is not made smaller by this part is sent as it is.
_LEAST_SAVED = 1 / 16


def pays(rate: float, ratio: float = math.inf) -> bool:
    """Whether bytes that shrink by `ratio` are there earlier compressed, over a link of `rate` bytes a second."""
    return AVAILABLE and rate < _BYTES_PER_SECOND * (1 - 1 / ratio)


def compress(data: Piece, rate: float) -> CompressedChunk | None:
    """The bytes of a chunk compressed, if that pays on a link of `rate` bytes a second."""
    size = len(data)
    if size < _LEAST or not pays(rate):
        return None
    elements = np.frombuffer(data, np.uint8)
    width, ratio = _best(elements)
    if not pays(rate, ratio):
        return None
    writer = zstd.ZstdCompressor(level=_LEVEL)
    small = writer.compress(_sorted(elements, width).data, writer.FLUSH_FRAME)
    return CompressedChunk(size=size, width=width, data=small) if len(small) < (1 - _LEAST_SAVED) * size else None


def compress_each(pieces: Iterable[Piece], rate: float) -> Iterator[CompressedChunk | list[Piece]]:
    """Chunks with these bytes one after another: compressed, or the pieces of one that is not."""
    for group in grouped(pieces, CHUNK_BYTES):
        yield compress(group[0] if len(group) == 1 else b"".join(group), rate) or group


def decompress(chunk: CompressedChunk, most: int) -> memoryview:
    """The bytes of a chunk, no more than `most`: memory for more is never taken, whatever the chunk says.

    Raises MalformedRequestError for anything but what the protocol says.
    """
    size, width = chunk.size, chunk.width
    if not AVAILABLE:
        raise MalformedRequestError("a compressed chunk came; this side has not said that it can take them")
    most = min(most, CHUNK_BYTES)
    if not 0 < size <= most or width not in _WIDTHS:
        raise MalformedRequestError(
            f"a compressed chunk of {size} bytes, in elements of {width}, came where at most {most} are taken"
        )
    reader = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG})
    try:
        # One byte more, so that the end of the frame is looked for.
        data = reader.decompress(chunk.data, size + 1)
    except zstd.ZstdError as error:
        raise MalformedRequestError(f"a compressed chunk is damaged: {error}") from None
    if len(data) != size or not reader.eof or reader.unused_data:
        raise MalformedRequestError(f"a compressed chunk is not the {size} bytes that it says it is")
    return _in_order(data, width)


def _best(elements: _Bytes) -> tuple[int, float]:
    """The width by which a sample shrinks most, and the ratio."""
    step = len(elements) // 4 & -8
    sample = np.concatenate([elements[at : at + _LOOKED_AT] for at in (step, 3 * step)])
    writer = zstd.ZstdCompressor(level=_LEVEL)

    def size(width: int) -> int:
        # Each place for itself: Zstandard looks at 128 KiB at a time, which is less than one place has in a chunk.
        places = _sorted(sample, width).reshape(width or 1, -1)
        return sum(len(writer.compress(place.data, writer.FLUSH_FRAME)) for place in places)

    best, width = min((size(width), width) for width in _WIDTHS)
    return width, len(sample) / best


def _sorted(elements: _Bytes, width: int) -> _Bytes:
    """The bytes, sorted by their places in elements of so many."""
    if not width:
        return elements
    whole = len(elements) // width * width
    planes = np.empty(len(elements), np.uint8)
    planes[:whole].reshape(width, -1)[:] = elements[:whole].reshape(-1, width).T
    planes[whole:] = elements[whole:]
    return planes


def _in_order(data: bytes, width: int) -> memoryview:
    """Bytes that were sorted by their places in elements, as they were."""
    if not width:
        return memoryview(data)
    planes = np.frombuffer(data, np.uint8)
    whole = len(planes) // width * width
    elements = np.empty(len(planes), np.uint8)
    elements[:whole].reshape(-1, width)[:] = planes[:whole].reshape(width, -1).T
    elements[whole:] = planes[whole:]
    return elements.data
