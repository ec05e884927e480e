"""The image, without an engine: its Dockerfile is read, and what it would run is run here."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml
from teletensor_server.settings import Settings

from tests.workers import WorkerProcess

ROOT = Path(__file__).parents[2]
WITHIN = 600


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, arguments), with continued lines joined and comments left out."""
    text = (ROOT / "docker/Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(name, arguments) for name, arguments in found]


def arguments(name: str) -> list[str]:
    return [given for instruction, given in instructions() if instruction == name]


def last_stage() -> list[tuple[str, str]]:
    listed = instructions()
    start = max(i for i, (name, _) in enumerate(listed) if name == "FROM")
    return listed[start:]


def variables() -> dict[str, str]:
    pairs = [word.split("=", 1) for given in arguments("ENV") for word in shlex.split(given)]
    return {pair[0]: pair[1] for pair in pairs}


def command(name: str) -> list[str]:
    """The words of an instruction in its exec form, which needs no shell and passes signals on."""
    (given,) = arguments(name)
    words: list[str] = json.loads(given[given.index("[") :])
    return words


def test_two_stages_on_a_slim_base() -> None:
    bases = arguments("FROM")
    assert len(bases) == 2
    assert all(base.startswith("python:${PYTHON}-slim") for base in bases)
    assert "PYTHON=3.11" in arguments("ARG")


def test_it_runs_as_a_user_with_a_fixed_number() -> None:
    stage = last_stage()
    (user,) = [given for name, given in stage if name == "USER"]
    assert user == "10001"
    assert any(f"--uid {user}" in given for name, given in stage if name == "RUN")
    after = stage[stage.index(("USER", user)) :]
    assert not [given for name, given in after if name in ("RUN", "COPY", "ADD")], "nothing is written as that user"


def test_what_it_copies_is_there_and_not_ignored() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignored[0] == "*"
    allowed = [pattern[1:] for pattern in ignored if pattern.startswith("!")]
    for given in arguments("COPY"):
        if "--from" in given:
            continue
        *sources, _ = given.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source


def test_everything_that_the_wheel_is_made_of_is_copied() -> None:
    copied = {word for given in arguments("COPY") for word in given.split()}
    assert {"pyproject.toml", "README.md", "LICENSE", "client", "core", "protos", "server"} <= copied


def test_variables_are_settings_or_for_others() -> None:
    known = {f"TELETENSOR_{name.upper()}" for name in Settings.model_fields}
    ours = {name for name in variables() if name.startswith("TELETENSOR_")}
    assert ours <= known
    assert variables()["NVIDIA_VISIBLE_DEVICES"] == "all"
    assert "compute" in variables()["NVIDIA_DRIVER_CAPABILITIES"]


def test_what_is_written_is_in_a_volume() -> None:
    (given,) = arguments("VOLUME")
    volumes = json.loads(given)
    assert str(Path(variables()["TELETENSOR_TOKEN_FILE"]).parent) in volumes
    assert str(Path(variables()["XDG_CONFIG_HOME"]) / "teletensor") in volumes, "the self-test's verdict"
    assert variables()["CUPY_CACHE_DIR"] in volumes
    owned = next(given for name, given in last_stage() if name == "RUN" and "useradd" in given)
    assert all(volume in owned for volume in volumes)


def test_ports_signal_and_health_check() -> None:
    assert arguments("EXPOSE") == [
        f"{Settings.model_fields['port'].default} {Settings.model_fields['admin_port'].default}"
    ]
    assert arguments("STOPSIGNAL") == ["SIGTERM"]
    assert "--start-period" in arguments("HEALTHCHECK")[0]
    assert command("HEALTHCHECK") == ["teletensor", "status", "--quiet"]


@pytest.mark.parametrize(
    ("cuda", "extras"),
    [("", "server,native,zstd"), ("12x", "server,native,zstd,cuda12x"), ("13x", "server,native,zstd,cuda13x")],
)
def test_the_build_argument_chooses_the_extra(cuda: str, extras: str) -> None:
    """As the shell of the image would expand it."""
    install = next(given for name, given in last_stage() if name == "RUN" and "pip install" in given)
    words = re.search(r"\"\$\(echo .*?\]\"", install)
    assert words is not None
    script = "echo " + words[0].replace("/wheels/*.whl", "/wheels/x.whl")
    done = subprocess.run(["sh", "-c", script], env={"CUDA": cuda, "PATH": os.environ["PATH"]}, capture_output=True)
    assert done.stdout.decode().strip() == f"/wheels/x.whl[{extras}]"
    pyproject = (ROOT / "pyproject.toml").read_text()
    assert all(f"\n{extra} = [" in pyproject for extra in extras.split(","))


def test_the_entry_point_starts_a_worker_and_the_health_check_sees_it(tmp_path: Path) -> None:
    """With the image's variables, except that it listens on this machine only and writes to a folder of the test."""
    entry = [*command("ENTRYPOINT"), *command("CMD")]
    assert entry == ["teletensor", "serve"]
    moved = {
        "TELETENSOR_HOST": "127.0.0.1",
        "TELETENSOR_ADMIN_HOST": "127.0.0.1",
        "TELETENSOR_TOKEN_FILE": str(tmp_path / "token"),
    }
    with WorkerProcess(tmp_path, env={**variables(), **moved}) as worker:
        probe = [sys.executable, "-m", *command("HEALTHCHECK")]
        env = {**os.environ, "TELETENSOR_ADMIN_URL": worker.admin, "TELETENSOR_TOKEN": "", "HOME": str(tmp_path)}
        assert subprocess.run(probe, env=env, timeout=60).returncode == 0
        worker.terminate()
        assert subprocess.run(probe, env=env, timeout=60).returncode == 1


def test_a_token_mounted_as_a_secret_may_be_readable_by_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from teletensor_protos import tokens

    monkeypatch.setattr(tokens, "_SECRET_MOUNT", tmp_path)
    secret = tmp_path / "teletensor"
    secret.write_text("t" * 40)
    secret.chmod(0o444)
    assert tokens.read_token(secret) == "t" * 40


def compose(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker" / name).read_text())
    return found


def test_compose_publishes_on_this_machine_only_and_gives_time_to_drain() -> None:
    worker = compose("compose.yaml")["services"]["worker"]
    assert all(port.startswith("127.0.0.1:") for port in worker["ports"])
    assert int(worker["stop_grace_period"].rstrip("s")) > Settings.model_fields["drain_seconds"].default
    assert worker["read_only"] is True
    assert (ROOT / "docker" / worker["build"]["context"] / worker["build"]["dockerfile"]).exists()
    mounted = {volume.split(":")[1] for volume in worker["volumes"]}
    assert mounted == set(json.loads(arguments("VOLUME")[0]))


def test_compose_for_gpus() -> None:
    worker = compose("compose.cuda.yaml")["services"]["worker"]
    assert worker["build"]["args"]["CUDA"] in ("12x", "13x")
    (device,) = worker["deploy"]["resources"]["reservations"]["devices"]
    assert device["driver"] == "nvidia"
    assert device["capabilities"] == ["gpu"]


def test_the_pip_commands_make_an_environment_in_which_a_worker_starts(tmp_path: Path) -> None:
    """The Dockerfile's own commands, in a clean environment. Needs a package index."""
    build = next(given for name, given in instructions() if name == "RUN" and "pip wheel" in given)
    install = next(given for name, given in last_stage() if name == "RUN" and "pip install" in given)
    venv.create(tmp_path / "venv", with_pip=True)
    env = {"PATH": f"{tmp_path / 'venv/bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), **pip_settings()}
    for script, folder in ((build, ROOT), (install, tmp_path)):
        moved = script.replace("/wheels", str(tmp_path / "wheels"))
        done = subprocess.run(["sh", "-ec", moved], cwd=folder, env=env, capture_output=True, text=True, timeout=WITHIN)
        if "No matching distribution" in done.stderr or "Failed to establish a new connection" in done.stderr:
            pytest.skip(f"no package index can be reached from here: {done.stderr[-300:]}")
        assert done.returncode == 0, done.stderr
    teletensor = tmp_path / "venv/bin/teletensor"
    shown = subprocess.run([teletensor, "version"], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert shown.stdout.startswith("teletensor "), shown.stderr
    with WorkerProcess(tmp_path, env={"PYTHONNOUSERSITE": "1"}, python=tmp_path / "venv/bin/python") as worker:
        assert worker.terminate() == 0


def pip_settings() -> dict[str, str]:
    """Where this machine's pip finds its index."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_", "http"))}
