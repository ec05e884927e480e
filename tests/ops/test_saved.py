"""Hooks for saved tensors change no gradient: every op's rules are the same on this process's tensors."""

import weakref

import pytest
import teletensor as tt
from teletensor.autograd.graph import save_on_cpu, saved_tensors_hooks
from teletensor.local import LocalSession
from teletensor_core import dtypes
from teletensor_core.registry import OPS

from tests.ops.test_oracle import SAMPLED, failures
from tests.oracle import answers
from tests.oracle.cases import cases
from tests.oracle.compare import assert_agrees
from tests.oracle.run import run

SAVING = [name for name in SAMPLED if OPS[name].saves and OPS[name].vjps]


@pytest.mark.parametrize("name", SAVING)
def test_gradients_are_those_without_hooks(name):
    session = LocalSession()
    every = [case for case in cases(OPS[name]) if case.dtype in (dtypes.float64, dtypes.complex128, dtypes.bfloat16)]
    recorded = answers.load(every[0].family)
    packed = []

    def hooked(case):
        with saved_tensors_hooks(lambda x: packed.append(x) or (x.detach(),), lambda kept: kept[0]):
            assert_agrees(case, run(case, session), recorded[case.key])

    found = failures(hooked, every)
    assert not found, f"{len(found)} of {len(every)} cases differ:\n" + "\n".join(found[:5])
    assert packed or not any("grads" in recorded[case.key] for case in every)


def _loss(x):
    return ((x * 2).exp() + 1).sin() * x.softmax(0)


def _plain_gradient():
    x = tt.linspace(0, 1, 10).requires_grad_()
    _loss(x).sum().backward()
    return x.grad.tolist()


def test_what_is_packed_is_not_kept_besides():
    x = tt.linspace(0, 1, 10).requires_grad_()
    with saved_tensors_hooks(lambda t: t.tolist(), tt.tensor):
        hidden = (x * 2).exp()
        y = (hidden + 1).sin()
    memory = weakref.ref(hidden._ref.array)
    del hidden
    assert memory() is None
    assert y.requires_grad


def test_a_graph_goes_with_its_last_tensor():
    x = tt.ones(3, requires_grad=True)
    with saved_tensors_hooks(lambda t: t.detach(), lambda t: t):
        y = x.exp().sin()
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_hooks_that_read_nothing_wait_for_nothing(session):
    x = tt.linspace(0, 1, 10).requires_grad_()
    session.synchronize()
    before = session.stats()
    with saved_tensors_hooks(lambda t: t * 1, lambda t: t):
        y = _loss(x)
    y.sum().backward()
    assert (session.stats() - before).round_trips == 0
    assert x.grad.tolist() == pytest.approx(_plain_gradient(), rel=1e-5)


@pytest.mark.parametrize("pin_memory", [False, True])
def test_on_a_worker_saved_tensors_come_here_and_go_back(session, pin_memory):
    x = tt.linspace(0, 1, 10).requires_grad_()
    session.synchronize()
    before = session.stats()
    with save_on_cpu(pin_memory=pin_memory):
        y = _loss(x)
    y.sum().backward()
    assert x.grad.tolist() == pytest.approx(_plain_gradient(), rel=1e-5)
    cost = session.stats() - before
    # The exponential, the sine's operand, the softmax, and what the product needs of both sides.
    assert cost.bytes_received >= 5 * 40
    assert cost.round_trips >= 5
