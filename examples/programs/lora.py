"""Low-rank adaptation: a frozen layer and a small product beside it, merged into the weight in eval mode."""

import copy
import math

import torch
import torch.nn.functional as F
from seeded import fill, integers, normal
from torch import nn
from torch.nn.utils import parametrize


class LoRALinear(nn.Linear):
    def __init__(self, in_features: int, out_features: int, r: int = 0, lora_alpha: int = 1, **kwargs):
        nn.Linear.__init__(self, in_features, out_features, **kwargs)
        self.r, self.merged = r, False
        if r > 0:
            self.lora_A = nn.Parameter(self.weight.new_zeros((r, in_features)))
            self.lora_B = nn.Parameter(self.weight.new_zeros((out_features, r)))
            self.scaling = lora_alpha / self.r
            self.weight.requires_grad = False
        self.reset_parameters()

    def reset_parameters(self):
        nn.Linear.reset_parameters(self)
        if hasattr(self, "lora_A"):
            nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
            nn.init.zeros_(self.lora_B)

    def train(self, mode: bool = True):
        nn.Linear.train(self, mode)
        if self.r > 0 and self.merged == mode:
            change = (self.lora_B @ self.lora_A) * self.scaling
            self.weight.data += -change if mode else change
            self.merged = not mode
        return self

    def forward(self, x: torch.Tensor):
        result = F.linear(x, self.weight, bias=self.bias)
        if self.r > 0 and not self.merged:
            result += (x @ self.lora_A.transpose(0, 1) @ self.lora_B.transpose(0, 1)) * self.scaling
        return result


class LowRank(nn.Module):
    """The same as a parametrization."""

    def __init__(self, rows, columns, rank=1):
        super().__init__()
        self.A = nn.Parameter(torch.full((rank, columns), 0.5))
        self.B = nn.Parameter(torch.zeros(rows, rank))

    def forward(self, W):
        return W + self.B @ self.A


def finetune(model, x, y, lr):
    optimizer = torch.optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=lr, weight_decay=0.0)
    for step in range(12):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 4 == 3:
            print(f"  step {step}: loss {loss.item():.4f}")


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    net = nn.Sequential(LoRALinear(6, 16, r=2, lora_alpha=4), nn.ReLU(), LoRALinear(16, 3, r=2, lora_alpha=4))
    net = fill(net, seed=1)
    for name, parameter in net.named_parameters():
        if "lora_" not in name:
            parameter.requires_grad = False
        elif name.endswith("B"):
            nn.init.zeros_(parameter)
    net.to(device)
    x, y = normal(24, 6, seed=2).to(device), integers(3, 24, seed=3).to(device)
    trained = sum(p.numel() for p in net.parameters() if p.requires_grad)
    print(f"{trained} of {sum(p.numel() for p in net.parameters())} parameters")
    before = copy.deepcopy(net[0].weight)
    finetune(net, x, y, lr=5e-2)
    apart = net(x)
    net.eval()
    print("merged alike:", torch.allclose(apart, net(x), atol=1e-5), torch.equal(before, net[0].weight))
    net.train()
    print("restored:", torch.allclose(before, net[0].weight, atol=1e-6))

    base = fill(nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)), seed=4).requires_grad_(False).to(device)
    for layer in base:
        if isinstance(layer, nn.Linear):
            parametrize.register_parametrization(layer, "weight", LowRank(*layer.weight.shape).to(device))
    print(base)
    finetune(base, x, y, lr=5e-2)
    parametrize.remove_parametrizations(base[0], "weight", leave_parametrized=True)
    print(type(base[0]).__name__, [n for n, _ in base.named_parameters()])


if __name__ == "__main__":
    main()
