"""Whole training steps, compiled: equal to eager ones to the last bit."""

import numpy as np
import pytest
import teletensor as torch
from teletensor import nn

from tests.compiled.conftest import programs
from tests.training.models import TASKS

STEPS = 14
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda p: torch.optim.Adam(p, lr=3e-3),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=1e-3, momentum=0.5, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=1e-2, lr_decay=0.1),
    "adadelta": lambda p: torch.optim.Adadelta(p),
    "adamax": lambda p: torch.optim.Adamax(p),
    "nadam": lambda p: torch.optim.NAdam(p),
    "radam": lambda p: torch.optim.RAdam(p),
}


def values(*tensors):
    return [np.array(x.detach().cpu().numpy()) for x in tensors]


def equal(one, other):
    for a, b in zip(one, other, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


class Run:
    """A model and an optimiser, and a step of training them, compiled or not."""

    def __init__(self, task, compiled, optimizer=OPTIMIZERS["adam"], dropout=0.2, clip=True):
        torch.manual_seed(11)
        self.model = task.make(torch, dropout=dropout)
        self.optimizer = optimizer(self.model.parameters())
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 8)
        self.task, self.clip = task, clip
        self.step = torch.compile(self._step) if compiled else self._step

    def _step(self, *batch):
        self.optimizer.zero_grad()
        loss = self.task.loss(torch, self.model, *batch)
        loss.backward()
        if self.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return loss.detach()

    def train(self, steps=STEPS):
        torch.manual_seed(12)
        size = self.task.batch_size
        losses = []
        for i in range(steps):
            at = i * size % (len(self.task.samples[0]) - size)
            losses.append(self.step(*[torch.tensor(x[at : at + size]) for x in self.task.samples]))
        return self.outcome(losses)

    def outcome(self, losses):
        moments = [x for state in self.optimizer.state.values() for x in state.values() if isinstance(x, torch.Tensor)]
        grads = [p.grad for p in self.model.parameters()]
        return values(*losses, *self.model.state_dict().values(), *moments, *grads)


@pytest.mark.parametrize("name", TASKS)
def test_training_is_equal_to_the_last_bit(name, device):
    eager, compiled = Run(TASKS[name], False), Run(TASKS[name], True)
    equal(eager.train(), compiled.train())
    assert sum(v.runs for v in programs(compiled.step)) == STEPS - 3
    assert eager.optimizer.param_groups[0]["lr"] == compiled.optimizer.param_groups[0]["lr"]
    assert eager.schedule.last_epoch == compiled.schedule.last_epoch


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    runs = [Run(TASKS["mlp"], compiled, OPTIMIZERS[name], dropout=0.0) for compiled in (False, True)]
    equal(runs[0].train(), runs[1].train())
    assert programs(runs[1].step)


def test_a_step_is_one_command_and_no_round_trip(session):
    run = Run(TASKS["mlp"], True)
    run.train(6)
    batch = [torch.tensor(x[:8]) for x in TASKS["mlp"].samples]
    for _ in range(4):
        run.step(*batch)
    session.synchronize()
    before = session.stats()
    for _ in range(10):
        run.step(*batch)
    cost = session.stats() - before
    assert cost.commands == 10
    assert cost.round_trips == 0


def test_gradient_accumulation(device):
    def run(compiled):
        torch.manual_seed(3)
        model = nn.Linear(4, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

        def accumulate(x):
            model(x).square().mean().backward()

        accumulate = torch.compile(accumulate) if compiled else accumulate
        inputs = [torch.randn(5, 4) for _ in range(24)]
        for i, x in enumerate(inputs):
            accumulate(x)
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
        if compiled:
            assert len(programs(accumulate)) == 2, "without and with gradients from before"
        return values(*model.parameters())

    equal(run(False), run(True))


def test_zeroing_instead_of_forgetting(device):
    def run(compiled):
        torch.manual_seed(3)
        model = nn.Linear(4, 3)
        optimizer = torch.optim.Adam(model.parameters())

        def step(x):
            optimizer.zero_grad(set_to_none=False)
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        step = torch.compile(step) if compiled else step
        losses = [step(torch.ones(5, 4)) for _ in range(9)]
        return values(*losses, *model.parameters(), *[p.grad for p in model.parameters()])

    equal(run(False), run(True))


def test_rates_that_a_schedule_sets_outside(device):
    def run(compiled):
        torch.manual_seed(3)
        model = nn.Linear(4, 3)
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=12, cycle_momentum=False)

        def step(x):
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            return loss

        step = torch.compile(step) if compiled else step
        losses = []
        for _ in range(11):
            losses.append(step(torch.ones(5, 4)))
            schedule.step()
        if compiled:
            assert len(programs(step)) == 1
        return values(*losses, *model.parameters())

    equal(run(False), run(True))


def test_an_option_that_changes_makes_another_program(device):
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    @torch.compile
    def step(x):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()

    twin = nn.Linear(4, 3)
    twin.load_state_dict(model.state_dict())
    other = torch.optim.SGD(twin.parameters(), lr=0.1)
    for i in range(14):
        if i == 7:
            for each in (optimizer, other):
                each.param_groups[0]["weight_decay"] = 0.5
        step(torch.ones(2, 4))
        other.zero_grad()
        twin(torch.ones(2, 4)).sum().backward()
        other.step()
    equal(values(*model.parameters()), values(*twin.parameters()))
    assert len(programs(step)) == 2


def test_training_goes_on_from_a_checkpoint(device):
    runs = [Run(TASKS["mlp"], compiled, dropout=0.0) for compiled in (False, True)]
    for run in runs:
        run.train(6)
        saved = run.optimizer.state_dict(), {k: v.clone() for k, v in run.model.state_dict().items()}
        copied = {
            "state": {i: {k: v.clone() for k, v in state.items()} for i, state in saved[0]["state"].items()},
            "param_groups": saved[0]["param_groups"],
        }
        run.train(6)
        run.optimizer.load_state_dict(copied)
        run.model.load_state_dict(saved[1])
    equal(runs[0].train(6), runs[1].train(6))
