"""A spatial transformer that learns where to look: a localisation network, a grid of an affine map, samples on it."""

import torch
import torch.nn.functional as F
from seeded import fill, uniform
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.localization = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=7),
            nn.MaxPool2d(2, stride=2),
            nn.ReLU(True),
            nn.Conv2d(8, 10, kernel_size=5),
            nn.MaxPool2d(2, stride=2),
            nn.ReLU(True),
        )
        self.fc_loc = nn.Sequential(nn.Linear(10 * 3 * 3, 32), nn.ReLU(True), nn.Linear(32, 3 * 2))
        self.fc = nn.Linear(28 * 28, 4)

    def stn(self, x):
        xs = self.localization(x)
        theta = self.fc_loc(xs.view(-1, 10 * 3 * 3)).view(-1, 2, 3)
        grid = F.affine_grid(theta, x.size(), align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        x = self.stn(x)
        return F.log_softmax(self.fc(x.view(-1, 28 * 28)), dim=1)


def batch(count):
    """A bright square in one of four corners, moved a little, in noise."""
    images = 0.1 * uniform(count, 1, 28, 28, seed=1)
    labels = torch.arange(count) % 4
    for image, label in zip(images, labels):
        top, left = 2 + 14 * (int(label) // 2), 2 + 14 * (int(label) % 2)
        image[:, top : top + 8, left : left + 8] += 0.8
    return images.clamp_(0, 1), labels


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = fill(Net(), seed=1)
    # At the start nothing is transformed.
    model.fc_loc[2].weight.data.zero_()
    model.fc_loc[2].bias.data.copy_(torch.tensor([1, 0, 0, 0, 1, 0], dtype=torch.float))
    model = model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    data, target = (x.to(device) for x in batch(16))
    for epoch in range(1, 9):
        model.train()
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        if epoch % 2 == 0:
            print(f"Train Epoch: {epoch}\tLoss: {loss.item():.4f}")
    with torch.no_grad():
        model.eval()
        pred = model(data).max(1, keepdim=True)[1]
        correct = pred.eq(target.view_as(pred)).sum().item()
        moved = model.fc_loc[2].bias.cpu() - torch.tensor([1.0, 0, 0, 0, 1, 0])
    print(f"Accuracy: {correct}/{len(data)} ({100.0 * correct / len(data):.0f}%)")
    print(f"Moved by {moved.norm().item():.3f}")


if __name__ == "__main__":
    main()
