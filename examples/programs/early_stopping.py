"""Training that stops when validation no longer improves, and goes back to the best checkpoint; the rate falls before."""

import tempfile
from pathlib import Path

import torch
from seeded import fill, normal
from torch import nn


class EarlyStopping:
    """Keeps the best state in a file; true when `patience` epochs in a row were no better."""

    def __init__(self, path, patience=6, least=1e-4):
        self.path, self.patience, self.least = path, patience, least
        self.best, self.waited = float("inf"), 0

    def __call__(self, loss, epoch, model, optimizer):
        if loss < self.best - self.least:
            self.best, self.waited = loss, 0
            torch.save({"epoch": epoch, "model": model.state_dict(), "optimizer": optimizer.state_dict()}, self.path)
        else:
            self.waited += 1
        return self.waited >= self.patience


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = normal(48, 4, seed=1).to(device)
    y = torch.sin(x[:, :1]) + 0.5 * normal(48, 1, seed=2).to(device)
    model = fill(nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1)), seed=3).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=3)
    criterion = nn.MSELoss()
    with tempfile.TemporaryDirectory() as folder:
        stop = EarlyStopping(Path(folder) / "best.pt")
        for epoch in range(200):
            model.train()
            optimizer.zero_grad()
            loss = criterion(model(x[:24]), y[:24])
            loss.backward()
            optimizer.step()
            model.eval()
            with torch.no_grad():
                held_out = criterion(model(x[24:]), y[24:]).item()
            plateau.step(held_out)
            if stop(held_out, epoch, model, optimizer):
                break
        best = torch.load(stop.path, map_location=device, weights_only=True)
    print(f"stopped after epoch {epoch}, best was {best['epoch']} with {stop.best:.3f}, rate {plateau.get_last_lr()}")
    print(model.load_state_dict(best["model"]))
    optimizer.load_state_dict(best["optimizer"])
    with torch.no_grad():
        print("back at the best:", abs(criterion(model(x[24:]), y[24:]).item() - stop.best) < 1e-6)


if __name__ == "__main__":
    main()
