"""Run the benchmarks: `python -m benchmarks [NAME ...] [--threads N ...] [--write]`.

Each number of threads is measured in a process of its own, for thread pools are sized when a process starts.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import subprocess
import sys

from benchmarks import report
from benchmarks.harness import peers, worker

NAMES = ("small_ops", "training", "loading", "transfers")


def main(argv: list[str]) -> int:
    """Measure with each number of threads; print tables, and with --write, write docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="which to run, default all")
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    names = options.names or list(NAMES)
    if options.child:
        json.dump(_measure(names), sys.stdout)
        return 0
    by_threads = {}
    for threads in options.threads:
        by_threads[threads] = _in_child(names, threads)
        print(f"\n{threads} thread(s) for each side\n{report.table(by_threads[threads]['results'])}", flush=True)
    if options.write:
        results = {threads: found["results"] for threads, found in by_threads.items()}
        report.PAGE.write_text(report.page(results, next(iter(by_threads.values()))["machine"]))
    return 0


def _in_child(names: list[str], threads: int) -> dict[str, object]:
    limits = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    command = [sys.executable, "-m", "benchmarks", *names, "--child"]
    done = subprocess.run(command, env={**os.environ, **limits}, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def _measure(names: list[str]) -> dict[str, object]:
    found = []
    with worker() as session:
        for name in names:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            found += importlib.import_module(f"benchmarks.{name}").run(session, peers())
    return {"results": [dataclasses.asdict(result) for result in found], "machine": report.machine()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
