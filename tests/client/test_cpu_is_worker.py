"""`connect(cpu="worker")`: the worker is the whole machine, and what it computes on is called cpu."""

import numpy as np
import pytest
import teletensor as torch
from teletensor import sessions
from teletensor.utils.data import DataLoader, Dataset, TensorDataset
from teletensor_core.errors import ArgumentError


@pytest.fixture(params=["worker", "auto"])
def machine(worker, request):
    with torch.connect(worker.grpc, token=worker.token, cpu=request.param) as connected:
        yield connected


def test_cpu_is_the_worker(machine):
    x = torch.ones(2)
    assert (str(x.device), x._session, x.is_cpu) == ("cpu", machine, True)
    assert torch.zeros(2, device="cpu")._session is machine
    assert x.to("cpu") is x
    assert x.cpu() is x
    assert repr(x) == "tensor([1., 1.])"
    assert x.numpy().tolist() == [1, 1]
    assert torch.from_numpy(np.ones(2))._session is machine
    assert not torch.accelerator.is_available()
    assert not torch.cuda.is_available()


def test_cpu_is_this_process_again_afterwards(machine):
    machine.close()
    assert torch.ones(2)._session is sessions.local()
    assert torch.ones(2, device="cpu")._session is sessions.local()


def test_an_array_of_the_machine_may_be_written_to(machine):
    array = torch.zeros(2).numpy()
    array += 1
    assert array.tolist() == [1, 1]


def test_tensors_of_this_process_join_those_of_the_machine(machine):
    with sessions.here():
        own = torch.tensor([1.0, 2.0], requires_grad=True)
    assert own._session is sessions.local()
    there = torch.ones(2)
    for joined in (own + there, there + own, torch.cat([own, there]), torch.stack([there, own])):
        assert joined._session is machine
    (own * there * 3).sum().backward()
    assert own.grad.tolist() == [3, 3]
    own.grad += there
    assert (own.grad.tolist(), own.grad._session) == ([4, 4], sessions.local())


class Rows(Dataset):
    """Makes its samples with tensors of both kinds."""

    def __init__(self):
        self.kept = torch.arange(8.0)
        self.homes = set()

    def __len__(self):
        return 8

    def __getitem__(self, i):
        fresh = torch.tensor([float(i)])
        self.homes.add(fresh._session)
        return fresh, self.kept[i] + fresh


@pytest.mark.parametrize("workers", [0, 2])
def test_samples_are_fetched_and_joined_in_this_process(machine, workers):
    rows = Rows()
    batches = list(DataLoader(rows, batch_size=4, num_workers=workers))
    assert rows.homes == {sessions.local()}
    assert all(t._session is machine for batch in batches for t in batch)
    assert batches[1][0].flatten().tolist() == [4, 5, 6, 7]
    assert batches[1][1].flatten().tolist() == [8, 10, 12, 14]


def test_a_data_set_of_the_machines_is_batched_there(machine):
    data = TensorDataset(torch.arange(6.0))
    torch.manual_seed(0)
    before = machine.stats()
    batches = [x for (x,) in DataLoader(data, batch_size=3, shuffle=True)]
    assert (machine.stats() - before).round_trips == 0
    assert sorted(torch.cat(batches).tolist()) == [0, 1, 2, 3, 4, 5]


def test_files_load_into_the_machine(machine, tmp_path):
    torch.save({"x": torch.ones(2)}, tmp_path / "x.pt")
    for where in (None, "cpu", lambda storage, location: storage):
        assert torch.load(tmp_path / "x.pt", map_location=where)["x"]._session is machine


def test_another_word_for_cpu_is_refused(worker):
    with pytest.raises(ArgumentError, match="takes 'local', 'worker' or 'auto', got 'gpu'"):
        torch.connect(worker.grpc, token=worker.token, cpu="gpu")
