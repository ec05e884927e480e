"""Modes of a thread, and functions of functions: gradients, checks of them, autocast, distributions."""

from tests.programs.helpers import leaf, raises_in_order

# -- modes -------------------------------------------------------------------------------------------------------------


def grad_modes(t):
    x, seen = leaf(t, 1.0), []
    with t.no_grad():
        seen.append((x * 2).requires_grad)
        with t.enable_grad():
            seen.append((x * 2).requires_grad)
        seen.append(t.is_grad_enabled())
    with t.set_grad_enabled(False):
        seen.append((x * 2).requires_grad)
    with t.inference_mode():
        seen += [(x * 2).requires_grad, t.is_inference_mode_enabled()]
        with t.inference_mode(False):
            seen += [t.is_grad_enabled(), t.is_inference_mode_enabled()]
    return [*seen, t.is_grad_enabled(), t.is_inference_mode_enabled()]


def grad_modes_as_decorators(t):
    x = leaf(t, 1.0)

    @t.no_grad()
    def one():
        return (x * 2).requires_grad

    @t.no_grad
    def two():
        return (x * 2).requires_grad

    @t.inference_mode()
    def three():
        return (x * 2).requires_grad

    @t.set_grad_enabled(False)
    def four():
        return (x * 2).requires_grad

    @t.inference_mode
    def five():
        return (x * 2).requires_grad

    with t.no_grad():

        @t.enable_grad()
        def six():
            return (x * 2).requires_grad

        inside = six()
    return [one(), two(), three(), four(), five(), inside, t.is_grad_enabled(), one.__name__]


def grad_modes_of_generators(t):
    x = leaf(t, 1.0)

    @t.no_grad()
    def numbers():
        sent = yield t.is_grad_enabled()
        try:
            yield [t.is_grad_enabled(), sent]
        except KeyError:
            yield t.is_grad_enabled()

    g = numbers()
    seen = [next(g), t.is_grad_enabled(), *g.send(5), t.is_grad_enabled(), g.throw(KeyError()), t.is_grad_enabled()]
    return [*seen, (x * 2).requires_grad]


def grad_mode_after_an_error(t):
    try:
        with t.no_grad():
            raise KeyError
    except KeyError:
        pass
    return t.is_grad_enabled()


def set_grad_enabled_at_once(t):
    t.set_grad_enabled(False)
    off = t.is_grad_enabled()
    t.set_grad_enabled(True)
    return [off, t.is_grad_enabled()]


# -- gradients ---------------------------------------------------------------------------------------------------------


def grads_that_are_refused(t):
    x = leaf(t, 1.0, 2.0)

    def assign(value):
        x.grad = value

    return raises_in_order(
        lambda: assign(t.ones(3)),
        lambda: assign(1),
        lambda: assign(t.ones(2).double()),
        lambda: assign(t.ones(2)),
        lambda: t.ones(2, dtype=t.int64).requires_grad_(),
        lambda: (x * 2).requires_grad_(False),
        lambda: t.ones(2).backward(),
        lambda: (x * 2).backward(),
        lambda: t.ones(2).retain_grad(),
        lambda: t.autograd.grad(x.sum(), t.ones(2)),
        lambda: t.autograd.grad(x.sum(), leaf(t, 1.0)),
        lambda: t.ones(1).register_hook(print),
    )


def anomaly(t):
    x = t.tensor([-1.0, 4.0], requires_grad=True)
    with t.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * 2).sum()
        y.backward()


def anomaly_without_nan(t):
    x = leaf(t, 1.0, 4.0)
    with t.autograd.detect_anomaly():
        (x.sqrt() * 2).sum().backward()
    return [x.grad, t.is_anomaly_enabled()]


