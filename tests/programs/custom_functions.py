"""Functions of the user's own in the graph, and checkpoints: values, gradients, and what is refused."""

from importlib import import_module

from tests.programs.helpers import leaf


def _leaf(torch, *values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def _product(torch):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * b, g * a

    return Product


def two_inputs(torch):
    a, b = _leaf(torch, 1.0, 2.0), _leaf(torch, 3.0, 4.0)
    _product(torch).apply(a, b).sum().backward()
    return [a.grad, b.grad]


def one_input_needs_no_gradient(torch):
    a, b = _leaf(torch, 1.0, 2.0), torch.tensor([3.0, 4.0], dtype=torch.float64)
    seen = []

    class Product(_product(torch)):
        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g * ctx.saved_tensors[1], None

    Product.apply(a, b).sum().backward()
    return [a.grad, *map(int, seen[0])]


def second_order(torch):
    a = _leaf(torch, 1.0, 2.0)
    (g,) = torch.autograd.grad(_product(torch).apply(a, a * a).sum(), a, create_graph=True)
    (gg,) = torch.autograd.grad(g.sum(), a)
    return [g, gg]


def saved_result(torch):
    class Exp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = _leaf(torch, 0.5, 1.0)
    (g,) = torch.autograd.grad(Exp.apply(x).sum(), x, create_graph=True)
    (gg,) = torch.autograd.grad(g.sum(), x)
    return [g, gg]


def two_results(torch):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 3

    x = _leaf(torch, 1.0)
    y, z = Both.apply(x)
    (y * y + z).sum().backward()
    return x.grad


def a_result_that_is_not_used(torch):
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return g * 2 + h * 3

    x = _leaf(torch, 1.0)
    Both.apply(x)[0].sum().backward()
    return x.grad


def gradients_that_are_not_materialized(torch):
    seen = []

    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            seen.append(h)
            return g * 2

    x = _leaf(torch, 1.0)
    Both.apply(x)[0].sum().backward()
    return [x.grad, seen[0]]


def setup_context(torch):
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return g * ctx.factor, None

    x = _leaf(torch, 1.0, 2.0)
    Scale.apply(x, 5).sum().backward()
    return x.grad


def straight_through(torch):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, g):
            return g

    x = _leaf(torch, 0.4, 1.6)
    (Round.apply(x * 2) * x).sum().backward()
    return x.grad


def in_a_chain(torch):
    a = _leaf(torch, 1.0, 2.0)
    product = _product(torch)
    y = a * 2
    for _ in range(3):
        y = product.apply(y, a) + y
    y.sum().backward()
    return a.grad


def in_a_diamond(torch):
    a = _leaf(torch, 1.0, 2.0)
    product, shared = _product(torch), a.sin()
    left, right = product.apply(shared, a), product.apply(a, shared.exp())
    (left * right + shared).sum().backward()
    return a.grad


def gradient_of_its_result(torch):
    a = _leaf(torch, 1.0, 2.0)
    y = _product(torch).apply(a, a)
    return torch.autograd.grad((y * y).sum(), [y, a])


def its_result_retains_its_gradient(torch):
    a = _leaf(torch, 1.0, 2.0)
    y = _product(torch).apply(a, a)
    y.retain_grad()
    (y * 3).sum().backward()
    return [y.grad, a.grad]


def its_result_is_written_into(torch):
    a = _leaf(torch, 1.0, 2.0)
    y = _product(torch).apply(a, a)
    y += 1
    y[0] = 5
    (y * y).sum().backward()
    return [y, a.grad]


def a_hook_on_its_result(torch):
    a = _leaf(torch, 1.0, 2.0)
    y = _product(torch).apply(a, a)
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    return a.grad


def a_hook_on_a_leaf_sees_the_sum(torch):
    a, seen = _leaf(torch, 1.0, 2.0), []
    a.register_hook(lambda g: seen.append(g.clone()))
    a.register_hook(lambda g: g * 2)
    y = a.sin()
    (_product(torch).apply(y, a) + y * a).sum().backward()
    return [len(seen), *seen, a.grad]


def a_second_backward(torch):
    a = _leaf(torch, 1.0, 2.0)
    y = _product(torch).apply(a, a).sum()
    y.backward()
    y.backward()


def a_second_backward_with_the_graph_kept(torch):
    a = _leaf(torch, 1.0, 2.0)
    y = _product(torch).apply(a, a).sum()
    y.backward(retain_graph=True)
    y.backward()
    return a.grad


