"""Functions of functions: `torch.vmap`, and what of `torch.func` goes with it."""

import functools


def _x(t, *shape):
    count = 1
    for n in shape:
        count *= n
    return (t.arange(count, dtype=t.float64) * 5 % 7 - 2.5).reshape(shape)


def _vmapped(function, *shapes, **options):
    return lambda t: t.vmap(functools.partial(function, t), **options)(*[_x(t, *shape) for shape in shapes])


def _per_sample_gradients(t):
    model = t.nn.Linear(3, 2).double()
    with t.no_grad():
        for i, p in enumerate(model.parameters()):
            p.copy_(_x(t, *p.shape) / (i + 2))
    held = {name: p.detach() for name, p in model.named_parameters()}

    def loss(parameters, x, y):
        out = t.func.functional_call(model, parameters, (x.unsqueeze(0),))
        return t.nn.functional.mse_loss(out, y.unsqueeze(0))

    grads = t.vmap(t.func.grad(loss), in_dims=(None, 0, 0))(held, _x(t, 4, 3), _x(t, 4, 2))
    return [grads["weight"], grads["bias"]]


def _ensemble(t):
    models = [t.nn.Sequential(t.nn.Linear(2, 3), t.nn.BatchNorm1d(3)).double().eval() for _ in range(3)]
    with t.no_grad():
        for k, model in enumerate(models):
            for p in model.parameters():
                p.copy_(_x(t, *p.shape) + k)
    parameters, buffers = t.func.stack_module_state(models)

    def run(parameters, buffers, x):
        return t.func.functional_call(models[0], (parameters, buffers), (x,))

    out = t.vmap(run, in_dims=(0, 0, None))(parameters, buffers, _x(t, 4, 2))
    out.sum().backward()
    facts = [str(sorted(parameters)), str(sorted(buffers)), parameters["0.weight"].is_leaf]
    return [out, parameters["0.weight"].grad, buffers["1.running_mean"].requires_grad, *facts]


def _stack_errors(t, *models):
    return t.func.stack_module_state(list(models))


def _gradients(t):
    x = _x(t, 3, 4).requires_grad_()
    w = _x(t, 4).requires_grad_()
    y = t.vmap(lambda a, b: (a * b).sin().sum(), in_dims=(0, None))(x, w)
    first = t.autograd.grad((y * y).sum(), (x, w), create_graph=True)
    return [y, *first, *t.autograd.grad((first[0] ** 2).sum(), (x, w))]


def _draws(t, randomness):
    found = []
    for draw in (lambda a: t.randn(3), lambda a: t.nn.functional.dropout(a, 0.5), lambda a: t.randperm(50)):
        out = t.vmap(draw, randomness=randomness)(t.ones(4, 64))
        found += [list(out.shape), bool((out[0] == out[1]).all())]
    return found


def _same_twice(t):
    """Two draws of one sample differ, and what follows goes on from there."""
    a, b = t.vmap(lambda x: (t.rand(8), t.rand(8)), randomness="same")(t.ones(2))
    return bool((a == b).any() or (a[0] == t.rand(8)).any())