def gradcheck(t):
    x = t.tensor([0.5, -1.5], dtype=t.float64, requires_grad=True)
    y = t.tensor([2.0, 3.0], dtype=t.float64, requires_grad=True)
    return [t.autograd.gradcheck(lambda a, b: (a * b).sin(), (x, y)), t.autograd.gradgradcheck(lambda a: a**3, (x,)),
            t.autograd.gradcheck(lambda a: a.detach() * a, (x,), raise_exception=False)]  # fmt: skip


def jacobians(t):
    f = t.autograd.functional
    x, y = t.tensor([1.0, 2.0]), t.tensor([[3.0], [4.0]])
    return [
        f.jacobian(lambda a: a**2, x), *f.jacobian(lambda a, b: (a @ b) * a, (x, y)),
        *f.jacobian(lambda a: (a.sum(), a * 2), x), f.hessian(lambda a: (a**3).sum(), x),
        *[h for row in f.hessian(lambda a, b: (a.exp() @ b).sum(), (x, y)) for h in row],
        *f.vjp(lambda a: a**2, x, t.ones(2)), *f.jvp(lambda a: a**2, x, t.tensor([1.0, 10.0])),
        *f.vhp(lambda a: (a**3).sum(), x, t.ones(2)), *f.hvp(lambda a: (a**3).sum(), x, t.ones(2)),
        f.jacobian(lambda a: a.detach() * 0, x), f.jacobian(lambda a: a**2, x, vectorize=True),
    ]  # fmt: skip


def functions_of_functions(t):
    x = t.tensor([1.0, 2.0])
    return [
        t.func.grad(lambda a: (a**3).sum())(x), *t.func.grad_and_value(lambda a: a.sin().sum())(x),
        t.func.jacrev(lambda a: a**2)(x), t.func.hessian(lambda a: (a**3).sum())(x),
        *t.func.grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(x, x * 2),
        t.func.grad(lambda a: t.func.grad(lambda b: (b**3).sum())(a).sum())(x),
        t.func.vjp(lambda a: a**2, x)[1](x)[0], *t.func.jvp(lambda a: a**2, (x,), (t.ones(2),)),
        t.func.grad(lambda d: (d["w"] ** 2).sum())({"w": x})["w"],
        t.func.grad(lambda a: ((a**2).sum(), a * 2), has_aux=True)(x)[1],
    ]  # fmt: skip


def functional_call(t):
    model = t.nn.Linear(2, 1)
    given = {"weight": t.tensor([[1.0, 2.0]]), "bias": t.tensor([3.0])}
    before = model.weight
    return [t.func.functional_call(model, given, t.ones(1, 2)), model.weight is before]


# -- others ------------------------------------------------------------------------------------------------------------


def seeds_repeat(t):
    def draws():
        return [t.rand(3), t.randn(2), t.randint(10, (3,)), t.randperm(4)]

    t.manual_seed(3)
    first = draws()
    t.manual_seed(3)
    second = draws()
    state = t.get_rng_state()
    third = t.rand(2)
    t.set_rng_state(state)
    with t.random.fork_rng():
        t.rand(5)
    return [
        *[bool((a == b).all()) for a, b in zip(first, second, strict=True)],
        bool((third == t.rand(2)).all()),
        t.initial_seed(),
    ]


def switches(t):
    t.backends.cudnn.benchmark = True
    with t.backends.cudnn.flags(deterministic=True):
        inside = t.backends.cudnn.deterministic
    t.set_float32_matmul_precision("high")
    kept = t.get_float32_matmul_precision()
    t.set_float32_matmul_precision("highest")
    t.backends.cudnn.benchmark = False
    return [
        inside, t.backends.cudnn.deterministic, kept, t.cuda.is_available(), t.cuda.device_count(),
        t.backends.mps.is_available(), t.cuda.memory_allocated(), t.jit.is_scripting(), t.typename(t.ones(1)),
        t.is_autocast_enabled("cpu"),
    ]  # fmt: skip


