"""Autograd's rules: accumulation, leaves, graphs kept and freed, modes, cotangents, second derivatives."""


def _leaf(torch, *values, **options):
    return torch.tensor(values, requires_grad=True, **options)


def gradients_accumulate(torch):
    x = _leaf(torch, 1.0, 2.0)
    (x * 3).sum().backward()
    (x * x).sum().backward()
    return x.grad


def zeroing_grad_starts_afresh(torch):
    x = _leaf(torch, 1.0, 2.0)
    (x * 3).sum().backward()
    x.grad.zero_()
    (x * x).sum().backward()
    return x.grad


def grad_set_to_none(torch):
    x = _leaf(torch, 1.0)
    (x * 3).sum().backward()
    x.grad = None
    return x.grad


def one_leaf_used_twice(torch):
    x = _leaf(torch, 2.0, 3.0)
    (x * x + x * x * x).sum().backward()
    return x.grad


def diamond(torch):
    x = _leaf(torch, 2.0, 3.0)
    a = x.exp()
    (a * a.sin() + a.cos()).sum().backward()
    return x.grad


def deep_chain(torch):
    x = _leaf(torch, 0.5)
    y = x
    for _ in range(3000):
        y = y * 1.0001
    y.backward(torch.ones(1))
    return x.grad


def only_leaves_get_grad(torch):
    x = _leaf(torch, 2.0, 3.0)
    y = x * 2
    y.sum().backward()
    return [x.is_leaf, y.is_leaf, x.grad]


def retained_grad(torch):
    x = _leaf(torch, 2.0, 3.0)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    return [y.grad, x.grad, y.retains_grad]


def backward_twice_needs_retain_graph(torch):
    x = _leaf(torch, 2.0)
    y = (x * x).sum()
    y.backward()
    y.backward()


