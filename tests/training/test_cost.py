"""What training costs on the wire: round trips, commands and bytes of a step."""

import pytest
import teletensor as torch
from teletensor import nn

from tests.training.models import TASKS

STEPS = 5
# One command for each op of the forward pass, one for backward, one for the optimiser.
COMMANDS = {"mlp": 9, "cnn": 16, "transformer": 77}
# A command is a handful of 8-byte words.
BYTES_PER_COMMAND = 100
OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "SGD momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": torch.optim.Adam,
    "AdamW amsgrad": lambda p: torch.optim.AdamW(p, amsgrad=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, momentum=0.9, centered=True),
    "Adagrad": torch.optim.Adagrad,
}


class Cost:
    """What a session has cost since this was made."""

    def __init__(self, session):
        session.synchronize()
        self.session, self.start = session, session.stats()

    def __getattr__(self, name):
        return getattr(self.session.stats() - self.start, name)


def trainer(name):
    """A function that takes one training step on a worker, gives the loss, and has taken a few before."""
    task = TASKS[name]
    model = task.make(torch, dropout=0.1)
    batch = [torch.tensor(x[: task.batch_size]) for x in task.samples]
    optimizer = torch.optim.Adam(model.parameters())

    def step():
        optimizer.zero_grad()
        loss = task.loss(torch, model, *batch)
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(2):
        step()
    return step


@pytest.mark.parametrize("name", TASKS)
def test_a_step_that_reads_nothing_never_waits(name, session):
    step = trainer(name)
    cost = Cost(session)
    for _ in range(STEPS):
        step()
    assert cost.round_trips == 0
    assert cost.commands == STEPS * COMMANDS[name]
    session.synchronize()
    assert cost.bytes_sent + cost.bytes_shared < STEPS * COMMANDS[name] * BYTES_PER_COMMAND


@pytest.mark.parametrize("name", TASKS)
def test_a_step_that_reads_its_loss_waits_once(name, session):
    step = trainer(name)
    cost = Cost(session)
    for _ in range(STEPS):
        step().item()
    assert cost.round_trips == STEPS
    assert cost.commands == STEPS * (COMMANDS[name] + 1)
    assert cost.bytes_received + cost.bytes_shared < STEPS * 100


def layers(count):
    return nn.Sequential(*[nn.Linear(3, 3) for _ in range(count)])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("count", [1, 10])
def test_an_optimiser_step_is_one_command_for_any_number_of_parameters(name, count, session):
    model = layers(count)
    optimizer = OPTIMIZERS[name](model.parameters())
    for taken in range(3):
        model(torch.ones(2, 3)).sum().backward()
        cost = Cost(session)
        optimizer.step()
        # The first step makes the state as well.
        assert cost.commands == 1 or taken == 0
        assert cost.round_trips == 0
        optimizer.zero_grad()


@pytest.mark.parametrize("owner", ["module", "optimizer"])
def test_zero_grad_costs_nothing_or_one_command(owner, session):
    model = layers(10)
    zero_grad = (model if owner == "module" else torch.optim.SGD(model.parameters())).zero_grad
    for set_to_none, commands in ((False, 1), (True, 0)):
        model(torch.ones(2, 3)).sum().backward()
        cost = Cost(session)
        zero_grad(set_to_none=set_to_none)
        assert cost.commands == commands
    assert model[0].weight.grad is None


def test_backward_is_one_command_and_adding_to_gradients_one_more(session):
    model = layers(10)
    for commands in (1, 2, 2):
        loss = model(torch.ones(2, 3)).sum()
        cost = Cost(session)
        loss.backward()
        assert cost.commands == commands


@pytest.mark.parametrize("count", [1, 10])
def test_clipping_costs_the_same_for_any_number_of_parameters(count, session):
    model = layers(count)
    model(torch.ones(2, 3)).sum().backward()
    cost = Cost(session)
    nn.utils.clip_grad_value_(model.parameters(), 0.5)
    assert cost.commands == 1
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    assert cost.commands == 6
    assert cost.round_trips == 0
