"""Ray: an actor that holds tensors. Its object store is shared memory on one machine."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import ray
import torch

from benchmarks import work
from benchmarks.models import WORKLOADS
from benchmarks.peers.serve import Work, Works, serve


@ray.remote(num_cpus=0)
class Worker:
    """Tensors by name, and a training step."""

    def __init__(self) -> None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.held: dict[str, Any] = {}
        self.step: Any = None

    def full(self, name: str, value: float, *shape: int) -> None:
        """Make a tensor."""
        self.held[name] = torch.full(shape, value)

    def call(self, name: str, op: str, operand: Any, other: Any) -> None:
        """Run an op on held tensors, or a number."""
        there = self.held[other] if isinstance(other, str) else other
        self.held[name] = getattr(torch, op)(self.held[operand], there)

    def value(self, name: str) -> float:
        """The sum of a held tensor."""
        return float(self.held[name].sum())

    def prepare(self) -> None:
        """Make the model."""
        self.step = work.stepper(torch, WORKLOADS[0])

    def steps(self) -> float:
        """One training step."""
        return float(self.step().item())

    def keep(self, array: Any) -> float:
        """Hold an array: a copy in fresh memory, as on the other sides."""
        self.held["array"] = np.array(array)
        return float(self.held["array"][-5:].sum())

    def give(self) -> Any:
        """The array that is held."""
        return self.held["array"]


def works(actor: Any) -> Works:
    """The works on the actor."""

    def chain() -> Work:
        ray.get([actor.full.remote(name, value, 64, 64) for name, value in (("x", 1.0), ("y", 0.999), ("z", 0.002))])

        def value(ops: int = work.CHAIN) -> float:
            last = "x"
            for _ in range(ops // 2):
                actor.call.remote("last", "mul", last, "y")
                actor.call.remote("last", "add", "last", "z")
                last = "last"
            return float(ray.get(actor.value.remote("last")))

        return Work(lambda count: [value() for _ in range(count)], lambda: value(100), work.CHAIN)

    def one() -> Work:
        ray.get(actor.full.remote("zero", 0.0, 1))

        def value() -> float:
            actor.call.remote("one", "add", "zero", 1)
            return float(ray.get(actor.value.remote("one")))

        return Work(lambda count: [value() for _ in range(count)], value)

    def training() -> Work:
        """A step is one call of a function that the worker has: no op crosses the wire."""
        ray.get(actor.prepare.remote())

        def run(count: int) -> float:
            return float([ray.get(step) for step in [actor.steps.remote() for _ in range(count)]][-1])

        return Work(run, lambda: run(3))

    def large(up: bool) -> Work:
        array = np.arange(work.LARGE_MB << 18, dtype=np.float32)
        ray.get(actor.keep.remote(array))

        def run(count: int) -> float:
            for _ in range(count):
                if up:
                    value = ray.get(actor.keep.remote(array))
                else:
                    value = float(np.array(ray.get(actor.give.remote()))[-5:].sum())
            return float(value)

        return Work(run, lambda: run(1), work.LARGE_MB)

    return {
        "chain": chain, "one": one, "mlp": training,
        "upload": lambda: large(True), "download": lambda: large(False),
    }  # fmt: skip


if __name__ == "__main__":
    store = 1536 << 20
    ray.init(
        num_cpus=2, include_dashboard=False, object_store_memory=store, log_to_driver=False, configure_logging=False
    )
    serve(works(Worker.remote()))
    ray.shutdown()
