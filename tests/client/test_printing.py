"""Tensors print byte for byte as PyTorch prints them, and fetch no more than is shown."""

import pytest
import teletensor

from tests.client.printed import CASES, OPTIONS, printed, recorded

NAMES = [*CASES, *(f"options: {name}" for name in OPTIONS)]


@pytest.fixture(scope="module")
def ours():
    return printed(teletensor)


def test_every_case_is_recorded():
    assert set(recorded()) == set(NAMES), "run python -m tests.client.printed"


@pytest.mark.parametrize("name", NAMES)
def test_prints_as_pytorch_does(ours, name):
    assert ours[name] == recorded()[name]


def test_recording_is_pytorchs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    assert printed(torch) == recorded()


def test_a_big_tensor_elsewhere_fetches_only_its_edges(session):
    x = teletensor.arange(1_000_000.0).reshape(1000, 1000)
    session.synchronize()
    before = session.stats()
    text = repr(x)
    cost = session.stats() - before
    assert text.splitlines()[0] == "tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 9.9700e+02, 9.9800e+02,"
    assert text.splitlines()[-1].endswith("device='remote')")
    assert cost.round_trips == 1
    # Six by six elements of four bytes, and what goes round them.
    assert cost.bytes_received + cost.bytes_shared < 6 * 6 * 4 + 100
    assert cost.bytes_sent < 2000


def test_a_small_tensor_elsewhere_waits_once(session):
    x = teletensor.ones(3)
    before = session.stats()
    assert repr(x) == "tensor([1., 1., 1.], device='remote')"
    assert (session.stats() - before).round_trips == 1


def test_a_shape_elsewhere_costs_nothing(session):
    x = teletensor.ones(3, 4)
    before = session.stats()
    assert (str(x.shape), x.dtype, len(x), x.numel()) == ("torch.Size([3, 4])", teletensor.float32, 3, 12)
    assert (session.stats() - before).round_trips == 0
