"""The same program, in this process and on a worker process: equal to the last bit."""

import numpy as np
import pytest
import teletensor as torch
from teletensor.utils.data import DataLoader, TensorDataset

from tests.training.models import TASKS

STEPS = 50
OPTIMIZERS = {
    "mlp": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "cnn": lambda p: torch.optim.AdamW(p, lr=0.02, amsgrad=True),
    "transformer": lambda p: torch.optim.Adam(p, lr=3e-3),
}


def train(task, optimizer, device, steps=STEPS):
    """Losses, final state and optimiser state of some steps with dropout and shuffling on, all as arrays."""
    torch.manual_seed(11)
    with torch.device(device):
        model = task.make(torch, dropout=0.2)
    data = TensorDataset(*map(torch.from_numpy, task.samples))
    optim = optimizer(model.parameters())
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optim, steps)
    losses = []
    while len(losses) < steps:
        for batch in DataLoader(data, task.batch_size, shuffle=True, drop_last=True, device=device):
            optim.zero_grad()
            loss = task.loss(torch, model, *batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optim.step()
            scheduler.step()
            assert loss.device.type == device
            losses.append(loss.detach())
    moments = [x for state in optim.state.values() for x in state.values() if isinstance(x, torch.Tensor)]
    tensors = [torch.stack(losses[:steps]), *model.state_dict().values(), *moments]
    return [np.array(x.cpu().numpy()) for x in tensors]


@pytest.mark.parametrize("name", TASKS)
def test_a_training_run_is_equal_here_and_on_a_worker(name, session):
    here = train(TASKS[name], OPTIMIZERS[name], "cpu")
    there = train(TASKS[name], OPTIMIZERS[name], "remote")
    assert here[0][-5:].mean() < here[0][:5].mean() * 0.9, "it learns nothing"
    assert np.isfinite(here[0]).all()
    for a, b in zip(here, there, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