CALLS = {
    "vmap": _vmapped(lambda t, a: (a * 2).sum(), (3, 4)),
    "vmap of products": _vmapped(lambda t, a, b: t.dot(a, b), (3, 4), (3, 4)),
    "vmap along others": _vmapped(lambda t, a, b: b @ a, (4, 3), (2, 4, 3), in_dims=(1, -1)),
    "vmap with None": _vmapped(lambda t, a, b: a * b, (3, 4), (4,), in_dims=(0, None)),
    "vmap out along others": _vmapped(lambda t, a: (a, a.sum()), (3, 4), out_dims=(1, 0)),
    "vmap out last": _vmapped(lambda t, a: t.outer(a, a), (3, 4), out_dims=-1),
    "vmap of one for all": _vmapped(lambda t, a: t.ones(2), (3, 4)),
    "vmap nested": lambda t: t.vmap(t.vmap(lambda a, b: a * b, in_dims=(None, 0)), in_dims=(0, None))(
        _x(t, 3), _x(t, 4)
    ),
    "vmap of trees": lambda t: [
        *t.vmap(lambda d, pair: [d["a"] + pair[0], d["b"] * pair[1]], in_dims=({"a": 0, "b": None}, (1, 0)))(
            {"a": _x(t, 3, 2), "b": _x(t, 2)}, (_x(t, 2, 3), _x(t, 3, 2))
        )
    ],
    "vmap to dictionaries": lambda t: t.vmap(lambda a: {"x": a, "y": [a.sum()]})(_x(t, 3, 2))["y"],
    "vmap to named tuples": lambda t: t.vmap(lambda a: t.sort(a))(_x(t, 3, 4)).indices,
    "vmap to nothing": lambda t: str(t.vmap(lambda a: ())(_x(t, 3))),
    "vmap to what is the same": lambda t: [
        *t.vmap(lambda a, b: (a + b, b * 2), in_dims=(0, None), out_dims=(0, None))(_x(t, 3), _x(t, 2))
    ],
    "vmap of keywords": lambda t: t.vmap(lambda a, k: a * k)(_x(t, 3, 2), k=_x(t, 3, 2)).shape[0],
    "vmap of layers": lambda t: t.vmap(lambda a: t.nn.functional.conv1d(a, t.ones(1, 2, 3).double()))(
        _x(t, 3, 1, 2, 5)
    ),
    "vmap by parts": _vmapped(lambda t, a: a.exp(), (5, 2), chunk_size=2),
    "vmap as a decorator": lambda t: functools.partial(t.vmap, in_dims=1)(lambda a: a.cumsum(0))(_x(t, 3, 2)),
    "vmap of gradients": lambda t: t.vmap(t.func.grad(lambda a: (a**3).sum()))(_x(t, 3, 2)),
    "vmap of Jacobians": lambda t: t.vmap(t.func.jacrev(lambda a: t.stack([a.prod(), a.sum()])))(_x(t, 3, 2)),
    "vmap of Hessians": lambda t: t.vmap(t.func.hessian(lambda a: a.prod() * a.sum()))(_x(t, 3, 2)),
    "gradients of vmap": _gradients,
    "per-sample gradients": _per_sample_gradients,
    "an ensemble": _ensemble,
    "vmap and random numbers that are the same": lambda t: _draws(t, "same"),
    "vmap and random numbers that differ": lambda t: _draws(t, "different"),
    "vmap and two random numbers": _same_twice,
    "vmap and random numbers": lambda t: _draws(t, "error"),
    "vmap and generators": lambda t: t.vmap(lambda a: t.rand(2, generator=t.Generator()))(_x(t, 3)),
    "vmap and another randomness": _vmapped(lambda t, a: a, (3,), randomness="some"),
    "vmap and no chunks": _vmapped(lambda t, a: a, (3,), chunk_size=0),
    "vmap of nothing": lambda t: t.vmap(lambda: t.ones(1))(),
    "vmap over a number": lambda t: t.vmap(lambda a: a)(3),
    "vmap over no dimension": lambda t: t.vmap(lambda a: a)(t.tensor(1.0)),
    "vmap over a missing dimension": _vmapped(lambda t, a: a, (3,), in_dims=1),
    "vmap over nothing": _vmapped(lambda t, a: a, (3,), in_dims=(None,)),
    "vmap over text": _vmapped(lambda t, a: a, (3,), in_dims="0"),
    "vmap over half a dimension": _vmapped(lambda t, a: a, (3,), in_dims=(0.5,)),
    "vmap over different sizes": _vmapped(lambda t, a, b: a, (3,), (2,)),
    "vmap over other arguments": _vmapped(lambda t, a: a, (3,), in_dims=(0, 0)),
    "vmap to numbers": _vmapped(lambda t, a: 1, (3,)),
    "vmap to None": _vmapped(lambda t, a: None, (3,)),
    "vmap out along what is missing": _vmapped(lambda t, a: a.sum(), (3,), out_dims=1),
    "vmap to other results": _vmapped(lambda t, a: (a, a), (3,), out_dims=(0,)),
    "linearize": lambda t: [
        (made := t.func.linearize(lambda a: (a.sin() * a).sum(), _x(t, 3)))[0],
        made[1](_x(t, 3) + 1),
    ],
    "jacrev with more": lambda t: list(t.func.jacrev(lambda a: (a * a, a.sum()), has_aux=True)(_x(t, 3))),
    "jacfwd with more": lambda t: list(t.func.jacfwd(lambda a: (a * a, a.sum()), has_aux=True)(_x(t, 3))),
    "stack_module_state of none": lambda t: _stack_errors(t),
    "stack_module_state of two kinds": lambda t: _stack_errors(t, t.nn.Linear(1, 1), t.nn.Identity()),
    "stack_module_state in two modes": lambda t: _stack_errors(t, t.nn.Linear(1, 1), t.nn.Linear(1, 1).eval()),
    "stack_module_state of frozen ones": lambda t: _stack_errors(
        t, t.nn.Linear(1, 1), t.nn.Linear(1, 1).requires_grad_(False)
    ),
}
