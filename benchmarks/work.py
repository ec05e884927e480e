"""The work of the benchmarks, written once for PyTorch and for teletensor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.models import WORKLOADS, Workload, fill
from benchmarks.peers.serve import Work, Works

CHAIN = 2000
LARGE_MB = 256
MANY, SMALL_BYTES = 1000, 4096
LOGGED_EVERY = 10
Step = Callable[[], Any]


def chain(x: Any, y: Any, z: Any, ops: int = CHAIN) -> Any:
    """So many small ops, each of which needs the one before."""
    for _ in range(ops // 2):
        x = x * y + z
    return x


def small_ops(library: Any, device: str, compiled: Callable[[Any], Any] | None = None) -> Works:
    """Chains of small ops, and one op whose value is read."""

    def operands() -> tuple[Any, Any, Any]:
        return tuple(library.full((64, 64), value).to(device) for value in (1.0, 0.999, 0.002))

    def plain() -> Work:
        x, y, z = operands()
        run_chain = chain if compiled is None else compiled(chain)

        def value(ops: int = CHAIN) -> float:
            return float(run_chain(x, y, z, ops).sum().item())

        return Work(lambda count: [value() for _ in range(count)], lambda: value(100), CHAIN)

    def recorded() -> Work:
        x, y, z = operands()
        x.requires_grad_()

        def value(ops: int = CHAIN) -> float:
            return float(chain(x, y, z, ops).detach().sum().item())

        return Work(lambda count: [value() for _ in range(count)], lambda: value(100), CHAIN)

    def one() -> Work:
        x = library.zeros(1).to(device)
        return Work(lambda count: [(x + 1).item() for _ in range(count)], lambda: (x + 1).item())

    return {"chain": plain} if compiled else {"chain": plain, "recorded": recorded, "one": one}


# -- training ----------------------------------------------------------------------------------------------------------


def stepper(library: Any, workload: Workload, device: str = "cpu", compiled: Any = None) -> Step:
    """A function that takes one step of Adam and gives the loss."""
    model = fill(library, workload.make(library)).to(device)
    batch = [library.tensor(x).to(device) for x in workload.batch]
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        loss = workload.loss(library, model, *batch)
        loss.backward()
        optimizer.step()
        return loss

    return step if compiled is None else compiled(step)


def training(library: Any, device: str, compiled: Any = None) -> Works:
    """Training steps in a row; the loss of the last is read."""

    def of(workload: Workload) -> Callable[[], Work]:
        def make() -> Work:
            step = stepper(library, workload, device, compiled)

            def run(count: int) -> float:
                for _ in range(count):
                    loss = step()
                return float(loss.item())

            return Work(run, lambda: run(3))

        return make

    return {workload.name.split(",")[0].lower(): of(workload) for workload in WORKLOADS}


def logged(library: Any, device: str) -> Works:
    """The MLP, its loss read every ten steps: waited for, or through futures that are looked at once they are there."""

    def read() -> Work:
        step = stepper(library, WORKLOADS[0], device)

        def run(count: int) -> float:
            for _ in range(count):
                for _ in range(LOGGED_EVERY):
                    loss = step()
                value = loss.item()
            return float(value)

        return Work(run, lambda: run(1), LOGGED_EVERY)

    def future() -> Work:
        step = stepper(library, WORKLOADS[0], device)

        def run(count: int) -> float:
            asked: deque[Any] = deque()
            for _ in range(count):
                for _ in range(LOGGED_EVERY):
                    loss = step()
                asked.append(loss.item_async())
                while asked[0].done() and len(asked) > 1:
                    float(asked.popleft())
            return [float(each) for each in asked][-1]

        return Work(run, lambda: run(1), LOGGED_EVERY)

    return {"mlp, loss read": read, "mlp, loss through futures": future}


# -- moving data -------------------------------------------------------------------------------------------------------


def transfers(library: Any, device: str, wait: Callable[[], object], fetch: Callable[[list[Any]], list[Any]]) -> Works:
    """One large array, and many small ones, there and back, into fresh memory each time."""

    def large(up: bool) -> Work:
        array = np.arange(LARGE_MB << 18, dtype=np.float32)
        there = library.tensor(array, device=device)

        def move() -> Any:
            # Never the same twice: what a worker has already is not sent again.
            array[0] += 1
            return library.tensor(array, device=device) if up else there.cpu()

        def run(count: int) -> None:
            for _ in range(count):
                move()
            wait()

        return Work(run, lambda: float(move()[-5:].sum().item()), LARGE_MB)

    def many(up: bool) -> Work:
        arrays = [np.full(SMALL_BYTES // 4, i, np.float32) for i in range(MANY)]
        there = [library.tensor(array, device=device) for array in arrays]

        def move() -> list[Any]:
            return [library.tensor(array, device=device) for array in arrays] if up else fetch(there)

        def run(count: int) -> None:
            for _ in range(count):
                move()
            wait()

        return Work(run, lambda: [float(x[0]) for x in move()[::100]], MANY)

    return {
        "upload": lambda: large(True), "download": lambda: large(False),
        "many up": lambda: many(True), "many down": lambda: many(False),
    }  # fmt: skip


# -- loading -----------------------------------------------------------------------------------------------------------


def loading(library: Any, device: str, wait: Callable[[], object]) -> Works:
    """Shuffled batches of 64 images from tensors that live on the device."""

    def make() -> Work:
        data = library.utils.data
        images = np.arange(2048 * 3 * 32 * 32, dtype=np.float32).reshape(2048, 3, 32, 32)
        tensors = [library.tensor(x).to(device) for x in (images, np.arange(2048))]
        loader = data.DataLoader(data.TensorDataset(*tensors), 64, shuffle=True)

        def run(count: int) -> None:
            for _ in range(count):
                for _ in loader:
                    pass
            wait()

        return Work(run, lambda: int(sum(int(y.sum()) for _, y in loader)), 2048 / 64)

    return {"loading": make}
