"""A Wasserstein GAN with gradient penalty on a ring of points: gradients of gradients in every step."""

import torch
from seeded import fill, normal, uniform
from torch import autograd, nn


def real_points(count, seed):
    angle = uniform(count, seed=seed) * 2 * torch.pi
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def gradient_penalty(critic, real, fake, weight):
    mixed = (weight * real + (1 - weight) * fake).requires_grad_(True)
    scores = critic(mixed)
    (gradient,) = autograd.grad(
        outputs=scores,
        inputs=mixed,
        grad_outputs=torch.ones_like(scores),
        create_graph=True,
        retain_graph=True,
        only_inputs=True,
    )
    return ((gradient.norm(2, dim=1) - 1) ** 2).mean()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    generator = fill(nn.Sequential(nn.Linear(4, 32), nn.LeakyReLU(0.2), nn.Linear(32, 2)), seed=1).to(device)
    critic = fill(nn.Sequential(nn.Linear(2, 32), nn.Softplus(), nn.Linear(32, 1)), seed=2).to(device)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.9))
    d_optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
    for step in range(20):
        for inner in range(3):
            seed = 1000 * step + 10 * inner
            real = real_points(64, seed).to(device)
            with torch.no_grad():
                fake = generator(normal(64, 4, seed=seed + 1).to(device))
            penalty = gradient_penalty(critic, real, fake, uniform(64, 1, seed=seed + 2).to(device))
            d_loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
            d_optimizer.zero_grad()
            d_loss.backward()
            d_optimizer.step()
        for parameter in critic.parameters():
            parameter.requires_grad_(False)
        g_loss = -critic(generator(normal(64, 4, seed=step).to(device))).mean()
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        for parameter in critic.parameters():
            parameter.requires_grad_(True)
        if step % 5 == 0:
            print(
                f"step {step}: critic {d_loss.item():.4f}, penalty {penalty.item():.4f}, generator {g_loss.item():.4f}"
            )
    with torch.no_grad():
        print(f"radius {generator(normal(256, 4, seed=5).to(device)).norm(dim=1).mean().item():.4f}")


if __name__ == "__main__":
    main()
