"""A variational autoencoder with the reparametrisation trick and the KL divergence in closed form and by name."""

import torch
import torch.nn.functional as F
from seeded import fill, normal, uniform
from torch import nn
from torch.distributions import Normal, kl_divergence


class VAE(nn.Module):
    def __init__(self, size=20, hidden=32, latent=4):
        super().__init__()
        self.fc1 = nn.Linear(size, hidden)
        self.fc21, self.fc22 = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.fc3, self.fc4 = nn.Linear(latent, hidden), nn.Linear(hidden, size)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def reparameterize(self, mu, logvar, noise):
        std = torch.exp(0.5 * logvar)
        return mu + noise * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x, noise):
        mu, logvar = self.encode(x.view(x.size(0), -1))
        return self.decode(self.reparameterize(mu, logvar, noise)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    bce = F.binary_cross_entropy(recon_x, x.view(-1, 20), reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = fill(VAE(), seed=7).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    basis = (uniform(3, 20, seed=8) > 0.5).float()
    data = basis[torch.arange(60) % 3].clamp(0.05, 0.95).to(device)
    for step in range(40):
        noise = normal(60, 4, seed=100 + step).to(device)
        recon, mu, logvar = model(data, noise)
        loss = loss_function(recon, data, mu, logvar)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            print(f"step {step}: ELBO {-loss.item() / len(data):.4f}")
    model.eval()
    with torch.no_grad():
        mu, logvar = model.encode(data)
        posterior = Normal(mu, (0.5 * logvar).exp())
        kl = kl_divergence(posterior, Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum(dim=1)
        sample = model.decode(normal(2, 4, seed=9).to(device))
    print(f"KL {kl.mean():.4f}, of one dimension {kl.min().item():.4f}")
    print("samples", [round(v, 3) for v in sample[0, :4].cpu().tolist()])


if __name__ == "__main__":
    main()
