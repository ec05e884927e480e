"""What teletensor takes before it has computed anything, and what a training step costs on the wire."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import teletensor as tt

from benchmarks.harness import worker
from benchmarks.models import WORKLOADS
from benchmarks.venvs import CACHE
from benchmarks.work import stepper

_ROOT = Path(__file__).parents[1]
_TENSORS = 20_000


def footprint() -> dict[str, float]:
    """Figures by name: MB to download, seconds to import, MB of an idle worker, KiB of a worker per tensor of 4 KiB."""
    found = {"import teletensor, s": _import_seconds()}
    wheels = _wheels_mb()
    if wheels is not None:
        found["wheels of the client, MB"] = wheels
    with worker() as where, tt.connect(where["grpc"], token=where["token"], default_device="cpu") as session:
        before = _resident(where["pid"])
        found["idle worker, MB"] = before / 1e6
        held = [tt.zeros(1024, device="remote") + 1 for _ in range(_TENSORS)]
        session.synchronize()
        found["held tensor of 4 KiB, KiB"] = (_resident(where["pid"]) - before) / 1024 / len(held)
    return found


def _import_seconds() -> float:
    """The median of what the import adds to the start of Python."""
    times = {code: [] for code in ("pass", "import teletensor")}  # type: dict[str, list[float]]
    for _ in range(7):
        for code, taken in times.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            taken.append(time.perf_counter() - start)
    return statistics.median(times["import teletensor"]) - statistics.median(times["pass"])


def _wheels_mb() -> float | None:
    """The size of what `pip install teletensor` downloads; None where that cannot be had."""
    folder = CACHE / "wheels"
    command = [sys.executable, "-m", "pip", "wheel", "-q", "-w", str(folder), str(_ROOT)]
    if not folder.exists() and subprocess.run(command, check=False).returncode:
        return None
    return sum(wheel.stat().st_size for wheel in folder.glob("*.whl")) / 1e6


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def costs(steps: int = 20) -> list[dict[str, Any]]:
    """For each model what a training step costs on the wire, without reading anything."""
    found = []
    with worker() as where, tt.connect(where["grpc"], token=where["token"], default_device="cpu") as session:
        for workload in WORKLOADS:
            step = stepper(tt, workload, "remote")
            for _ in range(3):
                step()
            session.synchronize()
            before = session.stats()
            for _ in range(steps):
                step()
            waits = session.stats().waits - before.waits
            session.synchronize()
            cost = session.stats() - before
            found.append(
                {
                    "name": workload.name,
                    "commands": cost.commands / steps,
                    "messages": cost.batches / steps,
                    "bytes": round((cost.bytes_sent + cost.bytes_shared) / steps),
                    "waits": waits / steps,
                }
            )
    return found