def closeness(t):
    close = t.testing.assert_close
    close(t.ones(2), t.ones(2) + 1e-7)
    close([t.ones(1), {"a": 2.0}], [t.ones(1), {"a": 2.0}])
    return raises_in_order(
        lambda: close(t.ones(2), t.ones(2) + 0.1),
        lambda: close(t.ones(2), t.ones(3)),
        lambda: close(t.ones(2), t.ones(2).double()),
        lambda: close(t.ones(2), t.ones(2) + 0.1, atol=0.2, rtol=0),
        lambda: close(t.tensor([float("nan")]), t.tensor([float("nan")])),
        lambda: close(t.tensor([float("nan")]), t.tensor([float("nan")]), equal_nan=True),
        lambda: close([1], [1, 2]),
        lambda: close(t.ones(1), t.ones(1), rtol=1),
    )


def autocasting(t):
    x, w = t.ones(2, 2), t.ones(2, 2, requires_grad=True)
    with t.autocast("cpu", dtype=t.bfloat16):
        y, z = x @ w, x + w
        with t.autocast("cpu", enabled=False):
            off = x @ w
        inside = t.is_autocast_enabled("cpu")
        loss = t.nn.functional.mse_loss(y, y.detach())
    y.sum().backward()
    return [
        str(y.dtype), str(z.dtype), str(off.dtype), inside, str(loss.dtype), str((x @ w).dtype), w.grad,
        str(w.grad.dtype), str(t.get_autocast_dtype("cpu")),
    ]  # fmt: skip


def distributions(t):
    d = t.distributions
    n, c = d.Normal(t.tensor([0.0, 1.0]), 2.0), d.Categorical(probs=t.tensor([1.0, 3.0]))
    b = d.Bernoulli(logits=t.tensor([0.0, 2.0]))
    e, u, g, lap = d.Exponential(2.0), d.Uniform(0.0, t.tensor([2.0])), d.Gumbel(1.0, 2.0), d.Laplace(0.0, 1.5)
    x = t.tensor([0.5, 1.0])
    out = [
        n.log_prob(x), n.entropy(), n.cdf(x), n.icdf(t.tensor([0.1, 0.9])), n.mean, n.variance,
        c.log_prob(t.tensor([0, 1, 1])), c.entropy(), c.probs, c.logits, b.log_prob(t.tensor([1.0, 0.0])),
        b.entropy(), b.mean, b.variance, e.log_prob(x), e.entropy(), e.cdf(x), u.log_prob(x), u.entropy(), u.mean,
        u.variance, g.log_prob(x), g.mean, g.stddev, g.entropy(), lap.log_prob(x), lap.cdf(x), lap.icdf(x / 2),
        lap.entropy(), lap.variance, d.kl_divergence(n, d.Normal(0.0, 1.0)),
        d.kl_divergence(c, d.Categorical(logits=t.tensor([0.0, 1.0]))), d.kl_divergence(b, d.Bernoulli(0.3)),
        d.kl_divergence(e, d.Exponential(1.0)), d.kl_divergence(u, d.Uniform(-1.0, 3.0)),
    ]  # fmt: skip
    shapes = [list(x.sample((5,)).shape) for x in (n, c, b, e, u, g, lap)] + [
        list(n.rsample().shape),
        list(c.sample().shape),
    ]
    return [*out, *[str(s) for s in shapes], repr(n), n.has_rsample, str(c.sample().dtype)]


def distributions_are_differentiable(t):
    loc = leaf(t, 1.0)
    t.distributions.Normal(loc, 1.0).rsample((4,)).sum().backward()
    logits = leaf(t, 0.0, 1.0)
    t.distributions.Categorical(logits=logits).log_prob(t.tensor(1)).backward()
    return [loc.grad, logits.grad]


def distributions_that_are_refused(t):
    d = t.distributions
    return raises_in_order(lambda: d.Normal(0.0, -1.0), lambda: d.Categorical(), lambda: d.Bernoulli(1.5),
                            lambda: d.kl_divergence(d.Normal(0.0, 1.0), d.Categorical(t.ones(2))))  # fmt: skip
