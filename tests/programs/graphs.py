"""`torch.autograd.graph`: hooks for saved tensors, edges, hooks on several gradients."""

from tests.programs.helpers import leaf, raises_in_order


class _Log:
    """Hooks that note what they are called with, and change nothing."""

    def __init__(self):
        self.lines = []

    def pack(self, x):
        values = [f"{v:.3f}" for v in x.detach().reshape(-1).tolist()[:3]]
        self.lines.append(f"pack {list(x.shape)} {x.requires_grad} {x.is_leaf} {values}")
        return x.detach()

    def unpack(self, kept):
        self.lines.append(f"unpack {list(kept.shape)}")
        return kept

    def hooks(self, torch):
        return torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)


def _seen(torch, function, *inputs):
    log = _Log()
    with log.hooks(torch):
        y = function(*inputs)
    y.sum().backward()
    return [log.lines, *[x.grad for x in inputs]]


def saved_of_a_product(torch):
    a = leaf(torch, 1.0, 2.0)
    return _seen(torch, lambda a: a * (a.detach() + 3), a) + _seen(torch, lambda a, b: a * b, a, leaf(torch, 5.0, 7.0))


def saved_of_elementwise_ops(torch):
    found = []
    for function in (
        lambda x: x.exp(), lambda x: x.sin(), lambda x: x.relu(), lambda x: x.pow(3), lambda x: x.sigmoid(),
        lambda x: x.tanh(), lambda x: x.sqrt(), lambda x: x * 2.0, lambda x: x + 1, lambda x: x.sum(),
        lambda x: x.log(), lambda x: x.abs(), lambda x: x / 3, lambda x: -x,
        lambda x: x.softmax(0), lambda x: x.clamp(0.6, 1.5),
    ):  # fmt: skip
        found += _seen(torch, function, leaf(torch, 0.5, 1.0, 2.0))
    return found


def saved_of_a_quotient(torch):
    return _seen(torch, lambda a, b: a / b, leaf(torch, 1.0, 2.0), leaf(torch, 4.0, 5.0))


def saved_of_linear(torch):
    weight = torch.arange(6.0).reshape(2, 3).requires_grad_()
    return _seen(torch, lambda w, b: torch.nn.functional.linear(torch.ones(4, 3), w, b), weight, leaf(torch, 1.0, 2.0))


def saved_of_a_chain(torch):
    return _seen(torch, lambda x: (x.exp() * x).sin().sum(), leaf(torch, 0.1, 0.2))


def saved_in_place(torch):
    other = torch.tensor([3.0, 4.0])
    a = _seen(torch, lambda x: (x * 1.0).mul_(other), leaf(torch, 1.0, 2.0))
    b = _seen(torch, lambda x: (x * 1.0).exp_(), leaf(torch, 1.0, 2.0))

    def through_a_view(x):
        y = x * 1.0
        y[:1].mul_(other[:1])
        return y * other

    return a + b + _seen(torch, through_a_view, leaf(torch, 1.0, 2.0))


def in_place_on_both_operands(torch):
    x, y = leaf(torch, 1.0, 2.0), leaf(torch, 3.0, 5.0)
    with _Log().hooks(torch):
        z = x * 2
        z.mul_(y)
        z.div_(y + 1)
    z.sum().backward()
    return [x.grad, y.grad, z.grad_fn.name()]


def written_after_it_was_packed(torch):
    """What hooks keep is theirs: its versions are not looked at."""
    x = leaf(torch, 1.0, 2.0)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        a = x * 1
        y = a * a
    a.mul_(10)
    y.sum().backward()
    return x.grad


def packed_to_something_else(torch):
    x = torch.arange(4.0, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: (t.tolist(), t.dtype), lambda p: torch.tensor(p[0], dtype=p[1])
    ):
        y = (x.sin() * x).cumsum(0) ** 2
    y.sum().backward()
    return x.grad


def unpacked_changes_the_gradient(torch):
    x = leaf(torch, 1.0, 2.0)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach() * 10, lambda t: t):
        y = x * x
    y.sum().backward()
    return x.grad


def hooks_inside_each_other(torch):
    outer, inner = _Log(), _Log()
    x = leaf(torch, 1.0, 2.0)
    with outer.hooks(torch):
        y = x.exp()
        with inner.hooks(torch):
            z = y.sin()
        z = z.exp()
    z.sum().backward()
    return [outer.lines, inner.lines, x.grad]


