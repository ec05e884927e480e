"""Recommendations by matrix factorisation: embeddings with biases, an Embedding per side, RMSE and ranked items."""

import torch
from seeded import integers, normal
from torch import nn


class Factors(nn.Module):
    def __init__(self, users, items, width=8):
        super().__init__()
        self.user, self.item = nn.Embedding(users, width), nn.Embedding(items, width)
        self.user_bias, self.item_bias = nn.Embedding(users, 1), nn.Embedding(items, 1)
        self.mean = nn.Parameter(torch.zeros(()))
        with torch.no_grad():
            self.user.weight.copy_(normal(users, width, seed=35, std=0.1))
            self.item.weight.copy_(normal(items, width, seed=36, std=0.1))
        nn.init.zeros_(self.user_bias.weight)
        nn.init.zeros_(self.item_bias.weight)

    def forward(self, u, i):
        product = torch.einsum("bk,bk->b", self.user(u), self.item(i))
        return self.mean + product + self.user_bias(u).squeeze(-1) + self.item_bias(i).squeeze(-1)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    taste, kind = normal(30, 2, seed=37), normal(20, 2, seed=38)
    users, items = integers(30, 400, seed=39), integers(20, 400, seed=40)
    ratings = (3 + (taste[users] * kind[items]).sum(1)).clamp(1, 5)
    model = Factors(30, 20).to(device)
    decayed = [p for n, p in model.named_parameters() if "bias" not in n and p.ndim > 0]
    rest = [p for n, p in model.named_parameters() if "bias" in n or p.ndim == 0]
    optimizer = torch.optim.Adam([{"params": decayed, "weight_decay": 1e-4}, {"params": rest, "lr": 0.05}], lr=0.02)
    u, i, r = users.to(device), items.to(device), ratings.to(device)
    for epoch in range(10):
        for part in torch.arange(400, device=device).chunk(8):
            loss = (model(u[part], i[part]) - r[part]).square().mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        if epoch % 3 == 0:
            with torch.no_grad():
                print(f"epoch {epoch}: RMSE {(model(u, i) - r).square().mean().sqrt().item():.4f}")
    with torch.no_grad():
        every = torch.arange(20, device=device)
        scores = model(torch.zeros_like(every), every)
        seen = torch.zeros(20, dtype=torch.bool, device=device).index_fill_(0, i[u == 0], True)
        best = scores.masked_fill(seen, -torch.inf).argsort(descending=True)[:3]
    print("for user 0:", best.tolist(), [round(s, 3) for s in scores[best].tolist()])


if __name__ == "__main__":
    main()
