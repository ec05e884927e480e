"""Tensors of inference mode, and what is refused of them outside of it."""


def _ends(*calls):
    """What each call gives, or the first sentence of its error."""
    found = []
    for call in calls:
        try:
            found.append(call())
        except RuntimeError as error:
            found.append(str(error).split(".")[0])
    return found


def _parts(t):
    w, n = t.ones(2, requires_grad=True), t.tensor([2.0, 3.0])
    with t.inference_mode():
        return w, n, t.tensor([4.0, 5.0])


def which_tensors_are_of_inference_mode(t):
    w, n = t.ones(2, requires_grad=True), t.ones(2)
    with t.inference_mode():
        i = t.ones(2)
        made = [
            i, w * 2, i[:1], t.tensor([1.0]), t.zeros_like(n), t.arange(2.0), t.randn(2), n.clone(), n.to(t.float64),
            t.empty(2), t.stack([n, n]), t.max(n, 0).values, *t.ones(4).split(2), n @ n, n + 1, t.nn.functional.relu(n),
            t.ones(2, requires_grad=True), t.ones(2).requires_grad_(), t.nn.Linear(2, 2).weight,
        ]  # fmt: skip
        others = [n[:1], w.detach(), n.to(t.float32), n.add_(1), n.data, n.reshape(2, 1), n.expand(2, 2), *n, w, n]
        with t.inference_mode(False):
            others += [n * 1, w * 1]
        with t.enable_grad():
            made.append(w * 3)
    later = [i[:1], i.detach(), i.view(2, 1), i.to(t.float32), i.data]
    plain = [i + 1, i.clone(), t.exp(i), i.to(t.float64), n * i]
    return [
        *[x.is_inference() for x in made], *[x.requires_grad for x in made], *[x.is_inference() for x in others],
        *[t.is_inference(x) for x in later], *[x.is_inference() for x in plain], [x.is_leaf for x in made],
    ]  # fmt: skip


def in_place_writes(t):
    w, n, i = _parts(t)
    outside = _ends(
        lambda: n.add_(i), lambda: n.copy_(i), lambda: (w * 2).add_(i), lambda: (w * 2).mul_(i),
        lambda: i.clone().add_(1), lambda: i.add_(1), lambda: i[:1].mul_(2), lambda: i.zero_(),
        lambda: i.__setitem__(0, 5.0), lambda: t.add(n, n, out=i),
    )  # fmt: skip
    with t.no_grad():
        outside += _ends(lambda: i.sub_(1))
    with t.inference_mode():
        inside = _ends(lambda: n.mul_(2), lambda: w.mul_(2), lambda: t.ones(2).add_(1))
    return [*outside, *inside, n, w]


def saved_for_backward(t):
    w, n, i = _parts(t)
    F = t.nn.functional

    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            _, b = ctx.saved_tensors
            return g * b, None

    found = _ends(
        lambda: w * i, lambda: i * w, lambda: w + i, lambda: w / i, lambda: w @ i, lambda: t.cat([w, i]),
        lambda: F.mse_loss(w, i), lambda: t.where(n > 0, w, i), lambda: w * i.clone(), lambda: Product.apply(w, i),
        lambda: F.linear(i.view(1, 2), w.view(1, 2)), lambda: n * i, lambda: w.pow(2) - i,
    )  # fmt: skip
    with t.no_grad():
        found += _ends(lambda: w * i)
    (w * n + i).sum().backward()
    return [*found, w.grad]


def requiring_grad(t):
    _, _, i = _parts(t)
    found = _ends(
        lambda: i.requires_grad_(), lambda: i.__setattr__("requires_grad", True), lambda: i.requires_grad_(False),
        lambda: t.nn.Parameter(i), lambda: t.nn.Parameter(i.clone()), lambda: i._version,
    )  # fmt: skip
    with t.inference_mode():
        found += [i.requires_grad_().requires_grad, t.nn.Parameter(t.ones(1)).is_inference()]
    return found


def a_model_in_inference_mode(t):
    model = t.nn.Sequential(t.nn.Linear(2, 3), t.nn.ReLU(), t.nn.BatchNorm1d(3), t.nn.Linear(3, 1))
    with t.no_grad():
        for p in model.parameters():
            p.fill_(0.5)
    x = t.tensor([[1.0, 2.0], [3.0, 4.0]])
    with t.inference_mode():
        y = model(x)
    loss = model(x).sum()
    loss.backward()
    return [y, y.is_inference(), y.requires_grad, loss, model[0].weight.grad, y.softmax(0).is_inference(), y.tolist()]
