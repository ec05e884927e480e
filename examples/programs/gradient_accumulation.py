"""Large batches from small ones: accumulated gradients equal the whole batch's, with clipping, warm-up and decay groups."""

import copy

import torch
from seeded import fill, integers, normal
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.utils.data import DataLoader, TensorDataset


def groups(model):
    """Matrices decay, biases and scales do not."""
    decaying = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    return [{"params": decaying, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]


def train(model, loader, pieces, epochs=3):
    optimizer = torch.optim.AdamW(groups(model), lr=0.02)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=4)
    criterion = nn.CrossEntropyLoss()
    norms = []
    for _ in range(epochs):
        for number, (x, y) in enumerate(loader, start=1):
            loss = criterion(model(x), y) / pieces
            loss.backward()
            if number % pieces == 0:
                norms.append(clip_grad_norm_(model.parameters(), max_norm=0.5).item())
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                warm_up.step()
    return norms, optimizer


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    data = TensorDataset(normal(64, 10, seed=1).to(device), integers(4, 64, seed=2).to(device))
    network = nn.Sequential(nn.Linear(10, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 4))
    whole = fill(network, seed=3).to(device)
    pieces = copy.deepcopy(whole)
    norms, optimizer = train(whole, DataLoader(data, batch_size=32), pieces=1)
    in_pieces, _ = train(pieces, DataLoader(data, batch_size=8), pieces=4)
    print("norms", [round(v, 4) for v in norms])
    print("same norms:", torch.allclose(torch.tensor(norms), torch.tensor(in_pieces), rtol=1e-3))
    same = [torch.allclose(a, b, atol=1e-3) for a, b in zip(whole.parameters(), pieces.parameters(), strict=True)]
    print("same weights:", same)
    print("learning rates", [round(group["lr"], 4) for group in optimizer.param_groups])


if __name__ == "__main__":
    main()
