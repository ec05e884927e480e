"""A neural ODE by fixed Euler and Runge-Kutta steps, with checkpointed steps, fitted to a spiral."""

import torch
from seeded import fill
from torch import nn
from torch.utils.checkpoint import checkpoint


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 2))

    def forward(self, t, y):
        return self.net(y**3)


def euler(f, t, y, dt):
    return y + dt * f(t, y)


def runge_kutta(f, t, y, dt):
    k1 = f(t, y)
    k2 = f(t + dt / 2, y + dt / 2 * k1)
    k3 = f(t + dt / 2, y + dt / 2 * k2)
    k4 = f(t + dt, y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def odeint(f, y, times, step, save_memory=False):
    out = [y]
    for t, after in zip(times[:-1], times[1:]):
        dt = after - t
        y = checkpoint(step, f, t, y, dt, use_reentrant=False) if save_memory else step(f, t, y, dt)
        out.append(y)
    return torch.stack(out)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    matrix = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]], device=device)
    start, times = torch.tensor([[2.0, 0.0]], device=device), torch.linspace(0.0, 1.5, 16, device=device)
    with torch.no_grad():
        truth = odeint(lambda t, y: (y**3) @ matrix, start, times, runge_kutta)
    field = fill(Field(), seed=41).to(device)
    optimizer = torch.optim.NAdam(field.parameters(), lr=2e-2)
    for step in range(25):
        optimizer.zero_grad()
        loss = (odeint(field, start, times, euler, save_memory=step % 2 == 1) - truth).abs().mean()
        loss.backward()
        optimizer.step()
        if step % 8 == 0:
            print(f"step {step}: loss {loss.item():.3f}")
    with torch.no_grad():
        end = odeint(field, start, times, runge_kutta)[-1, 0]
    print("the end", [round(v, 3) for v in end.tolist()], "of", [round(v, 3) for v in truth[-1, 0].tolist()])


if __name__ == "__main__":
    main()
