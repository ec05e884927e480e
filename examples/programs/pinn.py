"""A physics-informed network for u'' = -u with u(0) = 0, u'(0) = 1: second derivatives inside the loss, then LBFGS."""

import torch
from seeded import fill
from torch import nn


def derivative(y, x):
    return torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y), create_graph=True)[0]


def main():
    torch.set_default_dtype(torch.float64)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = nn.Sequential(nn.Linear(1, 20), nn.Tanh(), nn.Linear(20, 20), nn.Tanh(), nn.Linear(20, 1))
    net = fill(net, seed=18).to(device)
    x = torch.linspace(0, 3, 25, device=device).reshape(-1, 1).requires_grad_()

    def loss_of():
        u = net(x)
        du = derivative(u, x)
        d2u = derivative(du, x)
        residual = (d2u + u).square().mean()
        return residual + u[0].square().sum() + (du[0] - 1).square().sum()

    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    for step in range(60):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            print(f"Adam {step}: {loss.item():.5f}")
    optimizer = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=8, history_size=10)

    def closure():
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    for round in range(2):
        print(f"LBFGS {round}: {optimizer.step(closure).item():.5f}")
    with torch.no_grad():
        print(f"u(0) = {net(torch.zeros(1, 1, device=device)).item():.4f}, error {(net(x) - x.sin()).abs().max():.3f}")


if __name__ == "__main__":
    main()
