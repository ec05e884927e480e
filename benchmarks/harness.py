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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROUNDS = 5
LEAST_SECONDS = 0.2
# A side whose least piece of work takes longer than this is measured less often.
SLOW_SECONDS, SLOW_ROUNDS = 2.0, 2
STARTS_WITHIN = 60.0
# Of the worker that is far away, in seconds.
ROUND_TRIP = 0.020
TIMES = {"us": 1e6, "s": 1.0}


@dataclass(frozen=True)
class Workload:
    """What every side does, by name. `unit` "us" or "s" gives the time of one piece, anything else a rate.

    A side is timed for `seconds` at least.
    """

    name: str
    title: str
    unit: str
    seconds: float = LEAST_SECONDS


class SideFailed(Exception):
    """A side cannot be measured."""


class Side:
    """One side, a process: a module of `benchmarks.peers` and its arguments, under an interpreter."""

    def __init__(self, name: str, python: Path, module: str, *arguments: str, threads: int = 1) -> None:
        self.name = name
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self._process = subprocess.Popen(
            [python, "-m", f"benchmarks.peers.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **dict.fromkeys(names, str(threads))},
        )
        self.works: list[str] = self._answer()["works"]

    def ask(self, **order: Any) -> dict[str, Any]:
        """The answer to an order. Raises SideFailed."""
        assert self._process.stdin is not None
        try:
            print(json.dumps(order), file=self._process.stdin, flush=True)
        except OSError:
            raise SideFailed(f"{self.name} has ended") from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SideFailed(f"{self.name} has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SideFailed(f"{self.name}: {answer['error']}")
        return answer

    def seconds(self, count: int) -> float:
        """How long so many pieces take."""
        return float(self.ask(run=count)["seconds"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def measure(workload: Workload, sides: Sequence[Side], rounds: int = ROUNDS) -> dict[str, float]:
    """Each side's median rate, or time, over rounds in which every side has its turn.

    A side that fails is left out, and told. Raises SystemExit when two sides get different results.
    """
    counts: dict[Side, int] = {}
    pieces: dict[Side, float] = {}
    values: dict[str, Any] = {}
    for side in [side for side in sides if workload.name in side.works]:
        try:
            answer = side.ask(prepare=workload.name)
            values[side.name], pieces[side] = answer["value"], answer["pieces"]
            counts[side] = _calibrated(side, workload.seconds)
        except SideFailed as error:
            print(f"{workload.title}: without {error}", file=sys.stderr, flush=True)
    _check_equal(workload, values)
    seconds: dict[Side, list[float]] = {side: [] for side in counts}
    for turn in range(rounds):
        for side, count in counts.items():
            if (
                turn < SLOW_ROUNDS
                or not seconds[side]
                or seconds[side][0] * count < max(SLOW_SECONDS, 2 * workload.seconds)
            ):
                seconds[side].append(side.seconds(count) / count)
    return {side.name: _figure(workload, statistics.median(times), pieces[side]) for side, times in seconds.items()}


def _figure(workload: Workload, seconds: float, pieces: float) -> float:
    return seconds * TIMES[workload.unit] / pieces if workload.unit in TIMES else pieces / seconds


def _check_equal(workload: Workload, values: dict[str, Any]) -> None:
    """Every side must have got what the first has."""
    for name, value in values.items():
        first = next(iter(values))
        if not np.allclose(value, values[first], rtol=1e-3, atol=1e-5):
            raise SystemExit(f"{workload.title}: {first} got {values[first]}, {name} got {value}")


def _calibrated(side: Side, least: float) -> int:
    """Find how many pieces take long enough to be timed."""
    count = 1
    while (taken := side.seconds(count)) < least:
        count = max(count * 2, int(count * least / max(taken, 1e-6) * 0.8))
    return count


@contextlib.contextmanager
def worker() -> Iterator[dict[str, Any]]:
    """A worker process of its own: its address as "grpc", its "token" and its "pid"."""
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
            yield json.loads(ready.read_text())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)
