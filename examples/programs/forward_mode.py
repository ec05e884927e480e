"""Forward mode: a model differentiated along directions, and trained by the gradients that random directions give."""

import torch
import torch.autograd.forward_ad as fwAD
import torch.nn.functional as F
from seeded import fill, normal
from torch import nn
from torch.func import functional_call


class Scale(torch.autograd.Function):
    """Has no backward: forward mode needs none."""

    @staticmethod
    def forward(ctx, x):
        ctx.factor = 3.0
        return x * 3.0

    @staticmethod
    def jvp(ctx, tangent):
        return tangent * ctx.factor


x, direction = normal(4, 3, seed=1), normal(4, 3, seed=2)
with fwAD.dual_level():
    dual = fwAD.make_dual(x, direction)
    primal, tangent = fwAD.unpack_dual(Scale.apply(dual.sin()).sum(1))
    print("along the direction:", tangent)
    print("by hand:", (3 * x.cos() * direction).sum(1))
print("outside of the level:", fwAD.unpack_dual(primal).tangent)

model = fill(nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 1)))
inputs = normal(64, 3, seed=3)
targets = inputs.prod(1, keepdim=True) + inputs[:, :1]
parameters = {name: p.detach().clone() for name, p in model.named_parameters()}


def along(directions):
    """The loss, and its derivative along one direction for each parameter."""
    with fwAD.dual_level():
        duals = {name: fwAD.make_dual(p, directions[name]) for name, p in parameters.items()}
        loss = F.mse_loss(functional_call(model, duals, (inputs,)), targets)
        return fwAD.unpack_dual(loss)


for step in range(200):
    directions = {name: normal(*p.shape, seed=1000 + 10 * step + i) for i, (name, p) in enumerate(parameters.items())}
    loss, slope = along(directions)
    for name, p in parameters.items():
        p -= 0.004 * slope * directions[name]
    if step % 50 == 0:
        print(f"step {step:3d} loss {loss.item():.4f} slope {slope.item():+.4f}")
print(f"loss {along(directions).primal.item():.4f}")
print(model)
