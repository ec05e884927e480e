"""A plain TCP socket on loopback, used as well as Python can: arrays leave from and arrive in their own memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks import work
from benchmarks.peers.serve import Work, Works, serve
from benchmarks.socket_peer import SocketPeer


def works(peer: SocketPeer) -> Works:
    """Moving arrays, and one number there and back."""

    def one() -> Work:
        number = [np.zeros(1, np.int64)]
        peer.upload(number, keep=True)
        return Work(
            lambda count: [peer.download(1, 8) for _ in range(count)],
            lambda: int(peer.download(1, 8)[0].view(np.int64)[0]) + 1,
        )

    def moving(arrays: list[np.ndarray[Any, Any]], up: bool, pieces: float, value: Any) -> Work:
        peer.upload(arrays, keep=True)
        size = arrays[0].nbytes

        def received() -> list[np.ndarray[Any, Any]]:
            return [array.view(np.float32) for array in peer.download(len(arrays), size)]

        def run(count: int) -> None:
            for _ in range(count):
                if up:
                    peer.upload(arrays)
                else:
                    peer.download(len(arrays), size)

        return Work(run, lambda: value(received()), pieces)

    def large(up: bool) -> Work:
        array = np.arange(work.LARGE_MB << 18, dtype=np.float32)
        return moving([array], up, work.LARGE_MB, lambda found: float(found[0][-5:].sum()))

    def many(up: bool) -> Work:
        arrays = [np.full(work.SMALL_BYTES // 4, i, np.float32) for i in range(work.MANY)]
        return moving(arrays, up, work.MANY, lambda found: [float(x[0]) for x in found[::100]])

    return {
        "one": one, "upload": lambda: large(True), "download": lambda: large(False),
        "many up": lambda: many(True), "many down": lambda: many(False),
    }  # fmt: skip


if __name__ == "__main__":
    with SocketPeer() as opened:
        serve(works(opened))
