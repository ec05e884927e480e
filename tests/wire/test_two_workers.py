"""Several workers at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import teletensor as tt
from teletensor.device import Device
from teletensor.remote import RemoteSession

from tests.wire.inside import connect, serving
from tests.workers import WorkerProcess


def test_two_worker_processes(worker: WorkerProcess, tmp_path: Path) -> None:
    with (
        WorkerProcess(tmp_path) as other,
        tt.connect(worker.grpc, token=worker.token) as first,
        tt.connect(other.grpc, token=other.token) as second,
    ):
        assert worker.grpc != other.grpc
        x, y = tt.ones(2, device=first.device), tt.ones(2, device=second.device) + 1
        assert x.device == first.device
        assert y.device == second.device
        with pytest.raises(RuntimeError, match="same device"):
            x + y
        assert (x + y.to(first.device)).tolist() == [3, 3]
        assert y.to(x.device).device == first.device


def test_the_newest_connection_is_the_default_and_the_one_before_comes_back(session: RemoteSession) -> None:
    assert tt.ones(1).device == session.device
    with serving() as process:
        with connect(process) as second:
            assert second.device == Device("remote", 1)
            assert tt.ones(1).device == second.device
        assert tt.ones(1).device == session.device


def test_a_connection_keeps_its_name_when_an_older_one_closes(worker: WorkerProcess) -> None:
    first = tt.connect(worker.grpc, token=worker.token)
    second = tt.connect(worker.grpc, token=worker.token)
    x = tt.ones(2)
    first.close()
    assert x.device == second.device == Device("remote", 1)
    assert tt.zeros(2, device=x.device).device == x.device
    assert (x.to("remote") + 1).tolist() == [2, 2]
    second.close()
    with pytest.raises(RuntimeError, match="no connected worker"):
        tt.zeros(2, device="remote")


def test_a_tensor_with_the_older_connections_name_goes_there(session: RemoteSession) -> None:
    with serving() as process, connect(process):
        assert tt.ones(1, device=session.device)._session is session
        assert tt.ones(1).to(session.device)._session is session
