"""Results as text and as the page docs/benchmarks.md: ratios first."""

from __future__ import annotations

import datetime
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
_INTRODUCTION = """\
# Benchmarks

`make bench` runs the programs in `benchmarks/` and writes this page. Every line compares the same work: **here** is
teletensor in one process on its NumPy engine, **worker** is teletensor over gRPC to a worker process on the same
machine (loopback, so the client, the worker and the network share its cores), **PyTorch** is PyTorch itself on this
CPU. The sides take turns within one run, and the numbers are medians. Read the ratios; the absolute rates are this
machine's.
"""


def machine() -> str:
    """What the numbers were measured on."""
    names = [line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")]
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    if "torch" in sys.modules:
        versions.append(f"PyTorch {sys.modules['torch'].__version__}")
    return (
        f"{names[0] if names else platform.machine()}, {len(names)} cores; {', '.join(versions)}; {platform.system()}"
    )


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def table(results: Sequence[dict[str, Any]]) -> str:
    """A Markdown table: one line for each benchmark, the ratios to the peer before the rates."""
    lines = ["| what | ratio | rates |", "| --- | --- | --- |"]
    for result in results:
        rates = result["rates"]
        lines.append(f"| {result['name']} | {_ratios(result)} | {_rates(rates, result['unit'])} |")
    return "\n".join(lines)


def _ratios(result: dict[str, Any]) -> str:
    rates = result["rates"]
    peer = next((name for name in ("PyTorch", "socket") if name in rates), None)
    if peer is None:
        return ""
    faster = (lambda a, b: b / a) if result["unit"] in ("s", "us") else (lambda a, b: a / b)
    return ", ".join(f"{side} **{faster(rates[side], rates[peer]):.2f}**" for side in rates if side != peer)


def _rates(rates: dict[str, float], unit: str) -> str:
    return (
        ", ".join(f"{side} {value:,.0f}" if value >= 100 else f"{side} {value:.3g}" for side, value in rates.items())
        + f" {unit}"
    )


def costs(results: Sequence[dict[str, Any]]) -> str:
    """A Markdown table of what a training step costs on the wire."""
    lines = ["| model | commands | messages | bytes sent | round trips |", "| --- | --- | --- | --- | --- |"]
    for result in results:
        notes = result["notes"]
        lines.append(
            f"| {result['name']} | {notes['commands']:g} | {notes['messages']:.2g} | {notes['bytes']:,} | "
            f"{notes['round trips']:g} |"
        )
    return "\n".join(lines)


def page(by_threads: dict[int, list[dict[str, Any]]], description: str) -> str:
    """The whole page."""
    parts = [_INTRODUCTION, f"Measured {datetime.date.today()} on {description}.\n"]
    for threads, results in by_threads.items():
        parts.append(f"## {threads} thread{'s' if threads > 1 else ''} for each side\n\n{table(results)}\n")
    trained = [result for result in next(iter(by_threads.values())) if result["notes"]]
    parts.append("## What a training step costs on the wire\n")
    parts.append("Without reading the loss; reading it is one round trip.\n")
    parts.append(f"{costs(trained)}\n")
    return "\n".join(parts)
