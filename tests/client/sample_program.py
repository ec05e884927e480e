"""What a user writes, with the types that a checker should see. Checked by test_types.py, and run there too."""

from typing import assert_type

import numpy as np
import teletensor as torch
from teletensor import Tensor, nn
from teletensor.nn import functional as F


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(4, width)
        self.out = nn.Linear(width, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = F.relu(self.hidden(x))
        return self.out(h), h


def tensors() -> None:
    a, b = torch.zeros(3, 4), torch.ones((4, 2), dtype=torch.float32, requires_grad=True)
    assert_type(a, Tensor)
    assert_type(a @ b, Tensor)
    assert_type(2 * a + a / 3 - a**2, Tensor)
    assert_type(a == 1, Tensor)
    assert_type(a[0, 1:], Tensor)
    assert_type(a.sum().item(), int | float | bool)
    assert_type(a.sum(dim=(0, 1), keepdim=True), Tensor)
    assert_type(a.shape, torch.Size)
    assert_type(a.size(), torch.Size)
    assert_type(a.size(0), int)
    assert_type(a.dtype, torch.dtype)
    assert_type(a.device, torch.device)
    assert_type(b.grad, Tensor | None)
    assert_type(len(a), int)
    for row in a:
        assert_type(row, Tensor)
    a[0] = 1.0
    a += 1
    array: np.ndarray = a.numpy()
    assert_type(torch.from_numpy(array), Tensor)


def overloads() -> None:
    a = torch.rand(3, 4)
    assert_type(a.max(), Tensor)
    assert_type(a.max(dim=0), torch.return_types.max)
    assert_type(a.max(dim=0).values, Tensor)
    assert_type(torch.max(a, a), Tensor)
    values, indices = torch.max(a, 1)
    assert_type(values, Tensor)
    assert_type(indices, Tensor)
    assert_type(torch.sort(a).indices, Tensor)
    assert_type(torch.where(a > 0), tuple[Tensor, ...])
    assert_type(torch.where(a > 0, a, 0.0), Tensor)
    assert_type(a.nonzero(), Tensor)
    assert_type(a.nonzero(as_tuple=True), tuple[Tensor, ...])
    assert_type(a.view(-1), Tensor)
    assert_type(a.reshape(4, 3).permute(1, 0), Tensor)
    assert_type(a.split(2), tuple[Tensor, ...])
    assert_type(a.var(dim=0, unbiased=False), Tensor)
    assert_type(a.float().to("cpu").contiguous(), Tensor)
    assert_type(torch.cat([a, a], dim=1), Tensor)
    assert_type(torch.equal(a, a), bool)


def training() -> None:
    model = Net(8)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert_type(nn.Linear(3, 4)(torch.zeros(2, 3)), Tensor)
    scores, hidden = model(torch.rand(5, 4))
    assert_type(scores, Tensor)
    assert_type(hidden, Tensor)
    loss = F.cross_entropy(scores, torch.randint(0, 2, (5,)))
    assert_type(loss, Tensor)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        total = float(sum(p.abs().sum().item() for p in model.parameters()))
    assert total > 0


if __name__ == "__main__":
    tensors()
    overloads()
    training()
