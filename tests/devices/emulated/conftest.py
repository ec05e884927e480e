"""Tests that run CuPy itself: only where `make gpu-check` has prepared it, in an environment of its own."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.devices.emulator.places import VENV

if TYPE_CHECKING:
    from teletensor_core.backends.cupy import CuPyBackend

HERE = Path(__file__).parent
PREPARED = Path(sys.prefix).resolve() == VENV.resolve()

# What compiling has cost the processes that ran the tests.
compiling: Counter[str] = Counter()

if PREPARED:
    from tests.devices import emulator
    from tests.devices.emulator.host_compiler import statistics

    emulator.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what lies here in any other environment."""
    if not PREPARED:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="needs CuPy on the emulated device: run make gpu-check"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Count what this process has compiled, and tell the process that started it, if one did."""
    if PREPARED:
        compiling.update(dataclasses.asdict(statistics))
        getattr(session.config, "workeroutput", {})["compiling"] = dict(compiling)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Count what another process has compiled."""
    compiling.update(node.workeroutput["compiling"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many kernels there were."""
    if compiling:
        terminalreporter.write_line(
            "kernels: {compiled} compiled by g++ in {seconds:.0f} s, {found} found compiled; "
            "{gated} taken by NVRTC in {gate_seconds:.0f} s".format_map(compiling)
        )


@pytest.fixture(scope="session")
def cupy() -> Any:
    """CuPy, on the emulated device."""
    import cupy

    return cupy


@pytest.fixture
def backend() -> Iterator[CuPyBackend]:
    """The CuPy backend, with what a test leaves in its pools given back."""
    from teletensor_core.backends.cupy import CuPyBackend

    made = CuPyBackend()
    yield made
    made.free_pools()
