"""Fixtures for all tests: a worker process, started once, and sessions on it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import teletensor as tt
from teletensor.remote import RemoteSession

from tests.workers import WorkerProcess


def pytest_collection_finish() -> None:
    """Leave what has been imported and collected out of garbage collections: a million objects of other libraries.

    Every recording of `torch.compile` looks through what is left, twice.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """A worker on the CPU that lives as long as the test run: `worker.grpc`, `.admin`, `.token`. Leave it running."""
    with WorkerProcess(tmp_path_factory.mktemp("worker"), "--device", "cpu") as running:
        yield running
        assert running.process.poll() is None, f"the worker ended during the tests:\n{running.log}"


@pytest.fixture
def session(worker: WorkerProcess) -> Iterator[RemoteSession]:
    """A session of the test's own on that worker; new tensors go there. An error that the test left unread fails it."""
    with tt.connect(worker.grpc, token=worker.token) as connected:
        yield connected
