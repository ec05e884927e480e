"""What is known of the way to a worker, and what is compressed because of that."""

from __future__ import annotations

import math
import time
from typing import Literal, TypeAlias

from teletensor_protos import compression
from teletensor_protos.frames import unpack_chunk
from teletensor_protos.v1.worker_pb2 import ClientFrame, CompressedChunk

from teletensor.channel import is_loopback
from teletensor.flow import Rate

Compression: TypeAlias = Literal["auto", "zstd"] | None

# Bytes a second: what a network is taken to carry until it was measured; what is faster is not worth hashing for.
_USUAL_RATE = 125e6
_FAST_RATE = 200e6
# An answer of fewer bytes may have been all here by the time the receiver had its turn; and an upload of fewer takes as
# long on this machine, where nothing is slow but tunnels, as whoever waits for it takes to wake up.
_MEASURED = 4 << 20
_MEASURED_FAR = 1 << 20
# On this machine only a tunnel carries less than this; what was measured while both sides computed is no less.
_TUNNEL_RATE = 60e6
# What the worker is told of a link that nothing is compressed for.
_ENDLESS = 1e12
# The worker is told of a rate that differs by this factor from what it was told.
_NEWS = 1.25


class Link:
    """Rates both ways, measured; with `compression`, what they carry is compressed where that pays.

    That is from the first measurement on, or with "zstd" always. `bytes_saved` counts what did not travel because of
    it, both ways.
    """

    def __init__(self, address: str, compression: Compression) -> None:
        guess, least = (math.inf, _MEASURED) if is_loopback(address) else (_USUAL_RATE, _MEASURED_FAR)
        self.up, self._down = Rate(guess, least), Rate(guess, _MEASURED)
        self.bytes_saved = 0
        self._compression = compression
        self._slow = _TUNNEL_RATE if is_loopback(address) else math.inf
        self._told = 0.0
        # Of the answer that is arriving: when its first chunk came, the bytes after that, and whether some of these
        # were compressed.
        self._began, self._size, self._compressed = 0.0, 0, False

    @property
    def is_slow(self) -> bool:
        """Whether it takes longer to send elements than to hash them."""
        return float(self.up) < _FAST_RATE

    # -- up ----------------------------------------------------------------------------------------------------------

    def frame(self, packed: bytes) -> bytes:
        """A packed chunk, compressed if that pays."""
        rate = self._rate(self.up)
        if not compression.pays(rate):
            return packed
        data = unpack_chunk(packed)
        assert data is not None, "only chunks are packed"
        chunk = compression.compress(data, rate)
        if chunk is None:
            return packed
        self.bytes_saved += chunk.size - len(chunk.data)
        return ClientFrame(compressed=chunk).SerializeToString()

    def _rate(self, *measured: Rate) -> float:
        if self._compression == "auto":
            seen = next((rate.seen for rate in measured if rate.seen), math.inf)
            return seen if seen < self._slow else math.inf
        return math.inf if self._compression is None else 1.0

    def news(self) -> int:
        """What to tell the worker of the rate of the way down: bytes a second, or 0 when it is as it was."""
        rate = min(self._rate(self._down, self.up), _ENDLESS)
        if (rate == _ENDLESS and not self._told) or self._told / _NEWS < rate < self._told * _NEWS:
            return 0
        self._told = rate
        return math.ceil(rate)

    # -- down --------------------------------------------------------------------------------------------------------

    def take(self, chunk: CompressedChunk) -> memoryview:
        """The elements of a compressed chunk that arrived. Raises MalformedRequestError."""
        elements = compression.decompress(chunk, chunk.size)
        self.bytes_saved += chunk.size - len(chunk.data)
        self._compressed = True
        return elements

    def arrived(self, size: int) -> None:
        """A chunk of an answer is here, of so many bytes on its way."""
        if self._began:
            self._size += size
        else:
            self._began = time.monotonic()

    def end(self) -> None:
        """No more chunks belong to the answer."""
        if self._began:
            self._down.carried(self._size, self._began, self._compressed)
            self._began, self._size, self._compressed = 0.0, 0, False
