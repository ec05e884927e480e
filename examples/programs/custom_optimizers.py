"""Optimisers as repositories write them: sharpness-aware, looking ahead round another one, by signs; with a warm-up."""

import math
from collections import defaultdict

import torch
from seeded import normal
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.optimizer import Optimizer, required


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, **kwargs):
        assert rho >= 0.0, f"Invalid rho, should be non-negative: {rho}"
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        grads = [p.grad.norm(p=2) for group in self.param_groups for p in group["params"] if p.grad is not None]
        grad_norm = torch.norm(torch.stack(grads), p=2)
        for group in self.param_groups:
            scale = group["rho"] / (grad_norm + 1e-12)
            for p in group["params"]:
                if p.grad is None:
                    continue
                self.state[p]["old_p"] = p.data.clone()
                p.add_(p.grad * scale.to(p))
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        assert closure is not None, "Sharpness Aware Minimization requires closure, but it was not provided"
        closure = torch.enable_grad()(closure)
        loss = closure()
        self.first_step(zero_grad=True)
        closure()
        for group in self.param_groups:
            for p in group["params"]:
                p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        self.zero_grad()
        return loss


class Lookahead(Optimizer):
    def __init__(self, optimizer, k=4, alpha=0.5):
        self.optimizer, self.k, self.alpha = optimizer, k, alpha
        self.param_groups, self.state = self.optimizer.param_groups, defaultdict(dict)
        for group in self.param_groups:
            group["counter"] = 0

    def step(self, closure=None):
        loss = self.optimizer.step(closure)
        for group in self.param_groups:
            if group["counter"] == 0:
                for fast in group["params"]:
                    slow = self.state[fast].setdefault("slow_param", torch.zeros_like(fast.data).copy_(fast.data))
                    slow += (fast.data - slow) * self.alpha
                    fast.data.copy_(slow)
            group["counter"] = (group["counter"] + 1) % self.k
        return loss

    def zero_grad(self):
        self.optimizer.zero_grad()


class Lion(Optimizer):
    def __init__(self, params, lr=required, betas=(0.9, 0.99), weight_decay=0.0):
        if lr is not required and lr <= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in filter(lambda p: p.grad is not None, group["params"]):
                p.data.mul_(1 - group["lr"] * group["weight_decay"])
                state = self.state[p]
                if len(state) == 0:
                    state["exp_avg"] = torch.zeros_like(p)
                update = state["exp_avg"].clone().mul_(beta1).add(p.grad, alpha=1 - beta1).sign_()
                p.add_(update, alpha=-group["lr"])
                state["exp_avg"].mul_(beta2).add_(p.grad, alpha=1 - beta2)
        return loss


class WarmupCosine(LRScheduler):
    def __init__(self, optimizer, warmup, total, last_epoch=-1):
        self.warmup, self.total = warmup, total
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        if self.last_epoch < self.warmup:
            return [base * (self.last_epoch + 1) / self.warmup for base in self.base_lrs]
        done = (self.last_epoch - self.warmup) / (self.total - self.warmup)
        return [base * 0.5 * (1 + math.cos(math.pi * done)) for base in self.base_lrs]


def train(name, make, x, y):
    model = nn.Linear(4, 1).to(x.device)
    nn.init.constant_(model.weight, 0.1)
    nn.init.zeros_(model.bias)
    optimizer = make(model.parameters())
    scheduler = WarmupCosine(getattr(optimizer, "optimizer", optimizer), warmup=3, total=20)
    if name != "lookahead":
        print(optimizer)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(20):
        loss = optimizer.step(closure)
        scheduler.step()
    weight = " ".join(f"{w:.3f}" for w in model.weight[0].tolist())
    kept = sorted(optimizer.state[model.weight])
    print(f"{name}: loss {loss.item():.4f}, weight {weight}, lr {scheduler.get_last_lr()[0]:.4f}, keeps {kept}")
    if name == "sam":
        saved = optimizer.state_dict()
        print(sorted(saved), saved["param_groups"][0]["params"], list(saved["state"][0]))


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    x = normal(40, 4, seed=1).to(device)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5], [0.0]], device=device) + 0.1
    makers = {
        "sam": lambda p: SAM(p, torch.optim.SGD, lr=0.05, momentum=0.9),
        "lookahead": lambda p: Lookahead(torch.optim.Adam(p, lr=0.1)),
        "lion": lambda p: Lion(p, lr=0.05, weight_decay=0.1),
    }
    for name, make in makers.items():
        train(name, make, x, y)
    try:
        Lion(nn.Linear(1, 1).parameters(), lr=-1.0)
    except ValueError as error:
        print(error)


if __name__ == "__main__":
    main()
