"""The wheel, installed alone in a clean environment with only its base dependencies, trains on a remote worker."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TRAIN = """
import sys
import teletensor as torch
from teletensor import nn

assert "site-packages" in torch.__file__, torch.__file__
for missing in ("torch", "fastapi", "cupy", "sklearn"):
    try:
        __import__(missing)
    except ImportError:
        continue
    raise SystemExit(f"{missing} is installed here")

with torch.connect(sys.argv[1], token=sys.argv[2]) as session:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    x = torch.randn(64, 4)
    y = (x * x).sum(1, keepdim=True)
    first = None
    for _ in range(100):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        first = loss if first is None else first
    print(next(model.parameters()).device, first.item(), loss.item())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of a fresh environment that has the wheel and what it says it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("teletensor-*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    installed = subprocess.run([python, "-m", "pip", "install", "-q", str(wheel)], capture_output=True, text=True)
    assert installed.returncode == 0, installed.stderr
    return python


def run(python, *arguments):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TELETENSOR", "PYTHON"))}
    done = subprocess.run([python, *arguments], capture_output=True, text=True, timeout=120, env=clean, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_trains_remotely_with_base_dependencies_only(python, worker):
    device, first, last = run(python, "-c", TRAIN, worker.grpc, worker.token).split()
    assert device == "remote"
    assert float(last) < 0.2 * float(first)


def test_holds_the_licence_and_the_types(python):
    listed = run(python, "-m", "pip", "show", "-f", "teletensor")
    for name in ("LICENSE", "teletensor/py.typed", "teletensor_core/py.typed"):
        assert name in listed, listed
    for folder in ("tests/", "tools/"):
        assert folder not in listed


def test_serving_says_what_is_missing(python):
    done = subprocess.run([python, "-m", "teletensor", "serve"], capture_output=True, text=True, timeout=60, cwd="/")
    assert done.returncode != 0
    assert "pip install 'teletensor[server]'" in done.stderr
