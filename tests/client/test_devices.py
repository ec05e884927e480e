"""Tensors move between this process and a worker as between a CPU and a GPU, gradients with them."""

import pickle

import pytest
import teletensor as torch
from teletensor.utils.checkpoint import checkpoint
from teletensor_core.errors import DeviceError


def test_gradients_cross_devices(session):
    x = torch.tensor([1.0, 2.0, 3.0], device="cpu", requires_grad=True)
    there = (x * 2).to("remote")
    assert str(there.device) == "remote"
    assert there.grad_fn.name() == "ToCopyBackward0"
    ((there**2).cpu().sum() + x.sum()).backward()
    assert x.grad.tolist() == [9.0, 17.0, 25.0]


def test_second_derivatives_cross_devices(session):
    x = torch.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    (first,) = torch.autograd.grad((x.to("remote") ** 3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert (first.tolist(), second.tolist()) == ([3.0, 12.0], [6.0, 12.0])


def test_a_leaf_moved_outside_of_a_graph_is_a_leaf(session):
    x = torch.ones(2, device="cpu", requires_grad=True)
    with torch.no_grad():
        assert not x.to("remote").requires_grad
    assert torch.ones(2, device="cpu").to("remote").is_leaf


def test_copy_brings_values_from_another_device(session):
    here, there = torch.zeros(2, device="cpu"), torch.tensor([1.0, 2.0])
    assert here.copy_(there).tolist() == [1.0, 2.0]
    assert str(here.device) == "cpu"
    there.copy_(torch.tensor([5.0, 6.0], device="cpu"))
    assert there.tolist() == [5.0, 6.0]


def test_a_number_without_dimensions_joins_tensors_elsewhere(session):
    there, number = torch.ones(2), torch.tensor(3.0, device="cpu")
    assert (there * number).tolist() == [3.0, 3.0]
    there += number
    assert there.tolist() == [4.0, 4.0]
    with pytest.raises(DeviceError, match="Expected all tensors to be on the same device"):
        there + torch.ones(2, device="cpu")


def test_a_custom_function_and_a_checkpoint_wait_for_nothing(session):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = torch.ones(3, requires_grad=True)
    before = session.stats()
    y = checkpoint(lambda v: Double.apply(v).exp(), x, use_reentrant=False)
    y.sum().backward()
    assert (session.stats() - before).round_trips == 0
    assert x.grad.tolist() == pytest.approx([14.778112] * 3)


def test_pickles_go_back_to_where_they_were(session):
    there = pickle.loads(pickle.dumps(torch.ones(2)))
    assert str(there.device) == "remote"
    kept = pickle.dumps(there)
    session.close()
    with pytest.raises(DeviceError, match="no connected worker has device 'remote'"):
        pickle.loads(kept)


def test_the_accelerator_is_the_connected_worker(session):
    assert torch.accelerator.is_available()
    assert torch.accelerator.current_accelerator() == torch.device("remote")
    assert torch.accelerator.device_count() == 1
    assert torch.ones(1).to(torch.accelerator.current_accelerator()).device == session.device
    torch.accelerator.synchronize()


def test_without_a_worker_there_is_no_accelerator():
    assert not torch.accelerator.is_available()
    assert torch.accelerator.current_accelerator() is None
    assert not torch.cuda.is_available()
    assert torch.cuda.memory_allocated() == 0
    with pytest.raises(DeviceError, match="teletensor serve"):
        torch.ones(1).cuda()


def test_type_names_the_place(session):
    assert torch.ones(1).type() == "torch.remote.FloatTensor"
    assert not isinstance(torch.ones(1), torch.FloatTensor)
    assert isinstance(torch.ones(1).cpu(), torch.FloatTensor)


def test_the_default_device_is_a_context(session):
    with torch.device("cpu"):
        assert str(torch.ones(1).device) == "cpu"
    assert str(torch.ones(1).device) == "remote"
    assert str(torch.get_default_device()) == "remote"
