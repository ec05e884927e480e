"""A transformer encoder that sorts: sinusoidal positions, padding masks, nn.TransformerEncoder and MultiheadAttention."""

import math

import torch
from seeded import fill, integers
from torch import Tensor, nn


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, max_len: int = 50):
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[: x.size(0)]


class Sorter(nn.Module):
    def __init__(self, tokens: int, d_model: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(tokens + 1, d_model, padding_idx=tokens)
        self.positions = PositionalEncoding(d_model)
        layer = nn.TransformerEncoderLayer(d_model, nhead=4, dim_feedforward=64, dropout=0.0, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, num_layers=2, enable_nested_tensor=False)
        self.out = nn.Linear(d_model, tokens)

    def forward(self, src: Tensor, padding: Tensor) -> Tensor:
        x = self.positions(self.embedding(src) * math.sqrt(32))
        return self.out(self.encoder(x, src_key_padding_mask=padding))


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = fill(Sorter(10), seed=13).to(device)
    with torch.no_grad():
        model.embedding.weight[10] = 0
    src = integers(10, 8, 64, seed=14)
    lengths = 4 + torch.arange(64) % 5
    padding = torch.arange(8)[None, :] >= lengths[:, None]
    src = src.masked_fill(padding.t(), 10)
    target = torch.sort(src, dim=0).values.masked_fill(padding.t(), -100)
    src, padding, target = src.to(device), padding.to(device), target.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss(ignore_index=-100)
    for step in range(25):
        logits = model(src, padding)
        loss = criterion(logits.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 8 == 0:
            print(f"step {step}: loss {loss.item():.4f}")
    print("gradient of the padding's embedding:", model.embedding.weight.grad[10].abs().max().item())
    attention = fill(nn.MultiheadAttention(32, 4, batch_first=True), seed=15).to(device)
    x = model.embedding(src.t())
    _, weights = attention(x, x, x, key_padding_mask=padding, average_attn_weights=True)
    print("attention", weights.shape, f"{weights[0, 0, :4].sum().item():.4f} {weights.max().item():.4f}")


if __name__ == "__main__":
    main()
