"""Attention written out: masks, heads and positions, checked against PyTorch's own layers."""

import math

import torch
import torch.nn.functional as F
from seeded import fill, normal
from torch import nn


def attention(query, key, value, mask=None):
    """What each query gathers, and the weights it does so with."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = scores.softmax(dim=-1)
    return weights @ value, weights


def heads(x, count):
    batch, length, width = x.shape
    return x.view(batch, length, count, width // count).transpose(1, 2)


def positions(length, width):
    """Sines and cosines of falling frequency."""
    angle = torch.arange(length).unsqueeze(1) * torch.exp(-math.log(1e4) * torch.arange(0, width, 2) / width)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = (normal(2, 5, 8, seed=1) + positions(5, 8)).to(device)
    causal = torch.ones(5, 5, dtype=torch.bool, device=device).tril()
    layer = fill(nn.MultiheadAttention(8, 2, batch_first=True), seed=2).to(device)
    query, key, value = (heads(part, 2) for part in F.linear(x, layer.in_proj_weight, layer.in_proj_bias).chunk(3, -1))
    mixed, weights = attention(query, key, value, causal)
    ours = layer.out_proj(mixed.transpose(1, 2).flatten(2))
    theirs, averaged = layer(x, x, x, attn_mask=~causal)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(weights.mean(dim=1), averaged)
    torch.testing.assert_close(mixed, F.scaled_dot_product_attention(query, key, value, is_causal=True))
    print("agrees", tuple(ours.shape), tuple(weights.shape))
    print(averaged[0])
    padding = torch.tensor([[False] * 5, [False, False, False, True, True]], device=device)
    kept, _ = attention(query, key, value, ~padding[:, None, None, :])
    theirs, _ = layer(x, x, x, key_padding_mask=padding)
    torch.testing.assert_close(layer.out_proj(kept.transpose(1, 2).flatten(2)), theirs)
    grads = torch.autograd.grad(ours.square().mean(), list(layer.parameters()))
    print([f"{g.norm().item():.4f}" for g in grads])
    entropy = -(weights * weights.clamp_min(1e-9).log()).sum(-1)
    print("entropy by head", [round(v, 3) for v in entropy.mean(dim=(0, 2)).tolist()])


if __name__ == "__main__":
    main()