def second_derivatives(torch):
    x = leaf(torch, 0.5, 2.0)
    with _Log().hooks(torch):
        y = (x.exp() * x).sin()
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad((g * g).sum(), x, create_graph=True)
    (k,) = torch.autograd.grad(h.sum(), x)
    return [g, h, k]


def second_derivatives_of_several_results(torch):
    x = torch.tensor([[2.0, 1.0], [1.0, 3.0]], dtype=torch.float64, requires_grad=True)
    with _Log().hooks(torch):
        values, vectors = torch.linalg.eigh(x * 1)
        top = x.max(1).values
    loss = values.sum() + (vectors.abs() * values).sum() + (top * top).sum()
    (g,) = torch.autograd.grad(loss, x, create_graph=True)
    return [g, *torch.autograd.grad((g * g).sum(), x)]


def twice_through_a_kept_graph(torch):
    log, x = _Log(), leaf(torch, 1.0, 2.0)
    with log.hooks(torch):
        y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return [x.grad, log.lines]


def twice_through_a_freed_graph(torch):
    x = leaf(torch, 1.0, 2.0)
    with _Log().hooks(torch):
        y = (x * x).sum()
    y.backward()
    y.backward()


def a_model_under_hooks(torch):
    torch.manual_seed(0)
    weights = [
        torch.linspace(-1, 1, n).reshape(shape).requires_grad_() for n, shape in ((36, (2, 2, 3, 3)), (24, (3, 8)))
    ]
    x = torch.linspace(-1, 1, 2 * 2 * 16).reshape(2, 2, 4, 4)

    def loss():
        h = torch.nn.functional.conv2d(x, weights[0], padding=1)
        h = h + torch.nn.functional.gelu(h)
        h = torch.nn.functional.max_pool2d(torch.nn.functional.group_norm(h, 1), 2).flatten(1)
        return torch.nn.functional.cross_entropy(torch.nn.functional.linear(h, weights[1]), torch.tensor([0, 2]))

    with torch.autograd.graph.save_on_cpu():
        hooked = loss()
    a = torch.autograd.grad(hooked, weights)
    return [*a, *torch.autograd.grad(loss(), weights)]


def retained_and_hooked_in_between(torch):
    log, x = [], leaf(torch, 1.0, 2.0)
    with _Log().hooks(torch):
        y = x.exp()
        y.retain_grad()
        y.register_hook(lambda g: log.append(g.sum().item()))
        z = (y.sin() + 1) * 2
        z.retain_grad()
        z.register_hook(lambda g: g * 3)
    z.sum().backward()
    return [x.grad, y.grad, z.grad, log]


def lists_and_indices(torch):
    x = torch.arange(6.0).reshape(2, 3).requires_grad_()
    with _Log().hooks(torch):
        y = torch.cat([x.exp(), x * 2])[torch.tensor([0, 0, 3])]
        z = torch.einsum("ij,kj,j->ik", y, x, x[0])
        w = torch.where(z > 20, z, z.sin())
    w.sum().backward()
    return x.grad


def complex_numbers(torch):
    x = torch.tensor([1.0 + 2.0j, 0.5 - 1.0j], requires_grad=True)
    with _Log().hooks(torch):
        y = (x * x.conj()).real + (x * torch.tensor([2.0, 3.0])).abs()
    y.sum().backward()
    return x.grad


def a_custom_function(torch):
    log = _Log()

    class Scaled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, k):
            y = x * x * k
            ctx.save_for_backward(x, None, y)
            ctx.k = k
            return y

        @staticmethod
        def backward(ctx, g):
            x, nothing, y = ctx.saved_tensors
            assert nothing is None
            return g * 2 * x * ctx.k + 0 * y, None

    x = leaf(torch, 1.0, 2.0)
    with log.hooks(torch):
        y = Scaled.apply(x, 3.0)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    return [g, *torch.autograd.grad((g * g).sum(), x), log.lines]


def a_checkpoint(torch):
    from importlib import import_module

    log, x = _Log(), leaf(torch, 0.5, 1.0)
    checkpoint = import_module(f"{torch.__name__}.utils.checkpoint").checkpoint
    with log.hooks(torch):
        y = checkpoint(lambda t: t.exp().sin(), x, use_reentrant=False)
    y.sum().backward()
    return [x.grad, log.lines]


