"""A language model of selective state spaces: convolution, gates and a scan over time, with tied embeddings."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from seeded import integers, normal
from torch import nn


@dataclass
class ModelArgs:
    d_model: int
    n_layer: int
    vocab_size: int
    d_state: int = 8
    expand: int = 2
    dt_rank: int | str = "auto"
    d_conv: int = 4

    def __post_init__(self):
        self.d_inner = int(self.expand * self.d_model)
        if self.dt_rank == "auto":
            self.dt_rank = math.ceil(self.d_model / 16)


class RMSNorm(nn.Module):
    def __init__(self, d_model: int, eps: float = 1e-5):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Mixer(nn.Module):
    def __init__(self, args: ModelArgs):
        super().__init__()
        self.args = args
        self.in_proj = nn.Linear(args.d_model, args.d_inner * 2, bias=False)
        self.conv1d = nn.Conv1d(
            in_channels=args.d_inner,
            out_channels=args.d_inner,
            kernel_size=args.d_conv,
            groups=args.d_inner,
            padding=args.d_conv - 1,
        )
        self.x_proj = nn.Linear(args.d_inner, args.dt_rank + args.d_state * 2, bias=False)
        self.dt_proj = nn.Linear(args.dt_rank, args.d_inner)
        self.A_log = nn.Parameter(torch.log(torch.arange(1, args.d_state + 1).repeat(args.d_inner, 1)))
        self.A_log._no_weight_decay = True
        self.D = nn.Parameter(torch.ones(args.d_inner))
        self.out_proj = nn.Linear(args.d_inner, args.d_model, bias=False)

    def forward(self, x):
        length = x.shape[1]
        x, res = self.in_proj(x).split(split_size=[self.args.d_inner] * 2, dim=-1)
        x = self.conv1d(x.transpose(1, 2))[:, :, :length].transpose(1, 2)
        return self.out_proj(self.ssm(F.silu(x)) * F.silu(res))

    def ssm(self, u):
        n = self.A_log.shape[1]
        A = -torch.exp(self.A_log.float())
        delta, B, C = self.x_proj(u).split(split_size=[self.args.dt_rank, n, n], dim=-1)
        delta = F.softplus(self.dt_proj(delta))
        decay = torch.exp(torch.einsum("bld,dn->bldn", delta, A))
        entering = torch.einsum("bld,bln,bld->bldn", delta, B, u)
        x = torch.zeros((u.shape[0], u.shape[2], n), device=u.device)
        ys = []
        for i in range(u.shape[1]):
            x = decay[:, i] * x + entering[:, i]
            ys.append(torch.einsum("bdn,bn->bd", x, C[:, i, :]))
        return torch.stack(ys, dim=1) + u * self.D


class Model(nn.Module):
    def __init__(self, args: ModelArgs):
        super().__init__()
        self.embedding = nn.Embedding(args.vocab_size, args.d_model)
        self.layers = nn.ModuleList(
            nn.ModuleDict(dict(mixer=Mixer(args), norm=RMSNorm(args.d_model))) for _ in range(args.n_layer)
        )
        self.norm_f = RMSNorm(args.d_model)
        self.lm_head = nn.Linear(args.d_model, args.vocab_size, bias=False)
        self.lm_head.weight = self.embedding.weight

    def forward(self, input_ids):
        x = self.embedding(input_ids)
        for layer in self.layers:
            x = layer["mixer"](layer["norm"](x)) + x
        return self.lm_head(self.norm_f(x))


@torch.no_grad()
def generate(model, ids, count, top_k=3):
    for _ in range(count):
        probs = F.softmax(model(ids)[:, -1], dim=-1)
        values, _ = torch.topk(probs, k=top_k)
        probs[probs < values[:, -1, None]] = 0
        probs = probs / probs.sum(axis=1, keepdims=True)
        ids = torch.cat([ids, torch.argmax(probs, dim=-1)[:, None]], dim=1)
    return ids


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    args = ModelArgs(d_model=16, n_layer=2, vocab_size=20)
    print(args)
    model = Model(args)
    for i, (name, p) in enumerate(model.named_parameters()):
        if p.dim() > 1 and not getattr(p, "_no_weight_decay", False):
            p.data = normal(*p.shape, seed=i, std=0.2)
        elif name.endswith("bias"):
            p.data.zero_()
    model.to(device)
    print(sum(p.numel() for p in model.parameters()), len(list(model.parameters())), len(model.state_dict()))
    ids = integers(20, 1, 9, seed=1).repeat(4, 3).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95))
    for step in range(12):
        logits = model(ids[:, :-1])
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), ids[:, 1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 3 == 2:
            print(f"step {step}: loss {loss.item():.4f}")
    print(generate(model, ids[:1, :12], 5).tolist())


if __name__ == "__main__":
    main()
