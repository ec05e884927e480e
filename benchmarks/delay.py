"""A TCP proxy on loopback that adds delay, and passes on as much as is wanted: what a far worker feels like.

`python -m benchmarks.delay HOST:PORT ROUND_TRIP_MS [MB_PER_SECOND]` prints the address that it listens on.
"""

from __future__ import annotations

import contextlib
import math
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

_PIECE = 1 << 18
# Pieces on their way in one direction: room for a gigabyte a second over a tenth of one.
_MOST_PIECES = 4096
# How far ahead of a limited rate bytes are taken, in seconds.
_AHEAD = 0.05


class DelayProxy:
    """Passes on every connection to `target`, each byte `one_way` seconds later. Listens at `address` until closed.

    Each direction of a connection has `rate` bytes a second.
    """

    def __init__(self, target: str, one_way: float, rate: float = math.inf) -> None:
        self._rate = rate
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self._one_way = one_way
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._target)
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pieces: queue.Queue[tuple[float, bytes]] = queue.Queue(_MOST_PIECES)
                threading.Thread(target=self._take, args=(source, pieces), daemon=True).start()
                threading.Thread(target=_give, args=(sink, pieces), daemon=True).start()

    def _take(self, source: socket.socket, pieces: queue.Queue[tuple[float, bytes]]) -> None:
        data, free = b"?", 0.0
        while data:
            try:
                data = source.recv(_PIECE)
            except OSError:
                data = b""
            free = max(free, time.monotonic()) + len(data) / self._rate
            pieces.put((free + self._one_way, data))
            if (early := free - _AHEAD - time.monotonic()) > 0:
                time.sleep(early)

    def close(self) -> None:
        """Take no new connections, and break those that are open."""
        for each in (self._server, *self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def __enter__(self) -> DelayProxy:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _give(sink: socket.socket, pieces: queue.Queue[tuple[float, bytes]]) -> None:
    """Send what is due; an empty piece is the end. What nobody takes any more is dropped."""
    broken = False
    while True:
        due, data = pieces.get()
        if (left := due - time.monotonic()) > 0:
            time.sleep(left)
        try:
            if not data:
                sink.shutdown(socket.SHUT_WR)
            elif not broken:
                sink.sendall(data)
        except OSError:
            broken = True
        if not data:
            return


@contextlib.contextmanager
def proxied(target: str, round_trip: float, rate: float = math.inf) -> Iterator[str]:
    """The address of such a proxy in a process of its own, so that it takes no time from the one that is measured."""
    command = [sys.executable, "-m", "benchmarks.delay", target, str(round_trip * 1e3), str(rate / 1e6)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


if __name__ == "__main__":
    megabytes = float(sys.argv[3]) if len(sys.argv) > 3 else math.inf
    with DelayProxy(sys.argv[1], float(sys.argv[2]) / 2e3, megabytes * 1e6) as proxy:
        print(proxy.address, flush=True)
        sys.stdin.read()
