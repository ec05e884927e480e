"""A Kolmogorov-Arnold network: splines on edges, fitted by L-BFGS with a line search, then refined on a finer grid."""

import torch
import torch.nn.functional as F
from seeded import normal, uniform
from torch import nn


class KANLinear(nn.Module):
    def __init__(self, inputs, outputs, grid_size=4, order=3, seed=0):
        super().__init__()
        self.order = order
        step = 2 / grid_size
        knots = torch.arange(-order, grid_size + order + 1) * step - 1
        self.register_buffer("grid", knots.expand(inputs, -1).contiguous())
        self.base_weight = nn.Parameter(normal(outputs, inputs, seed=seed, std=inputs**-0.5))
        self.spline_weight = nn.Parameter(normal(outputs, inputs, grid_size + order, seed=seed + 1, std=0.1))

    def b_splines(self, x):
        """The basis at x: (batch, inputs, grid size + order)."""
        grid, x = self.grid, x.unsqueeze(-1)
        bases = ((x >= grid[:, :-1]) & (x < grid[:, 1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            left = (x - grid[:, : -(k + 1)]) / (grid[:, k:-1] - grid[:, : -(k + 1)])
            right = (grid[:, k + 1 :] - x) / (grid[:, k + 1 :] - grid[:, 1:-k])
            bases = left * bases[:, :, :-1] + right * bases[:, :, 1:]
        return bases.contiguous()

    def curve2coeff(self, x, y):
        """The weights of the splines that go through these points: y is (batch, inputs, outputs)."""
        solution = torch.linalg.lstsq(self.b_splines(x).transpose(0, 1), y.transpose(0, 1)).solution
        return solution.permute(2, 0, 1).contiguous()

    def forward(self, x):
        spline = F.linear(self.b_splines(x).flatten(1), self.spline_weight.flatten(1))
        return F.linear(F.silu(x), self.base_weight) + spline


torch.set_default_dtype(torch.float64)
model = nn.Sequential(KANLinear(2, 5, seed=1), KANLinear(5, 1, seed=3)).double()
x = (uniform(64, 2, seed=5) * 1.8 - 0.9).double()
y = torch.exp(torch.sin(torch.pi * x[:, :1]) + x[:, 1:] ** 2) - 1.5
optimizer = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=6, history_size=10, line_search_fn="strong_wolfe")
calls = 0


def closure():
    global calls
    calls += 1
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    return loss


for step in range(4):
    print(f"step {step}: loss {optimizer.step(closure).item():.5f} after {calls} evaluations")
state = optimizer.state[next(iter(model.parameters()))]
print(state["n_iter"], state["func_evals"], len(state["old_dirs"]))

with torch.no_grad():
    layer = model[0]
    points = torch.linspace(-0.9, 0.9, 40).unsqueeze(1).expand(-1, 2).contiguous()
    curves = torch.einsum("bik,oik->bio", layer.b_splines(points), layer.spline_weight)
    finer = KANLinear(2, 5, grid_size=8)
    finer = finer.double()
    finer.spline_weight.copy_(finer.curve2coeff(points, curves))
    again = torch.einsum("bik,oik->bio", finer.b_splines(points), finer.spline_weight)
print(finer.spline_weight.shape, f"largest difference {(again - curves).abs().max().item():.3f}")
