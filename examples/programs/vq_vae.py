"""A VQ-VAE: images as codes of a book, learned straight through the choice of the nearest code, and by moving means."""

import torch
import torch.nn.functional as F
from seeded import fill, normal
from torch import nn


class VectorQuantizer(nn.Module):
    def __init__(self, codes, width, commitment=0.25, decay=0.9):
        super().__init__()
        self.commitment, self.decay = commitment, decay
        self.register_buffer("book", normal(codes, width, seed=7))
        self.register_buffer("counts", torch.zeros(codes))
        self.register_buffer("sums", self.book.clone())

    def forward(self, z):
        flat = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])
        distances = flat.pow(2).sum(1, keepdim=True) - 2 * flat @ self.book.t() + self.book.pow(2).sum(1)
        index = distances.argmin(1)
        chosen = F.one_hot(index, len(self.book)).type(flat.dtype)
        if self.training:
            self._move(chosen, flat.detach())
        quantized = F.embedding(index, self.book).view(len(z), *z.shape[2:], -1).permute(0, 3, 1, 2)
        loss = self.commitment * F.mse_loss(quantized.detach(), z)
        used = chosen.mean(0)
        perplexity = torch.exp(-torch.sum(used * torch.log(used + 1e-10)))
        return z + (quantized - z).detach(), loss, perplexity, index

    @torch.no_grad()
    def _move(self, chosen, flat):
        self.counts.mul_(self.decay).add_(chosen.sum(0), alpha=1 - self.decay)
        self.sums.mul_(self.decay).add_(chosen.t() @ flat, alpha=1 - self.decay)
        total = self.counts.sum()
        smoothed = (self.counts + 1e-5) / (total + len(self.counts) * 1e-5) * total
        self.book.copy_(self.sums / smoothed.unsqueeze(1))


class VQVAE(nn.Module):
    def __init__(self, codes=16, width=4):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.ReLU(True), nn.Conv2d(16, width, 3, padding=1)
        )
        self.quantizer = VectorQuantizer(codes, width)
        self.decoder = nn.Sequential(
            nn.Conv2d(width, 16, 3, padding=1), nn.ReLU(True), nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1)
        )

    def forward(self, x):
        quantized, loss, perplexity, index = self.quantizer(self.encoder(x))
        return self.decoder(quantized), loss, perplexity, index


def stripes(count):
    """Images of 8 x 8 with stripes of a few directions and phases."""
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    images = [torch.sin(0.8 * (rows * (k % 2) + columns * ((k + 1) % 2)) + k // 2) for k in range(count)]
    return torch.stack(images).unsqueeze(1)


images = stripes(24)
model = fill(VQVAE())
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, amsgrad=False)
for step in range(41):
    optimizer.zero_grad()
    rebuilt, commitment, perplexity, index = model(images)
    error = F.mse_loss(rebuilt, images) / images.var()
    (error + commitment).backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step} error: {error:.3f} commitment: {commitment:.3f} perplexity: {perplexity:.2f}")
model.eval()
with torch.no_grad():
    _, _, _, index = model(images[:2])
print(index.shape, sorted(model.state_dict())[-3:])
print(model.quantizer.counts.sum() > 0, len(index.unique()) > 1)
