"""`teletensor serve` as a process: where it listens, what it refuses, what it writes, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import teletensor as tt
from grpc_health.v1 import health_pb2, health_pb2_grpc
from teletensor_core.errors import ConnectionLostError, QuotaExceededError
from teletensor_server import settings as settings_module
from teletensor_server.settings import ConfigError

from tests.wire.inside import connect, gate_ops, in_thread, reached, serving
from tests.workers import WorkerProcess, serve

CONFIG, UNAVAILABLE, USAGE = 78, 69, 2


def refused(*options: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code, and what it said, of a worker that does not start."""
    process = serve(*options, env=env)
    try:
        said, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"it started: {process.communicate()[0]}") from None
    return process.returncode, said


# -- what it refuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["--host", "--admin-host"])
@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])
def test_no_address_off_this_machine_without_a_token_or_tls(tmp_path: Path, host: str, address: str) -> None:
    code, said = refused(host, address, env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert code == CONFIG
    assert f"refusing to listen on {address} without a token or TLS" in said
    assert "ssh -L" in said
    assert list(tmp_path.iterdir()) == [], "no token was made on the way"


def test_nobody_is_let_in_from_elsewhere_without_a_token() -> None:
    code, said = refused("--host", "0.0.0.0", "--insecure-no-auth")
    assert code == CONFIG
    assert "without authentication" in said


def test_a_short_token_is_for_this_machine_only() -> None:
    code, said = refused("--host", "0.0.0.0", env={"TELETENSOR_TOKEN": "short"})
    assert code == CONFIG
    assert "needs 16 or more" in said
    assert "short" not in said.replace("the token has 5 characters", "")


@pytest.mark.parametrize(
    "options",
    [
        ("--tls-cert", "/nonexistent.pem", "--tls-key", "/nonexistent.pem"),
        ("--tls-cert", __file__),
        ("--tls-client-ca", __file__),
        ("--port", "70000"),
        ("--session-bytes", "lots"),
        ("--device", "tpu"),
        ("--max-sessions", "0"),
        ("--lease-seconds", "0"),
        ("--log-level", "loud"),
    ],
)
def test_settings_that_make_no_worker(options: tuple[str, ...]) -> None:
    code, said = refused(*options)
    assert code == CONFIG
    assert said.startswith("teletensor serve: ")
    assert "Traceback" not in said


def test_an_option_that_does_not_exist() -> None:
    code, said = refused("--no-such-option")
    assert code == USAGE
    assert "--no-such-option" in said


def test_secrets_are_not_shown_when_they_are_wrong() -> None:
    code, said = refused(env={"TELETENSOR_TOKEN": "a token with spaces and sécrets"})
    assert code == CONFIG
    assert "printable ASCII" in said
    assert "spaces and" not in said


@pytest.mark.parametrize("port", ["--port", "--admin-port"])
def test_a_port_that_is_taken(tmp_path: Path, port: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1])
        options = {"--port": "0", "--admin-port": "0", port: number}
        code, said = refused(
            *[word for pair in options.items() for word in pair], env={"TELETENSOR_TOKEN_FILE": str(tmp_path / "t")}
        )
    assert code == UNAVAILABLE
    assert f"cannot listen on 127.0.0.1:{number}" in said
    assert f"choose another with {port}" in said


def test_two_workers_cannot_share_a_port(worker: WorkerProcess, tmp_path: Path) -> None:
    port = worker.grpc.rsplit(":", 1)[1]
    code, said = refused("--port", port, "--admin-port", "0", env={"TELETENSOR_TOKEN_FILE": str(tmp_path / "t")})
    assert code == UNAVAILABLE
    assert "--port" in said


def test_it_listens_on_this_machine_only(worker: WorkerProcess) -> None:
    """Every socket that the process listens on, as the kernel tells."""
    inodes = set()
    for link in Path(f"/proc/{worker.pid}/fd").iterdir():
        target = os.readlink(link)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{worker.pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1].rsplit(":", 1)[0])
    assert len(listening) == 2
    assert set(listening) <= {"0100007F", "0000000000000000FFFF00000100007F"}, "127.0.0.1, and that as an IPv6 address"


