"""Denoising diffusion in two dimensions: a schedule of noise, a network that is told the time, sampling step by step."""

import math

import torch
import torch.nn.functional as F
from seeded import fill, integers, normal
from torch import nn

STEPS = 20


class Denoiser(nn.Module):
    """Predicts the noise in `x` at a step."""

    def __init__(self, width=32):
        super().__init__()
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(100), 8)) / STEPS)
        self.inward, self.timed, self.outward = nn.Linear(2, width), nn.Linear(16, width), nn.Linear(width, 2)
        self.middle = nn.ModuleList(nn.Linear(width, width) for _ in range(2))

    def forward(self, x, step):
        angle = step.float().unsqueeze(-1) * self.frequencies
        h = F.silu(self.inward(x) + self.timed(torch.cat([angle.sin(), angle.cos()], dim=-1)))
        for layer in self.middle:
            h = h + F.silu(layer(h))
        return self.outward(h)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    betas = torch.linspace(1e-3, 0.25, STEPS, device=device)
    kept = torch.cumprod(1 - betas, dim=0)
    angle = torch.arange(128, device=device) * (2 * math.pi / 128)
    data = torch.stack([angle.cos(), angle.sin()], dim=1)
    model = fill(Denoiser(), seed=1).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for epoch in range(120):
        step = integers(STEPS, 128, seed=200 + epoch).to(device)
        noise = normal(128, 2, seed=400 + epoch).to(device)
        share = kept[step].unsqueeze(1)
        loss = F.mse_loss(model(share.sqrt() * data + (1 - share).sqrt() * noise, step), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 40 == 39:
            print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    x = normal(64, 2, seed=2).to(device)
    with torch.no_grad():
        for t in reversed(range(STEPS)):
            predicted = model(x, torch.full((64,), t, device=device))
            x = (x - betas[t] / (1 - kept[t]).sqrt() * predicted) / (1 - betas[t]).sqrt()
            if t:
                x = x + betas[t].sqrt() * normal(64, 2, seed=700 + t).to(device)
    radius = x.norm(dim=1)
    print(f"radius near one: {abs(radius.mean().item() - 1) < 0.25}, signal left at the end {kept[-1].item():.4f}")


if __name__ == "__main__":
    main()
