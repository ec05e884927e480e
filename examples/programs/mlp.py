"""A multilayer perceptron on two interleaved spirals, with a DataLoader, a schedule and weight decay."""

import math

import torch
from seeded import fill, normal
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


def spirals(count):
    t = torch.linspace(0.2, 1.0, count).repeat(2) * 3 * math.pi
    label = torch.arange(2).repeat_interleave(count)
    angle = t + label * math.pi
    points = torch.stack([t * angle.cos(), t * angle.sin()], dim=1) / 10
    return points + 0.02 * normal(2 * count, 2, seed=1), label


class MLP(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 2)
        )

    def forward(self, x):
        return self.layers(x)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    points, labels = spirals(128)
    dataset = TensorDataset(points, labels)
    train, held_out = random_split(dataset, [0.75, 0.25], generator=torch.Generator().manual_seed(0))
    print(f"{len(train)} to train on, {len(held_out)} held out")
    model = fill(MLP()).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=60)
    loader = DataLoader(dataset, batch_size=32, shuffle=False)
    for epoch in range(60):
        model.train()
        total = 0.0
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item() * len(x)
        scheduler.step()
        if epoch % 20 == 0:
            print(f"epoch {epoch}: loss {total / len(dataset):.4f}, lr {scheduler.get_last_lr()[0]:.6f}")
    model.eval()
    with torch.no_grad():
        predicted = model(points.to(device)).argmax(dim=1).cpu()
    accuracy = (predicted == labels).float().mean()
    print(f"accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
