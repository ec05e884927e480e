"""Workers that are not there, go away, or throw a client out; and clients that vanish."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import teletensor as tt
from teletensor import channel
from teletensor.remote import RemoteSession
from teletensor_core.errors import (
    ArgumentError,
    AuthenticationError,
    ConnectFailedError,
    ConnectionLostError,
    MalformedRequestError,
    QuotaExceededError,
    SessionNotFoundError,
)

from tests.wire.inside import connect, gate_ops, in_thread, reached, serving
from tests.workers import WorkerProcess


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# -- connecting --------------------------------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    address = f"127.0.0.1:{free_port()}"
    began = time.monotonic()
    with pytest.raises(ConnectFailedError, match=f"no worker answers at {address} within 1 s; is `teletensor serve`"):
        tt.connect(address, timeout=1)
    assert time.monotonic() - began < 10


def test_somebody_listens_who_is_no_worker() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        with pytest.raises(ConnectionError):
            tt.connect(f"127.0.0.1:{port}", timeout=1)


def test_a_name_that_no_host_has() -> None:
    with pytest.raises(ConnectFailedError, match="no host of that name"):
        tt.connect("no-such-host.invalid:50051", timeout=5)


def test_a_worker_that_comes_up_while_a_client_waits(tmp_path: Path) -> None:
    port = free_port()
    waiting = in_thread(lambda: tt.connect(f"127.0.0.1:{port}", token="x" * 20, timeout=60, default_device="cpu"))
    with WorkerProcess(tmp_path, "--port", str(port), env={"TELETENSOR_TOKEN": "x" * 20}), waiting() as session:
        assert tt.ones(2, device=session.device).tolist() == [1, 1]


@pytest.mark.parametrize("token", [None, "wrong-token-of-a-stranger"])
def test_without_the_token(worker: WorkerProcess, token: str | None) -> None:
    with pytest.raises(AuthenticationError, match="TELETENSOR_TOKEN"):
        tt.connect(worker.grpc, token=token)


def test_a_token_is_never_sent_in_clear_text_off_this_machine() -> None:
    with pytest.raises(AuthenticationError, match="refusing to send a token in clear text"):
        tt.connect("192.0.2.1:50051", token="secret-secret-secret")
    with pytest.raises(AuthenticationError):
        tt.connect("worker.example:50051", token="secret-secret-secret")


@pytest.mark.parametrize("address", ["", "http://host:1", "ftp://x"])
def test_addresses_that_are_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELETENSOR_URL", raising=False)
    with pytest.raises(ArgumentError):
        tt.connect(address)


def test_address_and_token_from_the_environment(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELETENSOR_URL", f"grpc://{worker.grpc}")
    monkeypatch.setenv("TELETENSOR_TOKEN_FILE", str(worker.folder / "token"))
    with tt.connect() as session:
        assert tt.ones(1).device == session.device


def test_a_token_file_that_is_not_there(worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TELETENSOR_TOKEN", raising=False)
    monkeypatch.setenv("TELETENSOR_TOKEN_FILE", "/nonexistent/token")
    with pytest.raises(ArgumentError, match="/nonexistent/token"):
        tt.connect(worker.grpc)


def test_a_full_worker() -> None:
    with (
        serving(max_sessions=1) as process,
        connect(process),
        pytest.raises(QuotaExceededError, match="--max-sessions"),
    ):
        connect(process)


# -- losing the worker -------------------------------------------------------------------------------------------------


def many(x: tt.Tensor) -> None:
    """More commands than fit into a batch."""
    for _ in range(1_000):
        x = x + 1


def test_a_worker_that_was_killed_is_noticed_at_the_next_wait(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as worker, tt.connect(worker.grpc, token=worker.token) as session:
        x = tt.ones(3) + 1
        assert x.tolist() == [2, 2, 2]
        worker.kill()
        with pytest.raises(ConnectionLostError):
            x.tolist()
        with pytest.raises(ConnectionLostError):
            many(x)
        with pytest.raises(ConnectionLostError):
            session.synchronize()
        with pytest.raises(ConnectionLostError):
            session.close()
        assert tt.ones(1).device.type == "cpu"


def test_a_worker_that_is_killed_while_somebody_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as worker:
        session = tt.connect(worker.grpc, token=worker.token, default_device="cpu")
        worker.freeze()
        wait = in_thread(session.synchronize)
        worker.kill()
        with pytest.raises(ConnectionLostError):
            wait()
        with pytest.raises(ConnectionLostError):
            session.close()


def test_a_worker_that_is_frozen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The connection stands, and nobody answers: noticed by pings, here more often than outside of tests."""
    often = {"grpc.keepalive_time_ms": 1_000, "grpc.http2.ping_timeout_ms": 1_000}
    monkeypatch.setattr(channel, "_OPTIONS", tuple({**dict(channel._OPTIONS), **often}.items()))
    with WorkerProcess(tmp_path) as worker:
        session = tt.connect(worker.grpc, token=worker.token, default_device="cpu")
        session.synchronize()
        worker.freeze()
        try:
            wait = in_thread(session.synchronize)
            with pytest.raises(ConnectionLostError):
                wait()
        finally:
            worker.thaw()
        with pytest.raises(ConnectionLostError):
            session.close()


