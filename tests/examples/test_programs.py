"""PyTorch programs print the same under PyTorch, in this process and on a worker."""

import functools
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "seeded")
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d+(?:e-?\d+)?|\d+e-?\d+|inf|nan)")
TOLERANCE = {"relative": 2e-3, "last_place": 1.01}


def printed(program, *command, env=None):
    """The lines that a program prints."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TELETENSOR_")}
    done = subprocess.run(
        [sys.executable, *command, str(FOLDER / f"{program}.py")], capture_output=True, text=True, timeout=240,
        env={**variables, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **(env or {})},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def assert_alike(ours, theirs):
    """Equal but for rounding: within a last place as printed, or the relative tolerance."""
    assert [NUMBER.sub("#", line) for line in ours] == [NUMBER.sub("#", line) for line in theirs]
    for mine, line in zip(ours, theirs, strict=True):
        for a, b in zip(NUMBER.findall(mine), NUMBER.findall(line), strict=True):
            place = 10.0 ** -len(b.partition(".")[2].partition("e")[0])
            room = max(TOLERANCE["last_place"] * place, TOLERANCE["relative"] * abs(float(b)))
            assert float(a) == pytest.approx(float(b), abs=room, nan_ok=True), f"{mine!r} is not {line!r}"


@pytest.fixture(scope="module")
def in_pytorch():
    """What PyTorch prints, by program, each run once."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("compares with PyTorch, which is not installed")
    return functools.cache(printed)


@pytest.fixture(scope="module")
def here():
    """What teletensor prints in one process, by program, each run once."""
    return functools.cache(lambda program: printed(program, "-m", "teletensor", "run"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_prints_what_it_prints_under_pytorch(program, here, in_pytorch):
    assert_alike(here(program), in_pytorch(program))


@pytest.mark.parametrize("program", PROGRAMS)
def test_prints_the_same_on_a_worker(program, here, worker):
    there = printed(program, "-m", "teletensor", "run", "--on", worker.grpc, env={"TELETENSOR_TOKEN": worker.token})
    assert there == here(program)
