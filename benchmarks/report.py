"""Results as text and as the page docs/benchmarks.md: what must be reached first, then every figure."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.workloads import BARS, MOST, SIDES, WORKLOADS, Results

DOCS = Path(__file__).parents[1] / "docs"
PAGE, PLOT, BARS_PAGE = DOCS / "benchmarks.md", DOCS / "benchmarks.svg", DOCS / "performance.md"
_BEGIN, _END = "<!-- bars -->", "<!-- end of bars -->"
_INTRODUCTION = """\
# Benchmarks

`make bench` runs the programs in `benchmarks/` and writes this page. Every line compares the same work, each side in a
process of its own on one machine, in turns within one run; the figures are medians, and every side must get the same
results. Read the ratios; the absolute rates are this machine's. [performance.md](performance.md) says what bounds them.

| side | |
| --- | --- |
| PyTorch | PyTorch itself, in one process |
| here | teletensor in one process, on its NumPy engine |
| worker | teletensor over gRPC to a worker process on the same machine: client, worker and network share its cores |
| gRPC only | the same without the memory that client and worker share on one machine |
| compiled | worker through `teletensor.compile` |
| 20 ms away | a worker behind a proxy that makes a round trip take 20 ms |
| torch RPC, Ray | one call for each small op; a training step is one call of a function that the other process has |
| RPyC | PyTorch through transparent proxies; chains of 100 ops, 8 MiB, and a training step as one call |
| TCP socket, gRPC echo | nothing but bytes, moved as plainly as Python can; a bare stream that answers |
"""


def machine() -> str:
    """What the numbers were measured on."""
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    return f"{names[0] if names else platform.machine()}, {len(names)} cores; {versions}; {platform.system()}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def figures(results: Results) -> str:
    """A Markdown table: a line for each workload, a column for each side; ratios to PyTorch, or to the socket."""
    sides = [name for name, *_ in SIDES if any(name in found for found in results.values())]
    lines = [f"| what | {' | '.join(sides)} |", f"| --- |{' --- |' * len(sides)}"]
    for workload in WORKLOADS:
        found = results.get(workload.name)
        if found:
            cells = [_number(found[side]) if side in found else "" for side in sides]
            lines.append(f"| {workload.title}, {workload.unit} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def bars(results: Results) -> str:
    """A Markdown table of the ratios that must be reached."""
    lines = ["| ratio of rates | must reach | reached | |", "| --- | --- | --- | --- |"]
    for bar in BARS:
        reached = bar.reached(results)
        if reached is not None:
            lines.append(f"| {bar.what} | {bar.must:.3g} | **{reached:.3g}** | {'' if reached >= bar.must else 'no'} |")
    return "\n".join(lines)


def with_bars(text: str, results: Results, taken: dict[str, float]) -> str:
    """A page whose tables between its two marks are these results."""
    before, mark, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not (mark and end):
        raise ValueError(f"the page has no part between {_BEGIN} and {_END}")
    return f"{before}{mark}\n\n{bars(results)}\n\n{footprint(taken)}\n\n{end}{after}"


def footprint(found: dict[str, float]) -> str:
    """A Markdown table of what teletensor takes."""
    lines = ["| what | at most | measured | |", "| --- | --- | --- | --- |"]
    for name, value in found.items():
        most = MOST[name]
        lines.append(f"| {name} | {most:g} | **{value:.3g}** | {'' if value <= most else 'no'} |")
    return "\n".join(lines)


def costs(found: Sequence[dict[str, Any]]) -> str:
    """A Markdown table of what a training step costs on the wire."""
    lines = ["| model | commands | messages | bytes sent | waits |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {cost['name']} | {cost['commands']:g} | {cost['messages']:.2g} | {cost['bytes']:,} | {cost['waits']:g} |"
        for cost in found
    ]
    return "\n".join(lines)


def page(by_threads: dict[int, Results], taken: dict[str, float], cost: Sequence[dict[str, Any]]) -> str:
    """The whole page."""
    parts = [_INTRODUCTION, f"Measured {datetime.date.today()} on {machine()}.\n"]
    for threads, results in by_threads.items():
        parts.append(f"## {threads} thread{'s' if threads > 1 else ''} for each side\n")
        parts += [bars(results) + "\n", figures(results) + "\n"]
    parts += ["## What it takes\n", footprint(taken) + "\n"]
    parts += [
        "## What a training step costs on the wire\n",
        "Without reading the loss; reading it is one round trip.\n",
    ]
    parts.append(costs(cost) + "\n")
    return "\n".join(parts)