def test_a_worker_that_shuts_down(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as worker:
        session = tt.connect(worker.grpc, token=worker.token, default_device="cpu")
        x = tt.ones(3, device=session.device)
        assert worker.terminate() == 0
        with pytest.raises((ConnectionLostError, SessionNotFoundError)):
            x.tolist()
        with pytest.raises((ConnectionLostError, SessionNotFoundError)):
            session.close()


def test_after_the_end_of_a_session(worker: WorkerProcess) -> None:
    with tt.connect(worker.grpc, token=worker.token) as session:
        x = tt.ones(3)
    for use in (x.tolist, lambda: many(x), session.synchronize, lambda: (x * 2).tolist()):
        with pytest.raises(ConnectionLostError, match="closed"):
            use()
    session.close()


# -- being thrown out --------------------------------------------------------------------------------------------------


def evict(worker: WorkerProcess, session: RemoteSession) -> None:
    answer = httpx.delete(
        f"{worker.admin}/v1/sessions/{session.id}", headers={"Authorization": f"Bearer {worker.token}"}
    )
    assert answer.status_code == 204


def test_an_evicted_client_is_told(worker: WorkerProcess) -> None:
    session = tt.connect(worker.grpc, token=worker.token, default_device="cpu")
    x = tt.ones(3, device=session.device)
    session.synchronize()
    evict(worker, session)
    with pytest.raises(SessionNotFoundError, match="ended by the worker's administrator"):
        x.tolist()
    with pytest.raises(SessionNotFoundError, match="administrator"):
        session.close()


def test_a_client_that_waits_is_told_of_its_eviction(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    with serving() as process:
        session = connect(process, default_device="cpu")
        x = tt.ones(3, device=session.device)
        wait = in_thread(x.tolist)
        reached(gate.reached)
        process.worker.evict(session.id)
        with pytest.raises(SessionNotFoundError, match="administrator"):
            wait()
        gate.open()
        with pytest.raises(SessionNotFoundError):
            session.close()


def test_a_client_that_breaks_the_protocol_loses_its_session_and_is_told_why(worker: WorkerProcess) -> None:
    session = tt.connect(worker.grpc, token=worker.token, default_device="cpu")
    x = tt.ones(3, device=session.device)
    session._writer.command(7_777)
    with pytest.raises(MalformedRequestError, match="row word 7777"):
        x.tolist()
    with pytest.raises(MalformedRequestError, match="7777"):
        session.synchronize()
    with pytest.raises(MalformedRequestError):
        session.close()
    gone = httpx.get(f"{worker.admin}/v1/sessions/{session.id}", headers={"Authorization": f"Bearer {worker.token}"})
    assert gone.status_code == 404
    assert "7777" in gone.json()["detail"]


# -- vanishing clients -------------------------------------------------------------------------------------------------

_CLIENT = """
import sys, teletensor as tt
session = tt.connect(sys.argv[1], token=sys.argv[2])
x = tt.ones(1000, 1000)
session.synchronize()
print(session.id, flush=True)
sys.stdin.read()
"""


def test_a_client_that_was_killed_leaves_nothing_when_its_lease_has_ended(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path, "--lease-seconds", "0.5") as worker:
        command = [sys.executable, "-c", _CLIENT, worker.grpc, str(worker.token)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            session_id = client.stdout.readline().strip()
            headers = {"Authorization": f"Bearer {worker.token}"}
            held = httpx.get(f"{worker.admin}/v1/sessions/{session_id}", headers=headers).json()
            assert held["bytes"] >= 4_000_000
            client.kill()
        ended = worker.wait_for(f"session ended: {session_id[:6]}, the session expired: its client was away for 0.5 s")
        assert ended["level"] == "info"
        status = httpx.get(f"{worker.admin}/v1/status", headers=headers).json()
        assert (status["sessions"], status["tensor_bytes"]) == (0, 0)


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "stream"])
def test_a_client_that_is_killed_in_the_middle_of_an_upload(tmp_path: Path, shared: bool) -> None:
    program = """
import sys, os, signal, numpy as np, teletensor as tt
from teletensor.stream import CommandStream
session = tt.connect(sys.argv[1], token=sys.argv[2], shared_memory=sys.argv[3] == "True")
session.synchronize()
calls, wait = [], CommandStream.wait_for_room
def third(stream):
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    wait(stream)
CommandStream.wait_for_room = third
print(session.id, flush=True)
tt.from_numpy(np.zeros(24 << 20, np.uint8)).to(session.device)
"""
    with WorkerProcess(tmp_path, "--lease-seconds", "0.5") as worker:
        command = [sys.executable, "-c", program, worker.grpc, str(worker.token), str(shared)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode == -signal.SIGKILL, done.stderr
        session_id = done.stdout.strip()
        worker.wait_for(f"session ended: {session_id[:6]}, the session expired: its client was away for 0.5 s")
        with tt.connect(worker.grpc, token=worker.token):
            assert tt.ones(2).tolist() == [1, 1]


def test_a_program_that_ends_without_closing(worker: WorkerProcess) -> None:
    """The interpreter's end closes the session, and tells what nobody has read."""
    program = """
import sys, teletensor as tt
session = tt.connect(sys.argv[1], token=sys.argv[2])
tt.gather(tt.ones(3), 0, tt.tensor([9]))
print(session.id)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, worker.grpc, str(worker.token)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "DimensionError while closing" in done.stderr
    gone = httpx.get(
        f"{worker.admin}/v1/sessions/{done.stdout.strip()}", headers={"Authorization": f"Bearer {worker.token}"}
    )
    assert gone.status_code == 404
    assert "was closed" in json.dumps(gone.json())