def without_grad_nothing_is_packed(torch):
    log, x = _Log(), leaf(torch, 1.0, 2.0)
    with log.hooks(torch):
        with torch.no_grad():
            x.exp()
        torch.ones(3).exp()
        x.detach().sin()
    return log.lines


def what_hooks_may_not_do(torch):
    hooks = torch.autograd.graph.saved_tensors_hooks
    x = leaf(torch, 1.0, 2.0)

    def run(pack, unpack):
        with hooks(pack, unpack):
            y = x * 1
            y = y * y
        y.sum().backward()
        return "no error"

    def fails(t):
        raise KeyError("mine")

    def disabled():
        with torch.autograd.graph.disable_saved_tensors_hooks("not here"), hooks(fails, fails):
            return "entered"

    def disabled_too_late():
        with hooks(fails, fails), torch.autograd.graph.disable_saved_tensors_hooks("not here"):
            return "entered"

    return raises_in_order(
        lambda: run(lambda t: 3, lambda p: p),
        lambda: run(lambda t: t, lambda p: None),
        lambda: run(fails, lambda p: p),
        lambda: run(lambda t: t, fails),
        lambda: run(lambda t: t.mul_(2), lambda p: p),
        lambda: run(lambda t, u: t, lambda p: p),
        lambda: run(lambda t: t, lambda p: p[:1].repeat(3)),
        lambda: hooks(1, 2).__enter__(),
        disabled,
        disabled_too_late,
        lambda: run(lambda t: t, lambda p: p),
    )


def hooks_are_gone_after_an_error(torch):
    log, x = _Log(), leaf(torch, 1.0, 2.0)
    try:
        with log.hooks(torch):
            raise KeyError
    except KeyError:
        x.exp()
    with torch.autograd.graph.disable_saved_tensors_hooks("no"):
        x.exp().sum().backward()
    with log.hooks(torch):
        pass
    return [log.lines, x.grad]


def on_several_gradients(torch):
    graph = torch.autograd.graph
    log, a, b, c = [], leaf(torch, 1.0, 2.0), leaf(torch, 3.0), leaf(torch, 5.0)
    y = a.sum() * b
    every = graph.register_multi_grad_hook((a, b, c, y), lambda grads: log.append(["all", *grads]))
    first = graph.register_multi_grad_hook((b, c), lambda grad: log.append(["any", grad]), mode="any")
    (y * 2).sum().backward()
    (c * c).sum().backward()
    every.remove()
    (c * 3).sum().backward()
    first.remove()
    c.sum().backward()
    return [log, raises_in_order(lambda: graph.register_multi_grad_hook((a,), log.append, mode="some"))]


def edges(torch):
    graph, x = torch.autograd.graph, leaf(torch, 1.0, 2.0)
    y = x * 2
    z = (y * y).sum()
    edge = graph.get_gradient_edge(y)
    grads = torch.autograd.grad(z, [edge, graph.get_gradient_edge(x)], retain_graph=True)
    torch.autograd.backward(edge, torch.tensor([1.0, 10.0]))
    return [
        *grads, x.grad, edge.node is y.grad_fn, edge.output_nr, graph.get_gradient_edge(x).node.name(),
        graph.get_gradient_edge(x).node.variable is x, isinstance(edge.node, graph.Node),
        isinstance(z.grad_fn.next_functions[0][0].next_functions[0][0], graph.Node),
        len({fn for fn, _ in z.grad_fn.next_functions[0][0].next_functions}),
        raises_in_order(lambda: graph.get_gradient_edge(torch.ones(1))),
    ]  # fmt: skip


def counted_writes(torch):
    graph, x = torch.autograd.graph, leaf(torch, 1.0, 2.0)
    a = x * 1
    before = a._version
    graph.increment_version(a)
    graph.increment_version([a, torch.ones(1)])
    wrong = raises_in_order(lambda: graph.increment_version(3), lambda: graph.increment_version([3]))
    return [a._version - before, a, *wrong]


def a_write_counted_after_it_was_saved(torch):
    x = leaf(torch, 1.0, 2.0)
    a = x * 1
    y = a * a
    torch.autograd.graph.increment_version(a)
    y.sum().backward()
    return x.grad.tolist()
