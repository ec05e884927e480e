"""`teletensor status`: what it shows, what it refuses, and its exit codes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from teletensor import cli

from tests.workers import WorkerProcess


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TELETENSOR_TOKEN", "TELETENSOR_TOKEN_FILE", "TELETENSOR_ADMIN_URL", "TELETENSOR_TLS_CA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def free_url() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def token_file(worker: WorkerProcess) -> str:
    return str(worker.folder / "token")


def test_a_worker_at_a_glance(worker: WorkerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", worker.admin, "--token-file", token_file(worker)]) == 0
    said = capsys.readouterr().out
    assert f"process {worker.pid}, ready" in said
    assert str(worker.token) not in said
    for row in ("worker", "device", "self-test", "graphs", "uptime", "sessions", "tensors", "ops run", "memory"):
        assert f"\n{row} " in f"\n{said}"


def test_as_json(worker: WorkerProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELETENSOR_TOKEN", str(worker.token))
    monkeypatch.setenv("TELETENSOR_ADMIN_URL", worker.admin)
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pid"] == worker.pid


def test_the_token_of_this_user(worker: WorkerProcess, tmp_path: Path) -> None:
    own = tmp_path / "teletensor" / "token"
    own.parent.mkdir()
    own.write_text(str(worker.token))
    own.chmod(0o600)
    assert cli.main(["status", worker.admin]) == 0


def test_a_probe_needs_no_token_and_says_nothing(worker: WorkerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", worker.admin, "--quiet"]) == 0
    assert cli.main(["status", free_url(), "--quiet", "--timeout", "1"]) == 1
    assert capsys.readouterr() == ("", "")


def test_without_a_token(worker: WorkerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", worker.admin]) == 1
    assert "wants a token" in capsys.readouterr().err


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", free_url(), "--timeout", "1"]) == 1
    assert "no worker answers" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["http://192.0.2.1:8080", "http://worker.example", "192.0.2.1:8080"])
def test_no_token_in_clear_text_off_this_machine(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", url, "--token", "secret-secret-secret"]) == 1
    said = capsys.readouterr().err
    assert "refusing to send a token in clear text" in said
    assert "secret-secret" not in said


@pytest.mark.parametrize("url", ["ftp://x", "http://", "unix://x"])
def test_what_is_no_url(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", url]) == 1
    assert "takes a URL" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["version"]) == 0
    assert capsys.readouterr().out.startswith("teletensor ")


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = capsys.readouterr().out
    assert all(name in said for name in ("serve", "status", "version"))


@pytest.mark.parametrize("arguments", [["status"], ["status", "--json"], ["version"]])
def test_a_reader_that_has_gone_is_no_traceback(worker: WorkerProcess, arguments: list[str]) -> None:
    """As before `| head`, which reads no more than it needs."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "teletensor", *arguments],
        stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60,
        env={**os.environ, "TELETENSOR_TOKEN": str(worker.token), "TELETENSOR_ADMIN_URL": worker.admin},
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")
