"""Training steps a second, and what a step costs on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import teletensor as tt

from benchmarks.harness import Result, Side, compare
from benchmarks.models import WORKLOADS, Workload


def stepper(library: Any, workload: Workload, device: str = "cpu") -> Callable[[], Any]:
    """A function that takes one step of Adam and gives the loss."""
    model = workload.make(library).to(device)
    batch = [library.tensor(x).to(device) for x in workload.batch]
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        optimizer.zero_grad()
        loss = workload.loss(library, model, *batch)
        loss.backward()
        optimizer.step()
        return loss

    return step


def _side(step: Callable[[], Any]) -> Side:
    """Steps in a row; the loss of the last one is read."""

    def run(count: int) -> None:
        for _ in range(count):
            loss = step()
        loss.item()

    return run


def run(session: Any, peers: dict[str, Any]) -> list[Result]:
    """One result for each model."""
    results = []
    for workload in WORKLOADS:
        sides = {name: _side(stepper(library, workload)) for name, library in peers.items()}
        sides["here"] = _side(stepper(tt, workload))
        there = stepper(tt, workload, "remote")
        sides["worker"] = _side(there)
        result = compare(workload.name, sides, "steps/s")
        result.notes = _costs(session, there)
        results.append(result)
    return results


def _costs(session: Any, step: Callable[[], Any], steps: int = 20) -> dict[str, Any]:
    session.synchronize()
    before = session.stats()
    for _ in range(steps):
        loss = step()
    waits = session.stats().round_trips - before.round_trips
    session.synchronize()
    cost = session.stats() - before
    loss.item()
    return {
        "commands": cost.commands / steps,
        "bytes": round(cost.bytes_sent / steps),
        "messages": cost.batches / steps,
        "round trips": waits / steps,
    }
