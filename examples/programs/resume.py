"""Training with early stopping, checkpoints of model, optimiser and schedule, and a resumed run that ends the same."""

import os
import tempfile

import torch
from seeded import fill, normal
from torch import nn


def build(device):
    model = fill(nn.Sequential(nn.Linear(5, 16), nn.SiLU(), nn.LayerNorm(16), nn.Linear(16, 1)), seed=32).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    return model, optimizer, scheduler


def run(epochs, path, device, resume=False):
    x = normal(64, 5, seed=33).to(device)
    y = (x[:, :1] * x[:, 1:2]).tanh()
    model, optimizer, scheduler = build(device)
    start, best = 0, float("inf")
    if resume:
        checkpoint = torch.load(path, map_location=device, weights_only=True)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        start, best = checkpoint["epoch"] + 1, checkpoint["best"]
        print(f"resumed at epoch {start}, best {best:.5f}")
    for epoch in range(start, epochs):
        loss = nn.functional.huber_loss(model(x[:48]), y[:48], delta=0.5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            validation = nn.functional.mse_loss(model(x[48:]), y[48:]).item()
        scheduler.step(validation)
        best = min(best, validation)
        if epoch == 14:
            state = {
                "epoch": epoch,
                "best": best,
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
            }
            torch.save(state, path)
    return model, loss.item(), best


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "checkpoint.pt")
        whole, loss, best = run(30, path, device)
        print(f"in one go: loss {loss:.5f}, best {best:.5f}")
        resumed, loss, best = run(30, path, device, resume=True)
        print(f"resumed: loss {loss:.5f}, best {best:.5f}")
        same = all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values()))
        print("the same weights:", same)
    missing, unexpected = resumed.load_state_dict(
        {"0.weight": torch.zeros(16, 5), "extra": torch.ones(1)}, strict=False
    )
    print(missing[:2], unexpected)
    try:
        resumed.load_state_dict({"0.weight": torch.zeros(3, 5)})
    except RuntimeError as error:
        print(str(error).splitlines()[-1].strip())


if __name__ == "__main__":
    main()
