"""The client is typed: checkers understand a user's program, and find its mistakes."""

import importlib.util
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = Path(__file__).parent / "sample_program.py"
MISTAKES = """
import teletensor as torch

x = torch.zeros(3)
x.no_such_method()
torch.no_such_function(x)
x.sum(keepdim="yes")
n: int = x @ x
torch.nn.Linear(3, 4)("text")
"""


def mypy(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)


def pyright(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)


@pytest.fixture(params=[mypy, pyright], ids=["mypy", "pyright"])
def check(request: pytest.FixtureRequest):
    name = request.param.__name__
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed; the dev extra has it")
    return request.param


def test_a_users_program_has_the_right_types(check):
    found = check(SAMPLE)
    assert found.returncode == 0, found.stdout + found.stderr


def test_mistakes_are_found_at_their_lines(check, tmp_path):
    program = tmp_path / "mistakes.py"
    program.write_text(MISTAKES)
    found = check(program)
    assert found.returncode == 1, found.stdout + found.stderr
    lines = {int(line.split(":")[1]) for line in found.stdout.splitlines() if ": error:" in line or " - error" in line}
    assert lines == {5, 6, 7, 8, 9}, found.stdout


def test_the_program_runs():
    runpy.run_path(str(SAMPLE), run_name="__main__")


def test_all_packages_say_that_they_are_typed():
    for package in (
        "client/teletensor",
        "core/teletensor_core",
        "protos/teletensor_protos",
        "server/teletensor_server",
    ):
        assert (ROOT / package / "py.typed").is_file(), package