def a_saved_tensor_was_written_to(torch):
    a, b = _leaf(torch, 1.0, 2.0), torch.ones(2, dtype=torch.float64)
    y = _product(torch).apply(a, b)
    b += 1
    y.sum().backward()


def too_few_gradients(torch):
    class Bad(_product(torch)):
        @staticmethod
        def backward(ctx, g):
            return g

    Bad.apply(_leaf(torch, 1.0), _leaf(torch, 2.0)).backward()


def a_gradient_of_another_shape(torch):
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g[:1]

    Bad.apply(_leaf(torch, 1.0, 2.0)).sum().backward()


def a_gradient_that_broadcasting_made(torch):
    class Add(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g, g

    x, y = _leaf(torch, 1.0), torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    Add.apply(x, y).sum().backward()
    return [x.grad, y.grad]


def without_a_backward(torch):
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    Bad.apply(_leaf(torch, 1.0)).backward()


def no_gradient_is_wanted(torch):
    y = _product(torch).apply(torch.ones(2), torch.ones(2))
    return [y, y.requires_grad]


def inside_no_grad(torch):
    with torch.no_grad():
        y = _product(torch).apply(_leaf(torch, 1.0), _leaf(torch, 2.0))
    return [y, y.requires_grad, y.is_leaf]


def marked_as_not_differentiable(torch):
    class Sort(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            values, order = x.sort()
            ctx.mark_non_differentiable(order)
            ctx.save_for_backward(order)
            return values, order

        @staticmethod
        def backward(ctx, g, _):
            (order,) = ctx.saved_tensors
            return torch.zeros_like(g).scatter(0, order, g)

    x = _leaf(torch, 3.0, 1.0, 2.0)
    values, order = Sort.apply(x)
    (values * torch.arange(3)).sum().backward()
    return [order, order.requires_grad, x.grad]


def once_differentiable(torch):
    wrap = import_module(f"{torch.__name__}.autograd.function").once_differentiable

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @wrap
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g

    x = _leaf(torch, 3.0)
    (g,) = torch.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    torch.autograd.grad(g.sum(), x)


def dirty_input(torch):
    class AddOne(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 7

    x = _leaf(torch, 1.0)
    y = x * 2
    z = AddOne.apply(y)
    z.sum().backward()
    return [z is y, y, x.grad]


def grad_fn_is_named_after_it(torch):
    return _product(torch).apply(_leaf(torch, 1.0), _leaf(torch, 1.0)).grad_fn.name()


# -- checkpoints -------------------------------------------------------------------------------------------------------


def _checkpoint(torch):
    return import_module(f"{torch.__name__}.utils.checkpoint")


def checkpoint_with_parameters(torch):
    torch.manual_seed(0)
    layer = torch.nn.Linear(2, 2, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        layer.bias.fill_(0.5)
    x = torch.ones(3, 2, dtype=torch.float64, requires_grad=True)
    _checkpoint(torch).checkpoint(lambda v: layer(v).tanh(), x, use_reentrant=False).sum().backward()
    return [x.grad, layer.weight.grad, layer.bias.grad]


def checkpoint_of_a_constant_with_parameters(torch):
    w = _leaf(torch, 2.0)
    x = torch.ones(1, dtype=torch.float64)
    _checkpoint(torch).checkpoint(lambda v: (v * w).exp(), x, use_reentrant=False).sum().backward()
    return w.grad


def checkpoint_runs_twice(torch):
    calls = []

    def step(v):
        calls.append(1)
        return v * v

    x = _leaf(torch, 2.0)
    y = _checkpoint(torch).checkpoint(step, x, use_reentrant=False)
    before = len(calls)
    y.sum().backward()
    return [before, len(calls), x.grad]


def checkpoint_draws_the_same_numbers(torch):
    torch.manual_seed(1)
    x = torch.ones(1000, dtype=torch.float64, requires_grad=True)
    y = _checkpoint(torch).checkpoint(lambda v: torch.nn.functional.dropout(v, 0.5), x, use_reentrant=False)
    y.sum().backward()
    return bool((y.detach() == x.grad).all())


def checkpoint_inside_a_graph(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = _checkpoint(torch).checkpoint(lambda v: v.sin() * v, x * 2, use_reentrant=False)
    (y * x).sum().backward()
    return x.grad


def checkpoints_in_a_chain(torch):
    x = y = _leaf(torch, 0.1, 0.2)
    for _ in range(3):
        y = _checkpoint(torch).checkpoint(lambda v: v.exp() * x, y, use_reentrant=False)
    y.sum().backward()
    return x.grad


def checkpoint_of_two_results(torch):
    x = _leaf(torch, 1.0, 2.0)
    a, b = _checkpoint(torch).checkpoint(lambda v: (v * 2, v.exp()), x, use_reentrant=False)
    (a * b).sum().backward()
    return x.grad


def checkpoint_sequential(torch):
    x = _leaf(torch, 0.5)
    steps = [torch.sin, torch.exp, torch.tanh, torch.cos]
    _checkpoint(torch).checkpoint_sequential(steps, 2, x, use_reentrant=False).sum().backward()
    return x.grad


def checkpoint_inside_no_grad(torch):
    x = _leaf(torch, 1.0)
    with torch.no_grad():
        return _checkpoint(torch).checkpoint(lambda v: v * 2, x, use_reentrant=False).requires_grad


def checkpoint_asked_for_gradients(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = _checkpoint(torch).checkpoint(lambda v: v**3, x, use_reentrant=False)
    return torch.autograd.grad(y.sum(), x)


def result_written_to_before_it_is_saved(torch):
    class Share(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            y /= y.sum()
            ctx.save_for_backward(y)
            y *= 2
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * y

    x = _leaf(torch, 1.0, 2.0)
    (Share.apply(x) * _leaf(torch, 3.0, 4.0).detach()).sum().backward()
    return [x.grad]


def _spike(torch):
    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x > 0).to(x.dtype)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g / (1 + 10 * x.abs()) ** 2

    return Spike.apply


def spikes_over_time(torch):
    spike, w = _spike(torch), _leaf(torch, 0.4, 0.7, 1.1)
    charge = torch.zeros(3, dtype=torch.float64)
    spikes = 0
    for _ in range(6):
        charge = 0.9 * charge + w
        fired = spike(charge - 1)
        charge = charge - fired
        spikes = spikes + fired
    (spikes.sum() + charge.sum()).backward()
    return [spikes, charge, w.grad]


def a_hook_beside_a_function_sees_the_whole_gradient(torch):
    seen, x = [], _leaf(torch, 1.0, 2.0)
    h = x * 2
    h.register_hook(lambda g: seen.append(g.clone()))
    (_product(torch).apply(h, h * h) + h + h.exp()).sum().backward()
    return [len(seen), *seen, x.grad]


def gradients_through_a_function_twice_over(torch):
    spike, w = _spike(torch), _leaf(torch, 0.4, 0.7, 1.1)
    y = spike(w * w - 0.5) * w
    (g,) = torch.autograd.grad(y.sum(), w, create_graph=True)
    return [g, *torch.autograd.grad((g * g).sum(), w)]


def a_function_that_differentiates_its_own_result(torch):
    class Root(torch.autograd.Function):
        @staticmethod
        def forward(ctx, a):
            y = a.sqrt()
            ctx.save_for_backward(y, a)
            return y

        @staticmethod
        def backward(ctx, g):
            y, a = ctx.saved_tensors
            with torch.enable_grad():
                b = a.clone().requires_grad_()
                zero = y * y - b
            (slope,) = torch.autograd.grad(zero, b, torch.ones_like(zero))
            return -g * slope / (2 * y.detach())

    a = _leaf(torch, 4.0, 9.0)
    Root.apply(a).sum().backward()
    return [a.grad]


def gradients_of_one_branch_leave_the_other(torch):
    x, w = _leaf(torch, 1.0, 2.0), _leaf(torch, 3.0, 4.0)
    a, b = x.exp(), w.exp()
    y = (a + b).sum()
    first = torch.autograd.grad(y, x)
    return [*first, *torch.autograd.grad(b.sum(), w)]


def gradients_of_one_branch_free_it(torch):
    x, w = _leaf(torch, 1.0, 2.0), _leaf(torch, 3.0, 4.0)
    y = (x.exp() + w.exp()).sum()
    torch.autograd.grad(y, x)
    return torch.autograd.grad(y, x)


def steps_that_lead_to_no_input(t):
    runs = []

    class Noted(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, name):
            ctx.name = name
            return x * 2

        @staticmethod
        def backward(ctx, g):
            runs.append(ctx.name)
            return g * 2, None

    x, y, z = leaf(t, 1.0), leaf(t, 2.0), leaf(t, 3.0)
    middle = Noted.apply(y, "y")
    out = Noted.apply(Noted.apply(x, "x") * middle, "product") + Noted.apply(z, "z").sum()
    first = [t.autograd.grad(out, w, retain_graph=True)[0] for w in (x, middle, z)]
    kept = list(runs)
    out.backward(inputs=[y])
    return [*first, kept, runs[len(kept) :], x.grad, y.grad]