# -- what it writes ----------------------------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_ready_file_is_for_its_owner_and_goes_with_the_worker(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as worker:
        told = json.loads(worker.ready_file.read_text())
        assert mode(worker.ready_file) == 0o600
        assert set(told) == {"grpc", "admin", "token", "pid"}
        assert told["pid"] == worker.process.pid
        assert httpx.get(told["admin"] + "/readyz").status_code == 200
        worker.terminate()
    assert not worker.ready_file.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_ready_file_that_cannot_be_written(tmp_path: Path) -> None:
    code, said = refused(
        "--port", "0", "--admin-port", "0", "--ready-file", str(tmp_path / "no" / "ready"),
        env={"TELETENSOR_TOKEN_FILE": str(tmp_path / "t")},
    )  # fmt: skip
    assert code == CONFIG
    assert "ready file" in said


def test_a_token_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as first:
        token = first.token
        assert token is not None
        assert len(token) >= 43
        assert mode(tmp_path / "token") == 0o600
        assert (tmp_path / "token").read_text().strip() == token
    with WorkerProcess(tmp_path) as second:
        assert second.token == token


@pytest.mark.parametrize("wrong", [0o644, 0o660, 0o604])
def test_a_token_file_that_others_may_read_is_refused(tmp_path: Path, wrong: int) -> None:
    path = tmp_path / "token"
    path.write_text("t" * 40)
    path.chmod(wrong)
    code, said = refused(env={"TELETENSOR_TOKEN_FILE": str(path)})
    assert code == CONFIG
    assert f"mode 0{wrong:o}" in said
    assert "chmod 600" in said
    assert "tttt" not in said


def test_no_token_is_ever_in_the_log(tmp_path: Path) -> None:
    tokens = {"TELETENSOR_TOKEN": "client-" + "c" * 30, "TELETENSOR_ADMIN_TOKEN": "admin-" + "a" * 30}
    with WorkerProcess(tmp_path, "--log-level", "debug", env=tokens) as worker:
        token, admin = tokens.values()
        with tt.connect(worker.grpc, token=token) as session:
            tt.gather(tt.ones(2), 0, tt.tensor([7]))
            with pytest.raises(IndexError):
                session.synchronize()
        with pytest.raises(ConnectionError):
            tt.connect(worker.grpc, token=token + "x")
        for value in (token, admin, token[::-1]):
            httpx.get(worker.admin + f"/v1/status?token={value}", headers={"Authorization": f"Bearer {value}"})
        worker.terminate()
    assert token not in worker.log
    assert admin not in worker.log
    assert '"listening"' in worker.log


def test_the_log_is_one_json_object_a_line(tmp_path: Path) -> None:
    with WorkerProcess(tmp_path) as worker:
        with tt.connect(worker.grpc, token=worker.token):
            tt.ones(1).item()
        worker.terminate()
    events = [json.loads(line) for line in worker.log.splitlines()]
    assert all({"event", "level", "ts", "logger"} <= set(event) for event in events)
    assert [e["event"] for e in events if e["logger"] == "teletensor.serve"] == ["listening", "draining", "stopped"]


def test_the_banner_shows_a_new_token_once(tmp_path: Path) -> None:
    for expected in (True, False):
        process = serve(
            "--port", "0", "--admin-port", "0", "--log-format", "console",
            env={"TELETENSOR_TOKEN_FILE": str(tmp_path / "token")},
        )  # fmt: skip
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C ends it" in line:
                break
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=60)[0]
        assert process.returncode == 0
        token = (tmp_path / "token").read_text().strip()
        assert (token in said) is expected
        assert str(tmp_path / "token") in said


# -- how it ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with WorkerProcess(tmp_path) as worker:
        session = tt.connect(worker.grpc, token=worker.token, default_device="cpu")
        session.synchronize()
        worker.process.send_signal(number)
        assert worker.wait() == 0
        with pytest.raises(ConnectionLostError):
            session.close()


