"""PyTorch programs print the same under PyTorch, in this process and on a worker."""

import functools
import importlib.util
import re
from pathlib import Path

import pytest

from tests.warm import WarmPython

FOLDER = Path(__file__).parents[2] / "examples" / "programs"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "seeded")
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d+(?:e-?\d+)?|\d+e-?\d+|inf|nan)")
TOLERANCE = {"relative": 2e-3, "last_place": 1.01}


def path(program):
    return str(FOLDER / f"{program}.py")


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
    """What PyTorch prints, by program."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("compares with PyTorch, which is not installed")
    # The second is what PyTorch's optimisers import.
    with WarmPython("torch", "torch._dynamo") as python:
        yield lambda program: python.run(path(program))


@pytest.fixture(scope="module")
def run():
    """What `teletensor run` prints, by program, and options before it."""
    with WarmPython("teletensor.run_command", "teletensor.nn", "teletensor.optim") as python:
        yield lambda program, *options, **variables: python.run(
            "-m", "teletensor", "run", *options, path(program), env=variables
        )


@pytest.fixture(scope="module")
def here(run):
    """What teletensor prints in one process, by program, each run once."""
    return functools.cache(run)


@pytest.mark.parametrize("program", PROGRAMS)
def test_prints_what_it_prints_under_pytorch(program, here, in_pytorch):
    assert_alike(here(program), in_pytorch(program))


@pytest.mark.parametrize("program", PROGRAMS)
def test_prints_the_same_on_a_worker(program, run, here, worker):
    assert run(program, "--on", worker.grpc, TELETENSOR_TOKEN=worker.token) == here(program)
