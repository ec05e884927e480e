"""PyTorch's files are read here, and ours by PyTorch, with the same values."""

import io
import json
import zlib

import numpy as np
import pytest
import teletensor as tt

from tests.optim.test_steps import OPTIMIZERS, Problem
from tests.replay import LIVE, ask, assert_alike, plain
from tests.serialization.objects import PLAIN, same, tensors, torch_things


def file_of(torch, make):
    """The bytes of PyTorch's file, as an array."""
    buffer = io.BytesIO()
    torch.save(make(torch), buffer)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def loaded(make):
    """Our reading of PyTorch's file."""
    return tt.load(io.BytesIO(ask(file_of, make).tobytes()))


def test_tensors():
    same(loaded(tensors), tensors())


def test_plain_values():
    expected = {name: value for name, value in PLAIN.items() if name != "numbers of NumPy"}
    same(loaded(lambda torch: expected), expected)
    same(loaded(torch_things), torch_things())


def test_a_state_dict():
    def make(torch):
        torch.manual_seed(0)
        return torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).state_dict()

    found = loaded(make)
    model = tt.nn.Sequential(tt.nn.Linear(2, 3), tt.nn.BatchNorm1d(3))
    assert model.load_state_dict(found) == ([], [])
    assert found._metadata == model.state_dict()._metadata


def test_tensors_that_share_a_storage():
    def make(torch):
        base = torch.arange(12.0)
        return [base, base[3:7], base.view(3, 4).t(), base[::5]]

    found = loaded(make)
    same(found, make(tt))


@pytest.mark.parametrize("name", ["SGD nesterov", "Adam amsgrad", "RMSprop centered", "Adagrad options", "NAdam"])
def test_an_optimiser_goes_on_where_pytorch_stopped(name):
    def stopped(torch):
        problem = Problem(torch)
        optimizer = OPTIMIZERS[name](torch.optim, problem.parameters)
        problem.run(optimizer, 5)
        return {"parameters": [p.detach() for p in problem.parameters], "optimizer": optimizer.state_dict()}

    def went_on(torch):
        problem = Problem(torch)
        optimizer = OPTIMIZERS[name](torch.optim, problem.parameters)
        return problem.run(optimizer, 9)[5:]

    found = loaded(stopped)
    problem = Problem(tt)
    problem.parameters = [p.requires_grad_() for p in found["parameters"]]
    optimizer = OPTIMIZERS[name](tt.optim, problem.parameters)
    optimizer.load_state_dict(found["optimizer"])
    assert_alike(problem.run(optimizer, 4), ask(went_on), 1e-9)


# -- the other way ---------------------------------------------------------------------------------------------------


def read_by_pytorch(obj, **options):
    """What PyTorch reads in our file: the recording holds for this very file, so its checksum is compared too."""
    buffer = io.BytesIO()
    tt.save(obj, buffer)
    data = buffer.getvalue()

    def read(torch):
        return [zlib.crc32(data), torch.load(io.BytesIO(data), **options)]

    crc, found = ask(read)
    assert crc == zlib.crc32(data), "our file is not the one that PyTorch read: record anew"
    return found


def test_pytorch_reads_our_tensors():
    assert_alike(plain(tensors()), read_by_pytorch(tensors(), weights_only=True), 0)


def test_pytorch_reads_our_containers():
    kept = {name: value for name, value in PLAIN.items() if name not in ("nested", "set", "bytes", "complex")}
    kept["numbers of NumPy"] = [x.item() for x in kept["numbers of NumPy"]]
    assert_alike(plain(kept), read_by_pytorch(kept, weights_only=True), 0)


def test_pytorch_reads_our_checkpoint():
    model = tt.nn.Sequential(tt.nn.Linear(2, 3), tt.nn.BatchNorm1d(3))
    for i, p in enumerate(model.parameters()):
        p.data.fill_(i)
    optimizer = tt.optim.Adam(model.parameters())
    model(tt.ones(4, 2)).sum().backward()
    optimizer.step()
    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    assert_alike(plain(states), read_by_pytorch(states, weights_only=True), 1e-6)


def test_pytorch_reads_what_was_saved_from_a_worker(session):
    assert_alike([1.0, 2.0], read_by_pytorch(tt.tensor([1.0, 2.0])).tolist(), 0)


def test_our_safetensors_are_read_by_the_library():
    from safetensors.numpy import load

    made = {name: x for name, x in tensors().items() if x.dtype not in (tt.bfloat16, tt.complex128)}
    buffer = io.BytesIO()
    from teletensor.serialization import safetensors_format

    safetensors_format.write(made, buffer)
    found = load(buffer.getvalue())
    assert sorted(found) == sorted(made)
    for name, x in made.items():
        np.testing.assert_array_equal(found[name], x.detach().numpy())


def test_the_librarys_safetensors_are_read(tmp_path):
    from safetensors.numpy import save_file

    save_file(
        {"a.weight": np.ones((2, 3), np.float32), "b": np.array(7)}, tmp_path / "x.safetensors", {"made": "by hand"}
    )
    found = tt.load(tmp_path / "x.safetensors")
    assert found["a.weight"].shape == (2, 3)
    assert found["b"].item() == 7


@pytest.mark.skipif(not LIVE, reason="needs PyTorch 2.13 to write and read safetensors of bfloat16")
def test_safetensors_go_to_and_from_pytorch(tmp_path):
    import torch
    from safetensors.torch import load_file, save_file

    save_file({"x": torch.arange(4).to(torch.bfloat16)}, tmp_path / "theirs.safetensors")
    found = tt.load(tmp_path / "theirs.safetensors")
    assert found["x"].dtype == tt.bfloat16
    tt.save(found, tmp_path / "ours.safetensors")
    assert torch.equal(load_file(tmp_path / "ours.safetensors")["x"], torch.arange(4).to(torch.bfloat16))


def test_the_structure_in_the_metadata_is_json(tmp_path):
    tt.save({"a": [tt.ones(1), 2]}, tmp_path / "x.safetensors")
    data = (tmp_path / "x.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert sorted(header) == ["__metadata__", "a.0"]
    assert json.loads(header["__metadata__"]["teletensor.structure"])["m"][0][0] == {"v": "a"}
