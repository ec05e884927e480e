"""Moving tensors, beside a plain socket: one large array and a thousand small ones, and the time of one read."""

from __future__ import annotations

from typing import Any

import numpy as np
import teletensor as tt

from benchmarks.harness import Result, Side, compare
from benchmarks.socket_peer import SocketPeer

Arrays = list[np.ndarray[Any, Any]]


class Sides:
    """The same arrays moved by a socket and by a session; every array that comes back is checked once."""

    def __init__(self, peer: SocketPeer, session: Any, arrays: Arrays) -> None:
        self._peer, self._session, self._arrays = peer, session, arrays
        self._device = session.device
        self._there = self._put()
        peer.upload(arrays, keep=True)
        for got in (self._fetch(), self._receive()):
            for array, expected in zip(got, arrays, strict=True):
                np.testing.assert_array_equal(array.view(np.uint8), expected.view(np.uint8))

    def _put(self) -> list[tt.Tensor]:
        there = [tt.tensor(array, device=self._device) for array in self._arrays]
        self._session.synchronize()
        return there

    def _fetch(self) -> Arrays:
        fetched: Arrays = self._session.read([tensor._ref for tensor in self._there])
        return fetched

    def _receive(self) -> Arrays:
        return self._peer.download(len(self._arrays), self._arrays[0].nbytes)

    def up(self) -> dict[str, Side]:
        """Upload, and wait until it is there."""
        return {"socket": _often(lambda: self._peer.upload(self._arrays)), "worker": _often(self._put)}

    def down(self) -> dict[str, Side]:
        """Download into new memory."""
        return {"socket": _often(self._receive), "worker": _often(self._fetch)}


def _often(run: Any) -> Side:
    def side(count: int) -> None:
        for _ in range(count):
            run()

    return side


def _arrays(count: int, size: int) -> Arrays:
    draw = np.random.default_rng(0)
    return [draw.standard_normal(size // 4, np.float32) for _ in range(count)]


def run(session: Any, peers: dict[str, Any]) -> list[Result]:
    """Uploads and downloads beside a plain socket, and the latency of `item()`."""
    number = tt.ones(1, device=session.device)

    def read(count: int) -> None:
        for _ in range(count):
            number.item()

    def change_and_read(count: int) -> None:
        for _ in range(count):
            (number + 1).item()

    with SocketPeer() as peer:
        results = []
        for name, unit, scale, count, size in (
            ("256 MiB", "MB/s", (256 << 20) / 1e6, 1, 256 << 20),
            ("1,000 arrays of 4 KiB", "arrays/s", 1000, 1000, 4 << 10),
        ):
            sides = Sides(peer, session, _arrays(count, size))
            results.append(compare(f"upload of {name}", sides.up(), unit, scale))
            results.append(compare(f"download of {name}", sides.down(), unit, scale))
            del sides
    results.append(compare("item() on an idle link", {"worker": read}, "us"))
    results.append(compare("an op and item()", {"worker": change_and_read}, "us"))
    return results
