"""A small convolutional network that tells horizontal from vertical and diagonal stripes."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from seeded import fill, normal
from torch.utils.data import DataLoader, Dataset


class Stripes(Dataset):
    def __init__(self, count):
        self.noise = normal(count, 1, 12, 12, seed=2, std=0.3)

    def __len__(self):
        return len(self.noise)

    def __getitem__(self, i):
        kind, phase = i % 3, (i // 3) % 4
        rows, columns = torch.meshgrid(torch.arange(12), torch.arange(12), indexing="ij")
        line = (rows, columns, rows + columns)[kind]
        image = ((line + phase) % 4 < 2).float().unsqueeze(0)
        return image + self.noise[i], kind


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3)
        self.fc = nn.Linear(16 * 2 * 2, 3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return F.log_softmax(self.fc(x), dim=1)


def train(model, device, loader, optimizer, epoch):
    model.train()
    for batch, (data, target) in enumerate(loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        if batch % 4 == 0:
            print(f"Train Epoch: {epoch} [{batch * len(data)}/{len(loader.dataset)}]\tLoss: {loss.item():.4f}")


def test(model, device, loader):
    model.eval()
    loss, correct = 0.0, 0
    with torch.no_grad():
        for data, target in loader:
            data, target = data.to(device), target.to(device)
            output = model(data)
            loss += F.nll_loss(output, target, reduction="sum").item()
            correct += output.argmax(dim=1, keepdim=True).eq(target.view_as(output[:, :1])).sum().item()
    print(f"Test set: Average loss: {loss / len(loader.dataset):.4f}, Accuracy: {correct}/{len(loader.dataset)}")


def main():
    use_cuda = torch.cuda.is_available()
    torch.manual_seed(1)
    device = torch.device("cuda" if use_cuda else "cpu")
    loader = DataLoader(Stripes(192), batch_size=24, num_workers=2, pin_memory=use_cuda)
    model = fill(Net(), seed=3).to(device)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    for epoch in range(1, 3):
        train(model, device, loader, optimizer, epoch)
        test(model, device, loader)
        scheduler.step()


if __name__ == "__main__":
    main()
