"""RPyC: PyTorch in a second process, used through transparent proxies. Every op, and every attribute, is a call."""

from __future__ import annotations

import multiprocessing
import os
import socket
from typing import Any

import numpy as np
import rpyc
import torch
from rpyc.core.service import ClassicService

from benchmarks import work
from benchmarks.models import WORKLOADS
from benchmarks.peers.serve import Work, Works, serve

# A chain of 2,000, or 256 MiB, would take half a minute and more.
_OPS, _SOME_MB = 100, 8


def _work(connected: socket.socket) -> None:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    rpyc.utils.factory.connect_stream(rpyc.SocketStream(connected), ClassicService).serve_all()


def _connect() -> Any:
    with socket.create_server(("127.0.0.1", 0)) as server:
        here = socket.create_connection(server.getsockname())
        there, _ = server.accept()
    for each in (here, there):
        each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    multiprocessing.get_context("fork").Process(target=_work, args=(there,), daemon=True).start()
    there.close()
    return rpyc.utils.factory.connect_stream(
        rpyc.SocketStream(here), ClassicService, {"sync_request_timeout": None, "allow_pickle": True}
    )


def works(connection: Any) -> Works:
    """The works on the other side's torch."""
    remote = connection.modules.torch

    def chain() -> Work:
        x, y, z = (remote.full((64, 64), value) for value in (1.0, 0.999, 0.002))

        def value(ops: int) -> float:
            return float(work.chain(x, y, z, ops).sum().item())

        return Work(lambda count: [value(_OPS) for _ in range(count)], lambda: value(100), _OPS)

    def one() -> Work:
        x = remote.zeros(1)
        return Work(lambda count: [float((x + 1).item()) for _ in range(count)], lambda: float((x + 1).item()))

    def training() -> Work:
        module = connection.modules["benchmarks.work"]
        step = module.stepper(remote, connection.modules["benchmarks.models"].WORKLOADS[0])

        def run(count: int) -> float:
            for _ in range(count):
                loss = step()
            return float(loss.item())

        return Work(run, lambda: run(3))

    def upload(megabytes: int) -> Work:
        keep = connection.modules.numpy.frombuffer
        array = np.arange(megabytes << 18, dtype=np.float32)
        last = float(np.arange(work.LARGE_MB << 18, dtype=np.float32)[-5:].sum())

        def run(count: int) -> Any:
            for _ in range(count):
                there = keep(array.tobytes(), "float32")
            return there

        def check() -> float:
            assert float(run(1)[-5:].sum()) == float(array[-5:].sum())
            return last

        return Work(run, check, megabytes)

    return {
        "chain": chain,
        "one": one,
        "mlp": training,
        "upload": lambda: upload(_SOME_MB),
    }


if __name__ == "__main__":
    assert WORKLOADS
    serve(works(_connect()))
