"""Tensors of the meta device: shapes and dtypes without elements, and models that get theirs later."""

import copy
import warnings

from tests.programs.helpers import raises_in_order


def made(t):
    x = t.rand(2, 3, 4, device="meta")
    half = t.ones(2, 2, dtype=t.float16, device="meta")
    return [
        repr(x), repr(half), repr(t.zeros(0, 2, device="meta")), repr(t.tensor([1, 2], device="meta")),
        repr(t.arange(5, device="meta")), repr(t.eye(2, device="meta") > 0), repr(t.randperm(4, device="meta")),
        repr(t.nn.Parameter(t.empty(2, device="meta"))), f"{x.sum()}", x.is_meta, t.ones(1).is_meta,
        x.to("meta") is x, repr(t.empty_like(t.ones(2), device="meta")), repr(x.new_zeros(2).device),
        t.empty(1 << 20, 1 << 20, device="meta").numel(),
    ]  # fmt: skip


def computed(t):
    x = t.rand(2, 3, 4, device="meta")
    f, nn = t.nn.functional, t.nn
    return [
        repr(y) for y in (
            x @ x.mT, x.sum(), x.mean(0), x.max(1).indices, x.topk(2).values, x[:, 0], x[..., None], x.half() + x,
            t.einsum("bij,bkj->bik", x, x), x.masked_fill(x > 0, 1.0), f.dropout(x), x.unbind()[0],
            nn.LSTM(4, 2, device="meta")(x)[0].detach(), t.ones(2, device="meta") + t.tensor(1.0, device="cpu"),
            t.ones(2, device="meta").copy_(t.ones(2)), t.linalg.svd(x)[0], t.cat([x, x]), x.to(t.int8),
        )
    ] + [x.mT.stride(), t.ones(2, 3).t().to("meta").stride(), x.permute(2, 0, 1).contiguous().stride()]  # fmt: skip


def _net(t, device):
    nn = t.nn
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, device=device), nn.BatchNorm2d(4, device=device), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4 * 7 * 7, 5, device=device),
    )  # fmt: skip


def trained(t):
    net = _net(t, "meta")
    optimiser = t.optim.Adam(net.parameters())
    out = net(t.randn(8, 3, 16, 16, device="meta"))
    loss = t.nn.functional.cross_entropy(out, t.zeros(8, dtype=t.long, device="meta"))
    loss.backward()
    norm = t.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimiser.step()
    return [repr(out), repr(loss), repr(norm), *[repr(p.grad) for p in net.parameters()]]


def gradients(t):
    x = t.ones(3, 2, device="meta", requires_grad=True)
    (first,) = t.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = t.autograd.grad(first.sum(), x)
    return [repr(second), repr(x.grad), first.requires_grad]


def without_values(t):
    x = t.ones(1, device="meta")
    y = t.ones(3, device="meta")
    m = t.nn.Linear(2, 2, device="meta")
    return raises_in_order(
        lambda: x.item(), lambda: bool(x), lambda: x.tolist(), lambda: x.cpu(), lambda: x.to("cpu"), lambda: x.numpy(),
        lambda: y + t.ones(3), lambda: t.nonzero(y), lambda: y[y > 0], lambda: m.to("cpu"), lambda: m.cpu(),
        lambda: float(x), lambda: y.unique(),
    )  # fmt: skip


def what_a_module_says(t):
    try:
        t.nn.Linear(2, 2, device="meta").to("cpu")
    except NotImplementedError as error:
        return str(error)


def values_that_come_later(t):
    with t.device("meta"):
        skeleton = _net(t, None)
        places = [str(p.device) for p in skeleton.parameters()]
    full = _net(t, None)
    with t.no_grad():
        for i, p in enumerate(full.parameters()):
            p.fill_(0.01 * i)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        kept = repr(skeleton.load_state_dict(full.state_dict()))
    still = [str(p.device) for p in skeleton.parameters()]
    skeleton.load_state_dict(full.state_dict(), assign=True)
    x = t.linspace(-1, 1, 3 * 16 * 16).view(1, 3, 16, 16)
    empty = _net(t, "meta").to_empty(device=x.device)
    empty.load_state_dict(full.state_dict())
    return [
        places, kept, len(caught), str(caught[0].message), still, skeleton(x), empty(x), copy.deepcopy(skeleton)(x),
        [str(p.device) for p in full.to("meta").parameters()], [p.requires_grad for p in empty.parameters()],
    ]  # fmt: skip


def as_default(t):
    t.set_default_device("meta")
    try:
        return [str(t.ones(2).device), str(t.nn.Linear(2, 2).weight.device), str(t.tensor([1]).device)]
    finally:
        t.set_default_device(None)
