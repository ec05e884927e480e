"""Gradients of each sample, models side by side and a tangent kernel: functions of functions over a stateless module."""

import copy

import torch
import torch.nn.functional as F
from seeded import fill, integers, normal
from torch import nn
from torch.func import functional_call, grad, grad_and_value, hessian, jacrev, stack_module_state, vmap


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.fc1 = nn.Linear(36, 3)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(x, 2)
        return F.log_softmax(self.fc1(torch.flatten(x, 1)), dim=1)


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = fill(SimpleCNN(), seed=1).to(device)
    data, targets = normal(5, 1, 8, 8, seed=2).to(device), integers(3, 5, seed=3).to(device)
    params = {k: v.detach() for k, v in model.named_parameters()}
    buffers = {k: v.detach() for k, v in model.named_buffers()}

    def compute_loss(params, buffers, sample, target):
        predictions = functional_call(model, (params, buffers), (sample.unsqueeze(0),))
        return F.nll_loss(predictions, target.unsqueeze(0))

    per_sample = vmap(grad(compute_loss), in_dims=(None, None, 0, 0))(params, buffers, data, targets)
    one_by_one = [
        torch.autograd.grad(F.nll_loss(model(x[None]), y[None]), list(model.parameters()))
        for x, y in zip(data, targets)
    ]
    for (name, together), apart in zip(per_sample.items(), zip(*one_by_one)):
        print(name, tuple(together.shape), torch.allclose(together, torch.stack(apart), atol=1e-5))

    # Differential privacy clips what each sample adds.
    grads, losses = vmap(grad_and_value(compute_loss), (None, None, 0, 0))(params, buffers, data, targets)
    norms = torch.sqrt(sum(g.flatten(1).pow(2).sum(1) for g in grads.values()))
    factors = (1.0 / (norms + 1e-6)).clamp(max=1.0)
    clipped = {k: torch.einsum("b,b...->...", factors, g) / len(data) for k, g in grads.items()}
    print(" ".join(f"{x:.3f}" for x in norms.tolist()), " ".join(f"{x:.3f}" for x in losses.tolist()))
    print({k: round(v.norm().item(), 4) for k, v in clipped.items()})

    models = [fill(SimpleCNN(), seed=10 + i).to(device) for i in range(3)]
    stacked, no_buffers = stack_module_state(models)
    base = copy.deepcopy(models[0])
    ensemble = vmap(lambda p, b, x: functional_call(base, (p, b), (x,)), in_dims=(0, 0, None))
    predictions = ensemble(stacked, no_buffers, data)
    print(tuple(predictions.shape), all(torch.allclose(p, m(data), atol=1e-5) for p, m in zip(predictions, models)))

    def one(params, x):
        return functional_call(model, params, (x.unsqueeze(0),)).squeeze(0)

    jacobians = vmap(jacrev(one), (None, 0))(params, data[:3])
    flat = torch.cat([j.flatten(2) for j in jacobians.values()], dim=2)
    kernel = torch.einsum("naf,mbf->nmab", flat, flat).diagonal(dim1=2, dim2=3).sum(-1)
    for row in kernel.tolist():
        print(" ".join(f"{x:.3f}" for x in row))

    def convex(w):
        return F.cross_entropy(data.flatten(1)[:, :4] @ w["weight"].T + w["bias"], targets)

    second = hessian(convex)({"weight": normal(3, 4, seed=5).to(device), "bias": torch.zeros(3, device=device)})
    matrix = second["weight"]["weight"].reshape(12, 12)
    print(tuple(second["weight"]["bias"].shape), bool((torch.linalg.eigvalsh(matrix.cpu()) > -1e-5).all()))


if __name__ == "__main__":
    main()
