"""Another process at the end of a plain TCP socket: what moving arrays costs at least, as plainly as Python can.

Whoever sends does so straight from the arrays, one call each; whoever receives makes a new array for each and receives
straight into it.
"""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
from typing import Any

import numpy as np

_ASK = struct.Struct("<cQQ")
_UP, _KEEP, _DOWN = b"u", b"k", b"d"


class SocketPeer:
    """A process that takes arrays of bytes, and sends those back that it was to keep. Ends with the `with` block."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = str(server.getsockname()[1])
            self._process = subprocess.Popen([sys.executable, "-m", "benchmarks.socket_peer", port])
            self._socket = server.accept()[0]
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def upload(self, arrays: list[np.ndarray[Any, Any]], keep: bool = False) -> None:
        """Send arrays of one size, and wait until the other side has them all."""
        self._socket.sendall(_ASK.pack(_KEEP if keep else _UP, len(arrays), arrays[0].nbytes))
        for array in arrays:
            self._socket.sendall(array)
        assert self._socket.recv(1) == b"!"

    def download(self, count: int, size: int) -> list[np.ndarray[Any, Any]]:
        """The arrays that it keeps: so many, of so many bytes."""
        self._socket.sendall(_ASK.pack(_DOWN, count, size))
        return [_received(self._socket, size) for _ in range(count)]

    def __enter__(self) -> SocketPeer:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()
        self._process.wait(10)


def _received(connection: socket.socket, size: int) -> np.ndarray[Any, Any]:
    array = np.empty(size, np.uint8)
    view, at = memoryview(array), 0
    while at < size:
        got = connection.recv_into(view[at:])
        if not got:
            raise EOFError
        at += got
    return array


def _serve(connection: socket.socket) -> None:
    kept: list[np.ndarray[Any, Any]] = []
    while ask := connection.recv(_ASK.size, socket.MSG_WAITALL):
        kind, count, size = _ASK.unpack(ask)
        if kind == _DOWN:
            for array in kept:
                connection.sendall(array)
            continue
        arrays = [_received(connection, size) for _ in range(count)]
        connection.sendall(b"!")
        if kind == _KEEP:
            kept = arrays
        del arrays


if __name__ == "__main__":
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _serve(opened)
