"""A plain TCP socket on loopback, used as well as Python can: arrays leave from and arrive in their own memory."""

from __future__ import annotations

import multiprocessing
import socket
import struct
from typing import Any

import numpy as np

from benchmarks import work
from benchmarks.peers.serve import Work, Works, serve

# A request: what is asked for, and how many bytes.
_REQUEST = struct.Struct("<cq")
_UP, _DOWN, _NUMBER = b"u", b"d", b"n"


def _receive(connection: socket.socket, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    view = memoryview(array.view(np.uint8).reshape(-1))
    at = 0
    while at < view.nbytes:
        got = connection.recv_into(view[at:])
        if not got:
            raise EOFError
        at += got
    return array


def _answer(connection: socket.socket) -> None:
    """The other end: takes bytes into fresh memory, gives an array of such a size, or adds one to a number."""
    request = np.empty(_REQUEST.size, np.uint8)
    held: dict[int, np.ndarray[Any, Any]] = {}
    while True:
        try:
            kind, size = _REQUEST.unpack(_receive(connection, request).tobytes())
        except EOFError:
            return
        if kind == _UP:
            held[size] = _receive(connection, np.empty(size // 4, np.float32))
            connection.sendall(held[size][-5:].sum().tobytes())
        elif kind == _DOWN:
            connection.sendall(held[size].data)
        else:
            connection.sendall(struct.pack("<q", size + 1))


def _connect() -> socket.socket:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
    for each in (here, there):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    multiprocessing.get_context("fork").Process(target=_answer, args=(there,), daemon=True).start()
    there.close()
    return here


def works(connection: socket.socket) -> Works:
    """Moving bytes, and one number."""
    number, total = np.empty(1, np.int64), np.empty(1, np.float32)

    def one() -> Work:
        def value() -> int:
            connection.sendall(_REQUEST.pack(_NUMBER, 0))
            return int(_receive(connection, number)[0])

        return Work(lambda count: [value() for _ in range(count)], value)

    def up(array: np.ndarray[Any, Any]) -> float:
        connection.sendall(_REQUEST.pack(_UP, array.nbytes))
        connection.sendall(array.data)
        return float(_receive(connection, total)[0])

    def down(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        connection.sendall(_REQUEST.pack(_DOWN, array.nbytes))
        return _receive(connection, np.empty_like(array))

    def large(upwards: bool) -> Work:
        array = np.arange(work.LARGE_MB << 18, dtype=np.float32)
        up(array)
        move = up if upwards else down
        check = (lambda: up(array)) if upwards else lambda: float(down(array)[-5:].sum())
        return Work(lambda count: [move(array) for _ in range(count)][:0], check, work.LARGE_MB)

    def many(upwards: bool) -> Work:
        """All in one go, one array after another, then one answer."""
        arrays = [np.full(work.SMALL_BYTES // 4, i, np.float32) for i in range(work.MANY)]
        joined = np.concatenate(arrays)
        up(joined)

        def run(count: int) -> list[Any]:
            parts: list[Any] = []
            for _ in range(count):
                connection.sendall(_REQUEST.pack(_UP if upwards else _DOWN, joined.nbytes))
                if upwards:
                    for array in arrays:
                        connection.sendall(array.data)
                    _receive(connection, total)
                else:
                    parts = [_receive(connection, np.empty(work.SMALL_BYTES // 4, np.float32)) for _ in arrays]
            return parts

        def check() -> list[float]:
            run(1)
            return [float(x[0]) for x in np.split(down(joined), work.MANY)[::100]]

        return Work(run, check, work.MANY)

    return {
        "one": one, "upload": lambda: large(True), "download": lambda: large(False),
        "many up": lambda: many(True), "many down": lambda: many(False),
    }  # fmt: skip


if __name__ == "__main__":
    serve(works(_connect()))
