"""A large model described before there is memory for it, and a small one that is given its weights as they are."""

import math

import torch
from seeded import fill, integers
from torch import nn


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        h = self.norm1(x)
        x = x + self.attention(h, h, h, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class Model(nn.Module):
    def __init__(self, vocabulary, width, heads, depth, length):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.places(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        return self.head(x)


with torch.device("meta"):
    large = Model(vocabulary=50_257, width=1600, heads=25, depth=4, length=1024)
    tokens = torch.zeros(8, 1024, dtype=torch.long)
count = sum(p.numel() for p in large.parameters())
print(f"{count:,} parameters, {count * 4 / 2**30:.1f} GiB, none of them here: {large.head.weight}")

shapes = []
for name, module in large.named_modules():
    if name.count(".") == 1:
        module.register_forward_hook(lambda m, a, out, name=name: shapes.append((name, tuple(out.shape))))
loss = nn.functional.cross_entropy(large(tokens).flatten(0, 1), tokens.flatten())
loss.backward()
print(loss, shapes[0], large.head.weight.grad.shape)
optimizer = torch.optim.AdamW(large.parameters(), lr=3e-4)
optimizer.step()
state = sum(math.prod(t.shape) for s in optimizer.state.values() for t in s.values() if t.dim())
print(f"the optimiser would add {state * 4 / 2**30:.1f} GiB")
for call in (loss.item, lambda: loss.cpu(), lambda: large.to("cpu")):
    try:
        call()
    except RuntimeError as error:
        print(f"{type(error).__name__}: {error}")

sizes = {"vocabulary": 11, "width": 8, "heads": 2, "depth": 2, "length": 6}
saved = fill(Model(**sizes)).state_dict()
with torch.device("meta"):
    small = Model(**sizes)
print(small.load_state_dict(saved, assign=True), {str(p.device) for p in small.parameters()} != {"meta"})
print(small(integers(11, 2, 6, seed=4)).sum(-1))
empty = Model(**sizes).to("meta").to_empty(device=small.head.weight.device)
empty.load_state_dict(saved)
print(torch.equal(empty.head.weight, small.head.weight))
