"""Hooks on tensors: when they run, in which order, and what their answers change."""


def _leaf(torch, *values):
    return torch.tensor(values, requires_grad=True)


def a_hook_sees_the_gradient(torch):
    x, seen = _leaf(torch, 1.0, 2.0), []
    x.register_hook(lambda g: seen.append(g.clone()))
    (x * 3).sum().backward()
    return [*seen, x.grad]


def a_hook_replaces_the_gradient(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = x * 3
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    return x.grad


def hooks_run_in_order(torch):
    x = _leaf(torch, 1.0)
    y = x * 1
    y.register_hook(lambda g: g + 1)
    y.register_hook(lambda g: g * 2)
    y.sum().backward()
    return x.grad


def a_removed_hook_does_not_run(torch):
    x, seen = _leaf(torch, 1.0), []
    handle = x.register_hook(lambda g: seen.append(1))
    handle.remove()
    (x * 2).sum().backward()
    return [len(seen), x.grad]


def a_leaf_hook_sees_the_sum(torch):
    x, seen = _leaf(torch, 1.0), []
    x.register_hook(lambda g: seen.append(g.clone()))
    (x * 2 + x * 3).sum().backward()
    return [*seen, len(seen)]


def a_hook_that_raises(torch):
    x = _leaf(torch, 1.0)

    def fail(g):
        raise KeyError("mine")

    (x * 1).register_hook(fail)
    y = x * 2
    y.register_hook(fail)
    y.sum().backward()


def a_hook_on_a_constant(torch):
    torch.ones(2).register_hook(lambda g: g)


def a_hook_runs_before_retain_grad_stores(torch):
    x = _leaf(torch, 1.0)
    y = x * 2
    y.register_hook(lambda g: g * 5)
    y.retain_grad()
    y.sum().backward()
    return [y.grad, x.grad]


def post_accumulate_grad_hook(torch):
    x, seen = _leaf(torch, 1.0), []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    return seen


def a_hook_may_compute(torch):
    x, w = _leaf(torch, 1.0, 2.0), torch.tensor([10.0, 100.0])
    y = x * 2
    y.register_hook(lambda g: (g * w).cumsum(0))
    y.sum().backward()
    return x.grad


def hooks_with_autograd_grad(torch):
    x = _leaf(torch, 1.0)
    y = x * 2
    y.register_hook(lambda g: g * 7)
    return torch.autograd.grad(y.sum(), x)


def hooks_of_two_branches(torch):
    x, order = _leaf(torch, 1.0), []
    a, b = x * 2, x * 3
    a.register_hook(lambda g: order.append(2.0))
    b.register_hook(lambda g: order.append(3.0))
    (a + b).sum().backward()
    return [sorted(order), x.grad]


def a_hook_in_a_second_derivative(torch):
    x = _leaf(torch, 2.0)
    y = x * x
    y.register_hook(lambda g: g * 3)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return [g, h]


def what_a_hook_sees_can_be_differentiated(torch):
    x = _leaf(torch, 2.0)
    y = x * x * x
    seen = []
    y.register_hook(lambda g: seen.append(g.requires_grad) or g * y)
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return [g, h, torch.tensor(seen)]


def a_kept_gradient_stays_as_it_was(torch):
    kept, x = [], torch.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(kept.append)
    (x * x).sum().backward()
    (x * 3).sum().backward()
    return [kept, x.grad]


def a_gradient_given_to_a_leaf_is_copied(torch):
    g, x = torch.ones(2), torch.tensor([1.0, 2.0], requires_grad=True)
    x.backward(g)
    x.backward(g)
    return [g, x.grad]


def hooks_on_a_custom_functions_result_see_the_whole_gradient(torch):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    log, x = [], torch.tensor([1.0, 2.0], requires_grad=True)
    y = Double.apply(x)
    handle = y.register_hook(lambda g: log.append(g.tolist()))
    y.register_hook(lambda g: g * 10)
    (Double.apply(y) + y.sin() * Double.apply(x.detach()) + y).sum().backward(retain_graph=True)
    handle.remove()
    y.sum().backward()
    return [log, x.grad]