def test_draining_lets_running_commands_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    with serving(drain_seconds=20) as process:
        session = connect(process, default_device="cpu")
        value = in_thread((tt.ones(3, device=session.device) + 1).tolist)
        reached(gate.reached)
        refusing, drain = threading.Event(), process.worker.drain
        monkeypatch.setattr(process.worker, "drain", lambda: (drain(), refusing.set()))
        drained = in_thread(process.drain)
        reached(refusing)
        assert httpx.get(process.admin_url + "/readyz").status_code == 503
        with pytest.raises((QuotaExceededError, ConnectionError)):
            connect(process, timeout=1)
        gate.open()
        assert value() == [2, 2, 2]
        assert drained() is True
        with pytest.raises((ConnectionError, LookupError)):
            session.close()


def test_health_says_that_it_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    with serving(drain_seconds=20) as process:
        session = connect(process, default_device="cpu")
        value = in_thread((tt.ones(3, device=session.device) + 1).tolist)
        reached(gate.reached)
        with grpc.insecure_channel(process.grpc_address) as channel:
            told = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
            assert next(told).status == health_pb2.HealthCheckResponse.SERVING
            drained = in_thread(process.drain)
            assert next(told).status == health_pb2.HealthCheckResponse.NOT_SERVING
        gate.open()
        assert value() == [2, 2, 2]
        assert drained() is True
        with pytest.raises((ConnectionError, LookupError)):
            session.close()


def test_draining_waits_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = gate_ops(monkeypatch)
    with serving(drain_seconds=0.3) as process:
        session = connect(process, default_device="cpu")
        value = in_thread((tt.ones(3, device=session.device) + 1).tolist)
        reached(gate.reached)
        assert process.drain() is False
        gate.open()
        with pytest.raises((ConnectionError, LookupError)):
            value()
        with pytest.raises((ConnectionError, LookupError)):
            session.close()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """The first one waits for a command that takes for ever."""
    program = """
import sys, teletensor as tt
session = tt.connect(sys.argv[1], token=sys.argv[2])
x = tt.ones(3000, 3000)
session.synchronize()
print("ready", flush=True)
for _ in range(1000):
    x = x @ x
session.synchronize()
"""
    with WorkerProcess(tmp_path, "--drain-seconds", "600") as worker:
        command = [sys.executable, "-c", program, worker.grpc, str(worker.token)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == "ready\n"
            worker.process.send_signal(signal.SIGTERM)
            worker.wait_for("draining")
            worker.process.send_signal(signal.SIGTERM)
            assert worker.wait() == 143
            client.wait(60)


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "count"),
    [("512", 512), ("16MiB", 16 << 20), ("8 GB", 8 * 10**9), ("1.5k", 1500), ("0", 0), ("2ti", 2 << 40)],
)
def test_bytes_with_units(text: str, count: int) -> None:
    assert settings_module.load(session_bytes=text).session_bytes == count


def test_arguments_come_before_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELETENSOR_MAX_SESSIONS", "7")
    assert settings_module.load().max_sessions == 7
    assert settings_module.load(max_sessions=3).max_sessions == 3


def test_settings_never_show_secrets() -> None:
    settings = settings_module.load(token="s" * 20)
    assert "ssss" not in repr(settings)
    assert "ssss" not in str(settings)


def test_a_setting_that_is_none_is_named_without_its_value() -> None:
    with pytest.raises(ConfigError) as caught:
        settings_module.load(max_sessions="secret-value")
    assert "max_sessions" in str(caught.value)
    assert "secret-value" not in str(caught.value)


def test_a_worker_on_the_cpu_has_a_limit_by_default() -> None:
    limits: Any = settings_module.load().limits(on_cpu=True)
    assert 0 < limits.session_bytes < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert settings_module.load().limits(on_cpu=False).session_bytes == 0


def test_the_worker_is_refused_memory_that_is_not_there(worker: WorkerProcess) -> None:
    limits = Path(f"/proc/{worker.pid}/limits").read_text()
    (line,) = [line for line in limits.splitlines() if line.startswith("Max data size")]
    assert line.split()[3] != "unlimited"


def test_help_names_every_setting() -> None:
    code, said = refused("--help", env={"COLUMNS": "200"})
    assert code == 0
    for name in settings_module.Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in said
        assert f"TELETENSOR_{name.upper()}" in said
