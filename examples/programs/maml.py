"""A step of model-agnostic meta-learning on sine waves: gradients through inner updates, with torch.func."""

import torch
from seeded import fill, uniform
from torch import nn
from torch.func import functional_call


def task(seed):
    amplitude, phase = (uniform(2, seed=seed) * torch.tensor([4.9, 3.14]) + torch.tensor([0.1, 0.0])).tolist()
    x = uniform(20, 1, seed=seed + 1) * 10 - 5
    return x, amplitude * torch.sin(x + phase)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = fill(nn.Sequential(nn.Linear(1, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 1)), seed=19)
    model = model.to(device)
    meta = torch.optim.Adam(model.parameters(), lr=1e-3)
    loss_fn = nn.MSELoss()

    def adapted(x, y, steps, create_graph):
        weights = dict(model.named_parameters())
        for _ in range(steps):
            loss = loss_fn(functional_call(model, weights, (x,)), y)
            grads = torch.autograd.grad(loss, tuple(weights.values()), create_graph=create_graph)
            weights = {name: w - 0.01 * g for (name, w), g in zip(weights.items(), grads)}
        return weights

    for step in range(12):
        meta.zero_grad()
        total = 0.0
        for i in range(4):
            x, y = (t.to(device) for t in task(100 * step + 10 * i))
            weights = adapted(x[:10], y[:10], steps=2, create_graph=True)
            loss = loss_fn(functional_call(model, weights, (x[10:],)), y[10:]) / 4
            loss.backward()
            total += loss.item()
        meta.step()
        if step % 4 == 0:
            print(f"meta step {step}: loss {total:.4f}")
    x, y = (t.to(device) for t in task(7))
    before = loss_fn(model(x), y).item()
    after = loss_fn(functional_call(model, adapted(x, y, 5, create_graph=False), (x,)), y).item()
    print(f"a new task: {before:.4f} before, {after:.4f} after five steps")


if __name__ == "__main__":
    main()
