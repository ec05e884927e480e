"""Tests that run CuPy itself: only where `make gpu-check` has prepared it, in an environment of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.devices.emulator.places import VENV

if TYPE_CHECKING:
    from teletensor_core.backends.cupy import CuPyBackend

HERE = Path(__file__).parent
PREPARED = Path(sys.prefix).resolve() == VENV.resolve()

if PREPARED:
    from tests.devices import emulator

    emulator.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what lies here in any other environment."""
    if not PREPARED:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="needs CuPy on the emulated device: run make gpu-check"))


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
