"""A denoising autoencoder with tied weights and a sparse code, and the anomalies that its error finds."""

import torch
import torch.nn.functional as F
from seeded import fill, normal
from torch import nn


class Autoencoder(nn.Module):
    """One hidden layer; what decodes is the transpose of what encodes."""

    def __init__(self, width, code):
        super().__init__()
        self.encode = nn.Linear(width, code)
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        code = torch.sigmoid(self.encode(x))
        return F.linear(code, self.encode.weight.t(), self.bias), code


def sparsity(code, target=0.2):
    mean = code.mean(dim=0)
    return (target * (target / mean).log() + (1 - target) * ((1 - target) / (1 - mean)).log()).sum()


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = (normal(128, 3, seed=1) @ normal(3, 12, seed=2)).to(device)
    model = fill(Autoencoder(12, 6), seed=3).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for epoch in range(60):
        noisy = x + 0.3 * normal(128, 12, seed=100 + epoch).to(device)
        decoded, code = model(noisy)
        loss = F.mse_loss(decoded, x) + 0.01 * sparsity(code)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 15 == 14:
            print(f"epoch {epoch + 1}: loss {loss.item():.4f}")
    with torch.no_grad():
        strange = 2 * normal(5, 12, seed=4).to(device)
        errors = [F.mse_loss(model(rows)[0], rows).item() for rows in (x, strange)]
    print(f"error {errors[0]:.3f}; of anomalies more than twice as much: {errors[1] > 2 * errors[0]}")
    print(model)


if __name__ == "__main__":
    main()
