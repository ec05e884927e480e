"""`teletensor selftest`: what it finds, what it keeps, and what workers make of that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from teletensor_core.backends.numpy import NumPyBackend, NumPyNamespace
from teletensor_server import cli, selftest, worker
from teletensor_server.admin import worker_status
from teletensor_server.selftest import Subject, Verdict
from teletensor_server.worker import Worker

OPS = ("add", "neg", "exp")


class _WrongNamespace(NumPyNamespace):
    @staticmethod
    def exp(x: Any) -> Any:
        return NumPyNamespace().exp2(x)


class Gpu(NumPyBackend):
    """Says that it is a GPU."""

    name = "cupy"
    library = "CuPy 99"

    def __init__(self, wrong: bool = False) -> None:
        super().__init__()
        self.device_name = "a GPU"
        if wrong:
            self.xp = _WrongNamespace()


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "teletensor"


def machine_with(gpu: NumPyBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "create_backend", lambda kind, index: gpu)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.selftest(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_machine_without_a_gpu_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--device", "cpu") == 69
    assert "there is no GPU here" in capsys.readouterr().out
    assert selftest.recall("cpu", NumPyBackend()) == "no GPU"


def test_what_is_equal_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    machine_with(Gpu(), monkeypatch)
    assert run(*(word for op in OPS for word in ("--op", op))) == 0
    assert "GPU self-test: passed (" in capsys.readouterr().out


def test_what_differs_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_folder: Path
) -> None:
    machine_with(Gpu(wrong=True), monkeypatch)
    assert run("--op", "add", "--op", "exp") == 1
    said = capsys.readouterr().out
    assert "GPU self-test: failed: exp (" in said
    assert "elements differ" in said
    assert not own_folder.exists(), "a part of the test was kept as a verdict"


def test_unknown_ops_and_devices_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--op", "make_coffee") == 2
    assert run("--device", "tpu") == 78
    assert "make_coffee" in capsys.readouterr().err


def test_a_verdict_holds_for_the_device_and_the_software_it_was_found_with(own_folder: Path) -> None:
    gpu = Gpu()
    subject = Subject.of("cuda:0", gpu)
    assert selftest.recall("cuda:0", gpu) == "not run"
    selftest.remember(subject, Verdict(9, ()))
    assert selftest.recall("cuda:0", gpu) == "passed"
    assert selftest.recall("cuda:1", gpu) == "not run"
    selftest.remember(subject, Verdict(9, ("exp", "add")))
    assert selftest.recall("cuda:0", gpu) == "failed: exp, add"
    gpu.library = "CuPy 100"
    assert selftest.recall("cuda:0", gpu) == "not run"
    (kept,) = own_folder.iterdir()
    for damaged in ("", "[]", json.dumps({"subject": {}, "verdict": "passed"})):
        kept.write_text(damaged)
        assert selftest.recall("cuda:0", gpu) == "not run"


def test_workers_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Gpu()
    machine_with(gpu, monkeypatch)
    serving = Worker(device="cuda")
    assert worker_status(serving).gpu_self_test == "not run"
    selftest.remember(Subject.of("cuda:0", gpu), Verdict(1, ()))
    assert worker_status(serving).gpu_self_test == "passed"
