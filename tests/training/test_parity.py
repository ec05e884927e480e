"""Training follows PyTorch's: the same weights, batches and optimiser give the same losses for 50 steps."""

import numpy as np
import pytest
import teletensor as tt

from tests.replay import ask, assert_alike, plain
from tests.training.models import TASKS, draw_weights

STEPS = 50
OPTIMIZERS = {
    "SGD": lambda optim, p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Adam": lambda optim, p: optim.Adam(p, lr=3e-3, amsgrad=True),
    "AdamW": lambda optim, p: optim.AdamW(p, lr=3e-3),
    "RMSprop": lambda optim, p: optim.RMSprop(p, lr=1e-3, momentum=0.5, centered=True),
    "Adagrad": lambda optim, p: optim.Adagrad(p, lr=0.02, lr_decay=0.01),
}
# Float64 shows that the formulas are PyTorch's, float32 that rounding stays what it is (a few times 1e-7 here).
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}


def train(library, name, optimizer, dtype):
    """The losses of 50 steps, and three numbers for each tensor of the final state."""
    task, kind = TASKS[name], getattr(library, dtype)
    model = task.make(library).to(kind)
    draw_weights(library, model)
    optim = OPTIMIZERS[optimizer](library.optim, model.parameters())
    batches = [[library.tensor(x[chosen]) for x in task.samples] for chosen in _batches(task)]
    losses = []
    for batch in batches:
        batch = [x.to(kind) if x.is_floating_point() else x for x in batch]
        optim.zero_grad()
        loss = task.loss(library, model, *batch)
        loss.backward()
        optim.step()
        losses.append(loss.item())
    model.eval()
    with library.no_grad():
        losses.append(task.loss(library, model, *batch).item())
    return {"losses": losses, "state": {key: _summary(value) for key, value in model.state_dict().items()}}


def _batches(task):
    """Which samples each step sees."""
    random = np.random.RandomState(9)
    return [random.permutation(len(task.samples[0]))[: task.batch_size] for _ in range(STEPS)]


def _summary(tensor):
    """Mean, length, and length along a direction of its own: three numbers that move when any element does."""
    values = plain(tensor).astype(np.float64).reshape(-1)
    direction = np.random.RandomState(values.size).standard_normal(values.size)
    return [float(values.mean()), float(np.sqrt((values**2).mean())), float((values * direction).mean())]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", TASKS)
def test_losses_and_weights_follow_pytorchs(name, optimizer, dtype):
    tolerance = TOLERANCE[dtype]
    theirs = ask(train, name, optimizer, dtype, tolerance=tolerance)
    assert np.mean(theirs["losses"][-5:]) < 0.9 * np.mean(theirs["losses"][:5]), "it learns nothing"
    assert_alike(train(tt, name, optimizer, dtype), theirs, tolerance)
