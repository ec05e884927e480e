"""Hooks: activations and gradients recorded, features taken from a layer, gradients changed on their way back."""

from collections import OrderedDict

import torch
from seeded import fill, normal
from torch import nn


def main():
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = nn.Sequential(
        OrderedDict(
            [
                ("conv", nn.Conv2d(1, 4, 3, padding=1)),
                ("act", nn.ReLU()),
                ("pool", nn.AvgPool2d(2)),
                ("flat", nn.Flatten()),
                ("head", nn.Linear(4 * 4 * 4, 3)),
            ]
        )
    )
    model = fill(model, seed=30).to(device)
    activations, gradients, order = {}, {}, []

    def recorder(name):
        def hook(module, inputs, output):
            activations[name] = output.detach()
            order.append(name)

        return hook

    handles = [child.register_forward_hook(recorder(name)) for name, child in model.named_children()]
    handles.append(model.head.register_forward_pre_hook(lambda module, args: (args[0] * 2,)))
    handles.append(
        model.pool.register_full_backward_hook(lambda m, gi, go: gradients.update(pool=(gi[0].norm(), go[0].norm())))
    )
    x = normal(2, 1, 8, 8, seed=31).to(device).requires_grad_()
    x.register_hook(lambda g: gradients.update(x=g.abs().mean()))
    model.conv.weight.register_hook(lambda g: g.clamp(-0.01, 0.01))
    model.conv.weight.register_post_accumulate_grad_hook(lambda p: gradients.update(conv=p.grad.abs().max()))
    hidden = model.act(model.conv(x))
    hidden.retain_grad()
    out = model[2:](hidden)
    out.square().mean().backward()
    print("order", order)
    for name, value in activations.items():
        print(f"{name}: {tuple(value.shape)} mean {value.mean().item():.4f}, dead {(value == 0).float().mean():.3f}")
    print(
        "gradients",
        {k: [round(t.item(), 5) for t in (v if isinstance(v, tuple) else (v,))] for k, v in gradients.items()},
    )
    print(f"retained {hidden.grad.norm().item():.5f}, conv's {model.conv.weight.grad.norm().item():.5f}")
    saliency = x.grad.abs().amax(dim=(1, 2, 3))
    print("saliency", [round(v, 5) for v in saliency.tolist()])
    for handle in handles:
        handle.remove()
    order.clear()
    model(x.detach())
    print("after removal", order, model)


if __name__ == "__main__":
    main()
