"""Measuring several sides of the same work: interleaved, so that they share the machine's moods, and by medians."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import teletensor as tt

ROUNDS = 7
LEAST_SECONDS = 0.15
STARTS_WITHIN = 60.0

# One side of a benchmark: does `count` pieces of work and waits until they are done.
Side = Callable[[int], object]


@dataclass
class Result:
    """The rates of the sides of one benchmark, in pieces of work a second, or the seconds of one piece."""

    name: str
    unit: str
    rates: dict[str, float]
    notes: dict[str, Any] = field(default_factory=dict)

    def ratio(self, side: str, peer: str) -> float | None:
        """How many times the peer's rate a side reaches; for seconds, how many times faster it is."""
        if side not in self.rates or peer not in self.rates:
            return None
        mine, theirs = self.rates[side], self.rates[peer]
        return theirs / mine if self.unit in ("s", "us") else mine / theirs


def compare(name: str, sides: dict[str, Side], unit: str, scale: float = 1.0, rounds: int = ROUNDS) -> Result:
    """Medians over rounds in which every side has its turn. `unit` "s" or "us" gives times, anything else rates."""
    counts = {side: _calibrated(run) for side, run in sides.items()}
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            seconds[side].append(_timed(run, counts[side]) / counts[side])
    medians = {side: statistics.median(times) for side, times in seconds.items()}
    if unit in ("s", "us"):
        return Result(name, unit, {side: t * (1e6 if unit == "us" else 1) for side, t in medians.items()})
    return Result(name, unit, {side: scale / t for side, t in medians.items()})


def _calibrated(run: Side) -> int:
    """Warm up, and find how many pieces take long enough to be timed."""
    run(1)
    count = 1
    while (taken := _timed(run, count)) < LEAST_SECONDS:
        count = max(count * 2, int(count * LEAST_SECONDS / max(taken, 1e-6) * 0.8))
    return count


def _timed(run: Side, count: int) -> float:
    start = time.perf_counter()
    run(count)
    return time.perf_counter() - start


@contextlib.contextmanager
def worker() -> Iterator[Any]:
    """A session on a worker process of its own; `cpu` stays the default device."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ready = folder / "ready.json"
        options = ["--port", "0", "--admin-port", "0", "--ready-file", str(ready), "--device", "cpu"]
        environment = {**os.environ, "TELETENSOR_TOKEN_FILE": str(folder / "token")}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "teletensor", "serve", *options], stdout=log, stderr=log, env=environment
            )
        try:
            deadline = time.monotonic() + STARTS_WITHIN
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the worker did not start:\n" + (folder / "log").read_text())
                time.sleep(0.05)
            where = json.loads(ready.read_text())
            with tt.connect(where["grpc"], token=where["token"], default_device="cpu") as session:
                yield session
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)


def peers() -> dict[str, Any]:
    """PyTorch, where it is installed, by its name in tables."""
    try:
        import torch
    except ImportError:
        return {}
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1)))
    return {"PyTorch": torch}
