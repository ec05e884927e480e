"""The preparation of the emulated GPU: it is done once, and says what is missing."""

import os
import platform
import subprocess
import sys

import pytest

from tests.devices.emulator import places, prepare


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the emulator needs Linux on x86-64"
)
def test_a_machine_without_a_compiler_is_told_so():
    done = subprocess.run(
        [sys.executable, "-m", "tests.devices.emulator.prepare"],
        cwd=places.ROOT,
        env={**os.environ, "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("the CuPy path cannot be checked: there is no g++")


def test_a_command_that_fails_ends_the_preparation(capfd):
    with pytest.raises(prepare.CannotPrepareError, match="could not divide, see above"):
        prepare._run("divide", sys.executable, "-c", "1 / 0")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_what_was_done_to_its_end_is_not_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "CACHE", tmp_path)
    done = []

    def fail():
        raise prepare.CannotPrepareError

    with pytest.raises(prepare.CannotPrepareError):
        prepare._once("this", "version 1", fail)
    for wanted in ("version 1", "version 1", "version 2"):
        prepare._once("this", wanted, lambda: done.append(1))
    assert len(done) == 2
