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


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda x: x.max(), "MaxBackward1"),
        (lambda x: x.min(), "MinBackward1"),
        (lambda x: x.clamp(min=0), "ClampBackward1"),
        (lambda x: x.norm(), "LinalgVectorNormBackward0"),
        (lambda x: teletensor.nn.functional.layer_norm(x, (2,)), "NativeLayerNormBackward0"),
        (lambda x: 2 - x, "RsubBackward1"),
        (lambda x: 1 / x, "MulBackward0"),
        (lambda x: 2**x, "PowBackward2"),
    ],
)
def test_a_node_goes_by_its_name_in_pytorch(make, name):
    assert make(teletensor.ones(2, 2, requires_grad=True)).grad_fn.name() == name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a: a @ a, "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
        (
            lambda a: a + teletensor.ones(4),
            "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1",
        ),
        (
            lambda a: teletensor.nn.functional.linear(a, teletensor.ones(2, 2)),
            "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x2)",
        ),
    ],
)
def test_a_mismatch_is_told_in_pytorchs_words_alone(call, message):
    with pytest.raises(RuntimeError) as raised:
        call(teletensor.ones(2, 3))
    assert str(raised.value) == message
