"""Train a small CNN on handwritten digits: an ordinary PyTorch program, on whichever device is the default."""

from __future__ import annotations

import time
from pathlib import Path

import teletensor as torch
from sklearn.datasets import load_digits
from teletensor import nn
from teletensor.nn import functional as F
from teletensor.utils.data import DataLoader, TensorDataset
from tqdm import tqdm


class Net(nn.Module):
    """Two convolutions and two linear layers for 8 x 8 pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.dropout = nn.Dropout(0.2)
        self.fc1 = nn.Linear(32 * 2 * 2, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (N, 10) of pictures (N, 1, 8, 8)."""
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.dropout(F.relu(self.fc1(x.flatten(1))))
        return self.fc2(x)


def load_data() -> tuple[TensorDataset, TensorDataset]:
    """The UCI digits as training and test sets, on this machine."""
    pixels, labels = load_digits(return_X_y=True)
    with torch.device("cpu"):
        images = torch.tensor(pixels, dtype=torch.float32).view(-1, 1, 8, 8) / 16 - 0.5
        targets = torch.tensor(labels, dtype=torch.long)
        order = torch.randperm(len(targets))
    train, test = order[: -len(order) // 5], order[-len(order) // 5 :]
    return TensorDataset(images[train], targets[train]), TensorDataset(images[test], targets[test])


@torch.no_grad()
def predict(model: nn.Module, data: TensorDataset, device: torch.device) -> torch.Tensor:
    """The class of every picture, on cpu."""
    model.eval()
    batches = [model(x.to(device)).argmax(1) for x, _ in DataLoader(data, batch_size=256)]
    return torch.cat(batches).cpu()


def train(model: nn.Module, data: TensorDataset, device: torch.device, epochs: int) -> int:
    """Train in place with Adam; the number of steps."""
    loader = DataLoader(data, batch_size=64, shuffle=True, device=device)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    steps = 0
    with tqdm(total=epochs * len(loader), unit="step") as bar:
        for epoch in range(epochs):
            model.train()
            for images, labels in loader:
                optimizer.zero_grad()
                loss = F.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
                bar.update()
                steps += 1
            bar.set_postfix(epoch=epoch + 1, loss=f"{loss.item():.4f}")
    return steps


def main(folder: Path, epochs: int = 12) -> tuple[Net, float, int]:
    """Train, save, load into a fresh model and check it; the model, its test accuracy and the steps taken."""
    torch.manual_seed(1)
    device = torch.zeros(()).device
    train_data, test_data = load_data()
    model = Net()
    start = time.perf_counter()
    steps = train(model, train_data, device, epochs)
    seconds = time.perf_counter() - start

    predicted = predict(model, test_data, device)
    accuracy = (predicted == test_data.tensors[1]).float().mean().item()
    print(f"trained {steps} steps in {seconds:.1f} s on {device}; test accuracy {accuracy:.2%}")

    path = folder / "digits.safetensors"
    torch.save(model.state_dict(), path)
    fresh = Net()
    fresh.load_state_dict(torch.load(path))
    same = torch.equal(predict(fresh, test_data, device), predicted)
    print(f"saved {path} ({path.stat().st_size:,} bytes)")
    print(f"loaded it into a fresh model: predictions {'equal' if same else 'DIFFER'}")
    if not same:
        raise SystemExit("the loaded model does not predict the same")
    return model, accuracy, steps


if __name__ == "__main__":
    main(Path.cwd())
