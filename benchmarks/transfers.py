"""Moving tensors: megabytes a second each way, and the time of one read on an idle link."""

from __future__ import annotations

import multiprocessing
import socket
from typing import Any

import numpy as np
import teletensor as tt

from benchmarks.harness import Result, Side, compare

MEGABYTES = 32


def _answer(connection: socket.socket, size: int) -> None:
    """The other end of a plain socket: takes `size` bytes, sends them back."""
    buffer = bytearray(size)
    while True:
        view, at = memoryview(buffer), 0
        while at < size:
            got = connection.recv_into(view[at:])
            if not got:
                return
            at += got
        connection.sendall(buffer)


def _socket(size: int) -> tuple[Side, Any]:
    """Sending bytes to another process and back over TCP on loopback, as plainly as Python can."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
    process = multiprocessing.get_context("fork").Process(target=_answer, args=(there, size), daemon=True)
    process.start()
    there.close()
    data, buffer = bytes(size), bytearray(size)

    def run(count: int) -> None:
        for _ in range(count):
            here.sendall(data)
            view, at = memoryview(buffer), 0
            while at < size:
                at += here.recv_into(view[at:])

    return run, here


def run(session: Any, peers: dict[str, Any]) -> list[Result]:
    """Uploads, downloads, a round trip of the same bytes beside a plain socket, and the latency of `item()`."""
    array = np.ones(MEGABYTES << 18, np.float32)
    there = tt.tensor(array, device="remote")
    number = tt.ones(1, device="remote")

    def upload(count: int) -> None:
        for _ in range(count):
            tt.tensor(array, device="remote")
        session.synchronize()

    def download(count: int) -> None:
        for _ in range(count):
            there.cpu()

    def both(count: int) -> None:
        for _ in range(count):
            tt.tensor(array, device="remote").cpu()

    def read(count: int) -> None:
        for _ in range(count):
            number.item()

    def change_and_read(count: int) -> None:
        for _ in range(count):
            (number + 1).item()

    plain, connection = _socket(array.nbytes)
    results = [
        compare("upload of 32 MB", {"worker": upload}, "MB/s", MEGABYTES),
        compare("download of 32 MB", {"worker": download}, "MB/s", MEGABYTES),
        compare("32 MB there and back", {"socket": plain, "worker": both}, "MB/s", 2 * MEGABYTES),
        compare("item() on an idle link", {"worker": read}, "us"),
        compare("an op and item()", {"worker": change_and_read}, "us"),
    ]
    connection.close()
    return results
