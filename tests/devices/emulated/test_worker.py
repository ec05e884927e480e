"""A worker process on the emulated GPU, and clients on it over gRPC: the whole way, but for the GPU."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import teletensor as torch
from teletensor.remote import RemoteSession

from tests.training.models import TASKS
from tests.training.test_congruence import OPTIMIZERS, train
from tests.wire.test_errors import line_of
from tests.workers import WorkerProcess

LAUNCHER = "tests.devices.emulated.worker"
MIB = 1 << 20
STEPS = 10
# Ten steps in float32 on different orders of summation.
ROUNDING = {"rtol": 2e-4, "atol": 2e-5}


@pytest.fixture(scope="module")
def gpu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """A worker on the emulated GPU."""
    folder = tmp_path_factory.mktemp("gpu")
    own = {"XDG_CONFIG_HOME": str(folder)}
    with WorkerProcess(folder, "--device", "cuda:0", env=own, module=LAUNCHER) as running:
        yield running
        assert running.process.poll() is None, f"the worker ended during the tests:\n{running.log}"


def connect(worker: WorkerProcess) -> RemoteSession:
    return torch.connect(worker.grpc, token=worker.token)


@pytest.fixture
def on_gpu(gpu: WorkerProcess) -> Iterator[RemoteSession]:
    """A session on it."""
    with connect(gpu) as session:
        yield session


def ask(worker: WorkerProcess, path: str) -> Any:
    """What its admin service answers."""
    request = urllib.request.Request(worker.admin + path, headers={"Authorization": f"Bearer {worker.token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.mark.parametrize("name", TASKS)
def test_training_ends_as_it_does_on_numpy(name: str, session: RemoteSession, on_gpu: RemoteSession) -> None:
    """Dropout, shuffling, clipping and a schedule included: every loss, and what is left in model and optimiser."""
    theirs = train(TASKS[name], OPTIMIZERS[name], "remote", STEPS)
    ours = train(TASKS[name], OPTIMIZERS[name], "cuda", STEPS)
    assert theirs[0].shape == (STEPS,)
    assert len({*theirs[0]}) == STEPS
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, **ROUNDING)


def test_compiled_steps_run_as_cuda_graphs(session: RemoteSession, tmp_path: Any) -> None:
    """Where that is switched on; what was captured, and what could not be, is told in the status and the log."""
    theirs = trained("remote")
    with WorkerProcess(tmp_path, "--device", "cuda", "--cuda-graphs", module=LAUNCHER) as worker, connect(worker):
        ours = trained("cuda")
        status = ask(worker, "/v1/status")["cuda_graphs"]
        assert re.match(
            r"on: [1-9]\d* captured, [1-9]\d* launched; launched one by one: linear: calling cuBLAS", status
        )
        log = worker.log
    assert log.count("not in a CUDA graph: matmul: calling cuBLAS API during stream capture") == 1
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, **ROUNDING)


def trained(device: str) -> list[np.ndarray]:
    """The losses and weights of an MLP with dropout, whose training step is compiled."""
    torch.manual_seed(3)
    task = TASKS["mlp"]
    model = task.make(torch).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

    @torch.compile
    def step(inputs: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(inputs), classes)
        loss.backward()
        optimizer.step()
        return loss

    losses = []
    for k in range(12):
        batch = [torch.from_numpy(np.roll(x, k, axis=0)[: task.batch_size]).to(device) for x in task.samples]
        losses.append(step(*batch).detach())
        schedule.step()
    return [loss.cpu().numpy() for loss in losses] + [p.detach().cpu().numpy() for p in model.parameters()]


@pytest.mark.parametrize(
    "draw",
    [
        lambda device: torch.rand(1000, device=device),
        lambda device: torch.randn(37, 11, device=device),
        lambda device: torch.randn(100, dtype=torch.float64, device=device),
        lambda device: torch.randint(-5, 1 << 40, (500,), device=device),
        lambda device: torch.randperm(333, device=device),
        lambda device: torch.nn.functional.dropout(torch.ones(400, device=device), 0.3),
    ],
    ids=["rand", "randn", "float64", "randint", "randperm", "dropout"],
)
def test_random_numbers_are_equal_to_the_last_bit(draw: Any, session: RemoteSession, on_gpu: RemoteSession) -> None:
    drawn = []
    for device in ("remote", "cuda"):
        torch.manual_seed(5)
        drawn.append(draw(device))
    assert drawn[1].device == torch.device("cuda:0")
    np.testing.assert_array_equal(drawn[1].cpu().numpy(), drawn[0].cpu().numpy())


def test_the_client_sees_a_gpu(on_gpu: RemoteSession) -> None:
    assert torch.cuda.is_available()
    assert torch.cuda.device_count() == 1
    assert torch.cuda.current_device() == 0
    assert torch.zeros(2).device == torch.device("cuda", 0)
    assert torch.cuda.get_device_name() == "CUDA emulator (not a GPU)"
    told = torch.cuda.get_device_properties()
    assert (told.multi_processor_count, told.total_memory) == (4, 4 << 30)
    assert torch.cuda.get_device_capability() == (told.major, told.minor)
    torch.cuda.synchronize()


def test_the_client_sees_its_memory(gpu: WorkerProcess, on_gpu: RemoteSession) -> None:
    before = torch.cuda.memory_allocated()
    kept = torch.zeros(MIB)
    assert torch.cuda.memory_allocated() == before + kept.nbytes
    assert torch.cuda.memory_reserved(0) >= kept.nbytes
    free, total = torch.cuda.mem_get_info("cuda:0")
    assert 0 < free <= total - kept.nbytes
    assert total == 4 << 30
    del kept
    assert torch.cuda.memory_allocated() == before
    assert torch.cuda.max_memory_allocated() == before + 4 * MIB
    assert torch.cuda.max_memory_reserved() >= torch.cuda.memory_reserved() > 0
    torch.cuda.reset_peak_memory_stats()
    assert torch.cuda.max_memory_allocated() == before
    with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"):
        torch.cuda.memory_allocated("cpu")


def test_operators_see_a_gpu(gpu: WorkerProcess, on_gpu: RemoteSession) -> None:
    before = ask(gpu, "/v1/devices")["devices"][0]
    x = torch.zeros(MIB)
    torch.cuda.synchronize()
    status, (device,) = ask(gpu, "/v1/status"), ask(gpu, "/v1/devices")["devices"]
    assert (status["device"], status["device_name"]) == ("cuda:0", "CUDA emulator (not a GPU)")
    assert status["gpu_self_test"] == "not run"
    assert status["cuda_graphs"] == "off"
    assert (device["device"], device["name"]) == ("cuda:0", "CUDA emulator (not a GPU)")
    assert device["total"] == 4 << 30
    assert device["allocated"] - before["allocated"] >= x.nbytes
    assert device["reserved"] >= device["allocated"]
    assert device["free"] <= device["total"] - device["reserved"]


def test_uploads_and_reads_of_every_size(on_gpu: RemoteSession) -> None:
    """Inside a batch, in chunks through pinned memory, and dense from what is not."""
    for size in (0, 3, 20_000, 3 * MIB):
        host = np.arange(size, dtype=np.float32)
        there = torch.from_numpy(host).to("cuda")
        np.testing.assert_array_equal(there.cpu().numpy(), host)
    table = torch.arange(1 << 20).reshape(1 << 10, 1 << 10).to("cuda")
    assert table.t()[:, 1].cpu().tolist() == list(range(1 << 10, 1 << 11))


def test_a_state_file_comes_back(on_gpu: RemoteSession, tmp_path: Any) -> None:
    model = TASKS["mlp"].make(torch)
    torch.save(model.state_dict(), tmp_path / "model.safetensors")
    loaded = torch.load(tmp_path / "model.safetensors")
    for name, value in model.state_dict().items():
        assert torch.equal(loaded[name].to("cuda"), value)


def test_the_self_test_runs_on_it(tmp_path: Any) -> None:
    command = [sys.executable, "-m", LAUNCHER, "selftest", "--op", "softmax", "--op", "embedding"]
    done = subprocess.run(
        command, env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "comparing cuda:0 (CUDA emulator (not a GPU), CuPy 14" in done.stdout
    assert "GPU self-test: passed (" in done.stdout


# -- errors that the device finds --------------------------------------------------------------------------------------


def look_up(*rows: int) -> torch.Tensor:
    return torch.nn.functional.embedding(torch.tensor(rows), torch.ones(5, 2))


def test_an_index_out_of_bounds_is_raised_at_the_read_in_its_session_only(gpu: WorkerProcess) -> None:
    with connect(gpu):
        wrong = look_up(1, 9)
        with connect(gpu) as other:
            right = look_up(1, 4)
            other.synchronize()
            assert right.sum().item() == 4
        with pytest.raises(IndexError, match="index out of range in self: index 9, size 5") as caught:
            wrong.sum().item()
        where = line_of(look_up, "embedding(")
        assert caught.value.where == where
        assert f"embedding(float32[5, 2], int64[2]), issued at {where}" in str(caught.value)
        assert look_up(2).tolist() == [[1.0, 1.0]]


def test_it_is_raised_by_synchronize_too(on_gpu: RemoteSession) -> None:
    look_up(7)
    with pytest.raises(IndexError, match="index 7, size 5"):
        torch.cuda.synchronize()
    torch.cuda.synchronize()


def test_and_when_the_session_is_closed(gpu: WorkerProcess) -> None:
    session = connect(gpu)
    look_up(8)
    with pytest.raises(IndexError, match="index 8, size 5"):
        session.close()


def test_and_before_a_state_file_is_written(on_gpu: RemoteSession, tmp_path: Any) -> None:
    wrong = look_up(6)
    with pytest.raises(IndexError, match=r"index 6, size 5.*embedding\(float32\[5, 2\], int64\[1\]\), issued at"):
        torch.save({"rows": wrong}, tmp_path / "rows.safetensors")
    assert not (tmp_path / "rows.safetensors").exists()


def test_out_of_memory_is_an_error_of_the_command(tmp_path: Any) -> None:
    small = {"CUDA_EMULATOR_MEMORY_BYTES": str(32 * MIB)}
    with WorkerProcess(tmp_path, "--device", "cuda", env=small, module=LAUNCHER) as worker, connect(worker):
        kept = torch.ones(MIB)
        too_much = kept.repeat(9)
        with pytest.raises(torch.cuda.OutOfMemoryError):
            (too_much + 1).sum().item()
        with pytest.raises(torch.cuda.OutOfMemoryError):
            torch.from_numpy(np.ones(9 * MIB, np.float32)).to("cuda").sum().item()
        # To be read it is made dense on the device, which has no room for it once more.
        turned = torch.ones(5, MIB).t()
        with pytest.raises(torch.cuda.OutOfMemoryError):
            turned.cpu()
        del turned
        assert (kept + 1).sum().item() == 2 * MIB
