"""A residual network with batch normalisation, global pooling, label smoothing and a warm-up, on coloured patches."""

import torch
from seeded import fill, integers, normal
from torch import nn, optim


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, classes=4):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.stages = nn.ModuleList([Block(8, 8), Block(8, 16, stride=2), Block(16, 32, stride=2)])
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(32, classes)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.fc(torch.flatten(self.pool(x), 1))


def patches(count):
    labels = integers(4, count, seed=4)
    images = normal(count, 3, 16, 16, seed=5, std=0.5)
    for i, label in enumerate(labels.tolist()):
        images[i, label % 3, 4 : 8 + 2 * label, 4:12] += 1.0
    return images, labels


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    model = fill(ResNet(), seed=6).to(device)
    print(f"{sum(p.numel() for p in model.parameters() if p.requires_grad):,} parameters")
    images, labels = (t.to(device) for t in patches(48))
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
    warmup = optim.lr_scheduler.LinearLR(optimizer, start_factor=0.1, total_iters=4)
    decay = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[6], gamma=0.1)
    scheduler = optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[4])
    for step in range(10):
        for x, y in zip(images.split(24), labels.split(24)):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        scheduler.step()
        if step % 3 == 0:
            print(f"step {step}: loss {loss.item():.3f}")
    model.eval()
    with torch.inference_mode():
        correct = (model(images).argmax(1) == labels).sum().item()
    stem = dict(model.named_buffers())["stem.1.running_mean"]
    print(f"{correct} of {len(labels)} right; mean of the stem's running mean {stem.mean().item():.4f}")


if __name__ == "__main__":
    main()