def backward_twice_with_retain_graph(torch):
    x = _leaf(torch, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def backward_twice_where_nothing_is_saved(torch):
    x = _leaf(torch, 2.0, 3.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


def shared_part_of_two_graphs_is_freed(torch):
    x = _leaf(torch, 2.0)
    shared = x * x
    shared.sum().backward()
    (shared * 2).sum().backward()


def implicit_cotangent_is_for_scalars(torch):
    (_leaf(torch, 1.0, 2.0) * 2).backward()


def vector_jacobian_product(torch):
    x = _leaf(torch, 1.0, 2.0, 3.0)
    (x * x).backward(torch.tensor([0.1, 1.0, 10.0]))
    return x.grad


def cotangent_of_another_shape(torch):
    x = _leaf(torch, 1.0, 2.0, 3.0)
    (x * x).backward(torch.ones(2))


def backward_of_a_constant(torch):
    torch.ones(2).sum().backward()


def integers_cannot_require_grad(torch):
    torch.tensor([1, 2], requires_grad=True)


def requires_grad_of_a_result_cannot_be_cleared(torch):
    y = _leaf(torch, 1.0) * 2
    y.requires_grad_(False)


def detached_shares_memory_and_has_no_graph(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = (x * 2).detach()
    return [y.requires_grad, y.grad_fn is None, y]


def detach_cuts_the_gradient(torch):
    x = _leaf(torch, 2.0, 3.0)
    (x * x.detach()).sum().backward()
    return x.grad


def no_grad_records_nothing(torch):
    x = _leaf(torch, 1.0)
    with torch.no_grad():
        y = x * 2
        with torch.enable_grad():
            z = x * 3
    return [y.requires_grad, z.requires_grad, torch.is_grad_enabled()]


def no_grad_as_decorator(torch):
    @torch.no_grad()
    def double(x):
        return x * 2

    return double(_leaf(torch, 1.0)).requires_grad


def set_grad_enabled_as_context(torch):
    x = _leaf(torch, 1.0)
    with torch.set_grad_enabled(False):
        a = (x * 2).requires_grad
    with torch.set_grad_enabled(True):
        b = (x * 2).requires_grad
    return [a, b]


def inference_mode_records_nothing(torch):
    with torch.inference_mode():
        return (_leaf(torch, 1.0) * 2).requires_grad


def grad_function(torch):
    x, w = _leaf(torch, 1.0, 2.0), _leaf(torch, 3.0, 4.0)
    gx, gw = torch.autograd.grad((x * w * w).sum(), (x, w))
    return [gx, gw, x.grad is None]


def grad_of_several_outputs(torch):
    x = _leaf(torch, 1.0, 2.0)
    return torch.autograd.grad([x.sum(), (x * x).sum()], x)


def grad_with_cotangents(torch):
    x = _leaf(torch, 1.0, 2.0)
    return torch.autograd.grad(x * x, x, grad_outputs=torch.tensor([1.0, 100.0]))


def grad_of_an_unused_input(torch):
    x, w = _leaf(torch, 1.0), _leaf(torch, 2.0)
    torch.autograd.grad((x * x).sum(), (x, w))


def grad_allows_unused(torch):
    x, w = _leaf(torch, 1.0), _leaf(torch, 2.0)
    return torch.autograd.grad((x * x).sum(), (x, w), allow_unused=True)


def grad_materializes_unused(torch):
    x, w = _leaf(torch, 1.0), _leaf(torch, 2.0)
    return torch.autograd.grad((x * x).sum(), (x, w), materialize_grads=True)


def grad_with_respect_to_a_result(torch):
    x = _leaf(torch, 1.0, 2.0)
    y = x * 3
    return torch.autograd.grad((y * y).sum(), y)


def grad_of_a_constant_input(torch):
    x = _leaf(torch, 1.0)
    torch.autograd.grad((x * 2).sum(), torch.ones(1))


def second_derivative(torch):
    x = _leaf(torch, 1.0, 2.0)
    (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x)
    return [g, h]


def third_derivative(torch):
    x = _leaf(torch, 0.3, 0.7)
    y = x.sin().sum()
    for _ in range(3):
        (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    return y


def gradient_penalty(torch):
    x, w = _leaf(torch, 1.0, 2.0), _leaf(torch, 0.5, -0.5)
    out = torch.tanh(x * w).sum()
    (g,) = torch.autograd.grad(out, x, create_graph=True)
    (out + (g.norm() - 1) ** 2).backward()
    return [x.grad, w.grad]


def create_graph_in_backward(torch):
    x = _leaf(torch, 2.0)
    (x**3).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    g.sum().backward()
    return x.grad


def backward_into_chosen_inputs(torch):
    x, w = _leaf(torch, 1.0), _leaf(torch, 2.0)
    (x * w).sum().backward(inputs=[w])
    return [x.grad, w.grad]


def hessian_of_a_quadratic(torch):
    a = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
    return torch.autograd.functional.hessian(lambda x: (x @ a @ x) / 2, torch.tensor([1.0, -1.0]))


def jacobian(torch):
    return torch.autograd.functional.jacobian(lambda x: torch.stack([x.sum(), x.prod()]), torch.tensor([2.0, 3.0]))


def functional_vjp(torch):
    return torch.autograd.functional.vjp(lambda x: x * x, torch.tensor([1.0, 2.0]), torch.tensor([1.0, 10.0]))


def functional_jvp(torch):
    return torch.autograd.functional.jvp(lambda x: x.exp(), torch.tensor([0.0, 1.0]), torch.tensor([1.0, 2.0]))


def broadcast_gradients_are_summed(torch):
    x, b = _leaf(torch, [1.0, 2.0], [3.0, 4.0]), _leaf(torch, 1.0, 2.0)
    (x * b).sum().backward()
    return [x.grad, b.grad]


def mixed_dtypes_keep_their_own(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    w = _leaf(torch, 3.0, 4.0)
    (x * w).sum().backward()
    return [x.grad, w.grad]


def half_and_bfloat_gradients(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float16, requires_grad=True)
    y = torch.tensor([1.0, 2.0], dtype=torch.bfloat16, requires_grad=True)
    (x * 3).sum().backward()
    (y * 3).sum().backward()
    return [x.grad, y.grad]


def complex_gradient_convention(torch):
    z = torch.tensor([1 + 2j, -1j], requires_grad=True)
    (z * z.conj()).real.sum().backward()
    return z.grad


def names_of_nodes(torch):
    x = _leaf(torch, 1.0, 2.0)
    made = [x * 2, x + 1, x.sum(), x.exp(), x @ x, x.view(2, 1), x[0], x.relu(), -x, x / 2, x**2, x.t(), x.mean()]
    return [y.grad_fn.name() for y in made]


def next_functions(torch):
    x = _leaf(torch, 1.0)
    y = (x * 2).sum()
    mul = y.grad_fn.next_functions[0][0]
    return [mul.name(), mul.next_functions[0][0].name(), mul.next_functions[1][0]]


def next_functions_of_numbers_on_the_left(torch):
    y = _leaf(torch, 1.0, 2.0).sin()
    made = [2 * y, 2 + y, 2 - y, 2 / y, y * 2, y - 2, torch.where(y > 0, 0.0, y)]
    return [[None if fn is None else fn.name() for fn, _ in z.grad_fn.next_functions] for z in made[:3] + made[4:]]


def cotangents_that_do_not_fit(torch):
    x = _leaf(torch, 1.0, 2.0)
    told = []
    for outputs, grads in (([x.sum()], (torch.ones(2),)), ((x * 2,), (torch.ones(2, 1),))):
        try:
            torch.autograd.backward(outputs, grads)
        except RuntimeError as error:
            told.append(str(error))
    try:
        torch.autograd.backward([x.sum(), torch.ones(())])
    except RuntimeError as error:
        told.append(str(error))
    return told


def accumulate_grad_holds_the_leaf(torch):
    x = _leaf(torch, 1.0)
    return (x * 2).grad_fn.next_functions[0][0].variable is x


def grad_assigned_of_another_shape(torch):
    _leaf(torch, 1.0, 2.0).grad = torch.ones(3)


def deepcopy_of_a_result(torch):
    import copy

    copy.deepcopy(_leaf(torch, 1.0) * 2)


def where_blocks_the_other_branch(torch):
    x = _leaf(torch, -1.0, 2.0)
    torch.where(x > 0, x * 2, x * 3).sum().backward()
    return x.grad


def checkpointed_segment(torch):
    from importlib import import_module

    checkpoint = import_module(f"{torch.__name__}.utils.checkpoint").checkpoint
    x = _leaf(torch, 1.0, 2.0)
    checkpoint(lambda v: (v.exp() * v).sin(), x, use_reentrant=False).sum().backward()
    return x.grad


def custom_function(torch):
    class Clamp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, low):
            ctx.save_for_backward(x)
            ctx.low = low
            return x.clamp(min=low)

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * (x > ctx.low) * 2, None

    x = _leaf(torch, -1.0, 2.0)
    (Clamp.apply(x * 1, 0.5) * 3).sum().backward()
    return x.grad
