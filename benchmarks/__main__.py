"""Run the benchmarks: `python -m benchmarks [WORKLOAD ...] [--sides NAME ...] [--threads N ...] [--write]`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from benchmarks import plot, report, venvs
from benchmarks.footprint import costs, footprint
from benchmarks.harness import ROUNDS, Side, SideFailed, Workload, measure
from benchmarks.workloads import SIDES, WORKLOADS, Results


def main(argv: list[str]) -> int:
    """Measure; print tables, and with --write, write docs/benchmarks.md and its picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="WORKLOAD", help=f"default all: {[w.name for w in WORKLOADS]}")
    parser.add_argument("--sides", nargs="+", metavar="NAME", help=f"default all: {[name for name, *_ in SIDES]}")
    parser.add_argument("--threads", type=int, nargs="+", default=[1], help="of each side")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--write",
        action="store_true",
        help="write docs/benchmarks.md and its picture, and the bars in docs/performance.md",
    )
    options = parser.parse_args(argv)
    pythons = {name: venvs.python(name) for name in {side[1] for side in SIDES if _wanted(side[0], options.sides)}}
    by_threads: dict[int, Results] = {}
    for threads in options.threads:
        results = by_threads[threads] = _measure(options, threads, pythons)
        print(f"\n{threads} thread(s) for each side\n\n{report.bars(results)}\n\n{report.figures(results)}", flush=True)
    if options.write:
        first, taken = next(iter(by_threads.values())), footprint()
        report.PAGE.write_text(report.page(by_threads, taken, costs()))
        report.PLOT.write_text(plot.svg(first))
        report.BARS_PAGE.write_text(report.with_bars(report.BARS_PAGE.read_text(), first, taken))
    return 0


def _wanted(name: str, chosen: list[str] | None) -> bool:
    return not chosen or name in chosen


def _measure(options: argparse.Namespace, threads: int, pythons: dict[str, Path | None]) -> Results:
    sides: list[Side] = []
    try:
        for name, environment, module, *arguments in SIDES:
            python = pythons.get(environment)
            if python is not None and _wanted(name, options.sides):
                try:
                    sides.append(Side(name, python, module, *arguments, threads=threads))
                except SideFailed as error:
                    print(f"without {name}: {error}", file=sys.stderr, flush=True)
        return {w.name: _timed(w, sides, options.rounds) for w in WORKLOADS if _wanted(w.name, options.names)}
    finally:
        for side in sides:
            side.close()


def _timed(workload: Workload, sides: list[Side], rounds: int) -> dict[str, float]:
    start = time.monotonic()
    found = measure(workload, sides, rounds)
    print(f"{workload.title}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
