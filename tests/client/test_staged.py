"""Backward through Python steps: how much is done, and what is left behind when a step fails."""

import pytest
import teletensor as torch
from teletensor import sessions
from teletensor_core.engine import Backward


class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).float()

    @staticmethod
    def backward(ctx, g):
        return g * 0.5


class Fails(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        raise ZeroDivisionError("on purpose")


def neuron(w, steps):
    """A leaky neuron, which every step leads back to along its charge, and along what it fired."""
    charge, spikes = torch.zeros(3), 0
    for _ in range(steps):
        charge = 0.9 * charge + w
        fired = Spike.apply(charge - 1)
        charge, spikes = charge - fired, spikes + fired
    return spikes.sum() + charge.sum()


def test_every_node_is_walked_once(monkeypatch):
    run = []
    original = Backward._differentiate
    monkeypatch.setattr(
        Backward, "_differentiate", lambda self, node, outs: (run.append(node), original(self, node, outs))
    )
    neuron(torch.ones(3, requires_grad=True), 20).backward()
    assert len(run) == len(set(run))


def test_a_step_that_raises_leaves_nothing_half_done():
    w = torch.ones(3, requires_grad=True)
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        neuron(Fails.apply(w * 2), 3).backward()
    assert w.grad is None
    assert len(sessions.local()._parts) == 0
    neuron(w, 3).backward()
    assert w.grad is not None
