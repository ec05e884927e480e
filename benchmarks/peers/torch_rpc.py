"""PyTorch's own RPC over TCP: tensors stay with a second process, as remote references."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.distributed import rpc

from benchmarks import work
from benchmarks.models import WORKLOADS
from benchmarks.peers.serve import Work, Works, serve

WORKER = "worker"


def _join(name: str, rank: int, port: int) -> None:
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    options = rpc.TensorPipeRpcBackendOptions(init_method=f"tcp://127.0.0.1:{port}")
    # Loopback TCP, as between two machines: no shared memory.
    options._transports = ["uv"]
    rpc.init_rpc(name, rank=rank, world_size=2, rpc_backend_options=options)


def _work(port: int) -> None:
    _join(WORKER, 1, port)
    rpc.shutdown()


# -- what runs on the worker -------------------------------------------------------------------------------------------

_steppers: list[Callable[[], Any]] = []


def _full(value: float, *shape: int) -> Any:
    return torch.full(shape, value)


def _call(name: str, *operands: Any) -> Any:
    values = [x.local_value() if hasattr(x, "local_value") else x for x in operands]
    return getattr(torch, name)(*values)


def _value(x: Any) -> float:
    return float(x.local_value().sum())


def _prepare_step() -> None:
    _steppers[:] = [work.stepper(torch, WORKLOADS[0])]


def _step() -> None:
    _steppers[0]()


def _last_step() -> float:
    return float(_steppers[0]().item())


def _keep(x: Any) -> Any:
    return x


def _last(x: Any) -> float:
    return float(x.local_value()[-5:].sum())


def _take(x: Any) -> Any:
    return x.local_value()


# -- the sides ---------------------------------------------------------------------------------------------------------


def _chain() -> Work:
    x, y, z = (rpc.remote(WORKER, _full, (value, 64, 64)) for value in (1.0, 0.999, 0.002))

    def value(ops: int = work.CHAIN) -> float:
        last = x
        for _ in range(ops // 2):
            last = rpc.remote(WORKER, _call, ("mul", last, y))
            last = rpc.remote(WORKER, _call, ("add", last, z))
        return float(rpc.rpc_sync(WORKER, _value, (last,)))

    return Work(lambda count: [value() for _ in range(count)], lambda: value(100), work.CHAIN)


def _one() -> Work:
    x = rpc.remote(WORKER, _full, (0.0, 1))

    def value() -> float:
        return float(rpc.rpc_sync(WORKER, _call, ("add", x, 1)))

    return Work(lambda count: [value() for _ in range(count)], value)


def _training() -> Work:
    """A step is one call of a function that the worker has: no op crosses the wire."""
    rpc.rpc_sync(WORKER, _prepare_step)

    def run(count: int) -> float:
        for _ in range(count - 1):
            rpc.rpc_sync(WORKER, _step)
        return float(rpc.rpc_sync(WORKER, _last_step))

    return Work(run, lambda: run(3))


def _upload() -> Work:
    array = torch.arange(work.LARGE_MB << 18, dtype=torch.float32)

    def run(count: int) -> None:
        for _ in range(count):
            kept = rpc.remote(WORKER, _keep, (array,))
            rpc.rpc_sync(WORKER, _last, (kept,))

    return Work(run, lambda: float(rpc.rpc_sync(WORKER, _last, (rpc.remote(WORKER, _keep, (array,)),))), work.LARGE_MB)


def _download() -> Work:
    array = rpc.remote(WORKER, _keep, (torch.arange(work.LARGE_MB << 18, dtype=torch.float32),))

    def run(count: int) -> Any:
        for _ in range(count):
            x = rpc.rpc_sync(WORKER, _take, (array,))
        return x

    return Work(run, lambda: float(run(1)[-5:].sum()), work.LARGE_MB)


def _many(up: bool) -> Work:
    arrays = [torch.from_numpy(np.full(work.SMALL_BYTES // 4, i, np.float32)) for i in range(work.MANY)]
    there = [rpc.remote(WORKER, _keep, (x,)) for x in arrays]

    def fetch(refs: list[Any]) -> list[Any]:
        return [asked.wait() for asked in [rpc.rpc_async(WORKER, _take, (x,)) for x in refs]]

    def run(count: int) -> None:
        for _ in range(count):
            if up:
                sent = [rpc.remote(WORKER, _keep, (x,)) for x in arrays]
                rpc.rpc_sync(WORKER, _take, (sent[-1],))
            else:
                fetch(there)

    return Work(run, lambda: [float(x[0]) for x in fetch(there[::100])], work.MANY)


WORKS: Works = {
    "chain": _chain, "one": _one, "mlp": _training, "upload": _upload, "download": _download,
    "many up": lambda: _many(True), "many down": lambda: _many(False),
}  # fmt: skip

if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(port,))
    process.start()
    _join("client", 0, port)
    serve(WORKS)
    rpc.shutdown()
    process.join(20)
