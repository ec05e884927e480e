"""Style transfer in small: an image optimised for content and Gram losses of a fixed network, with total variation."""

import torch
import torch.nn.functional as F
from seeded import fill, normal, uniform
from torch import nn, optim


def gram_matrix(input):
    a, b, c, d = input.size()
    features = input.view(a * b, c * d)
    return torch.mm(features, features.t()).div(a * b * c * d)


class ContentLoss(nn.Module):
    def __init__(self, target):
        super().__init__()
        self.target = target.detach()

    def forward(self, input):
        self.loss = F.mse_loss(input, self.target)
        return input


class StyleLoss(nn.Module):
    def __init__(self, target_feature):
        super().__init__()
        self.target = gram_matrix(target_feature).detach()

    def forward(self, input):
        self.loss = F.mse_loss(gram_matrix(input), self.target)
        return input


class Normalization(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = mean.clone().detach().view(-1, 1, 1), std.clone().detach().view(-1, 1, 1)

    def forward(self, img):
        return (img - self.mean) / self.std


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_default_device(device)
    cnn = fill(nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=False), nn.Conv2d(8, 8, 3)), seed=42).eval()
    content, style = (uniform(1, 3, 12, 12, seed=s).to(device) for s in (43, 44))
    content = F.interpolate(content[..., ::2, ::2], scale_factor=2, mode="bilinear", align_corners=False)
    model = nn.Sequential(Normalization(torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])))
    contents, styles = [], []
    for i, layer in enumerate(cnn.children()):
        model.add_module(f"layer_{i}", layer)
        if isinstance(layer, nn.Conv2d):
            styles.append(StyleLoss(model(style)))
            model.add_module(f"style_{i}", styles[-1])
    contents.append(ContentLoss(model(content)))
    model.add_module("content", contents[-1])
    model.requires_grad_(False)
    image = (content.clone() + normal(1, 3, 12, 12, seed=45, std=0.1).to(device)).requires_grad_(True)
    optimizer = optim.LBFGS([image], max_iter=15)
    run = [0]
    while run[0] < 15:

        def closure():
            with torch.no_grad():
                image.clamp_(0, 1)
            optimizer.zero_grad()
            model(image)
            style_score, content_score = sum(s.loss for s in styles), sum(c.loss for c in contents)
            variation = image.diff(dim=-1).abs().mean() + image.diff(dim=-2).abs().mean()
            loss = 1000 * style_score + content_score + 0.1 * variation
            loss.backward()
            run[0] += 1
            if run[0] % 5 == 0:
                print(f"run {run[0]}: style {style_score.item():.5f} content {content_score.item():.3f}")
            return loss

        loss = optimizer.step(closure)
    print(
        f"the first loss was {loss.item():.4f}; the image {tuple(image.shape)} is {image.mean().item():.3f} on average"
    )


if __name__ == "__main__":
    main()
