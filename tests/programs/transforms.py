# ruff: noqa: E501  (a table)
"""Transforms: values, inverses, Jacobians, shapes, caches, texts; and those that lead to each constraint."""


def _values(t, *shape, low=-1.0):
    count = t.Size(shape).numel()
    return (t.arange(count, dtype=t.float64) * 0.37).sin().reshape(shape) - low - 1.0


# The transform, and the shape of what it takes. Positive numbers where `+` is said.
MADE = {
    "exp": (lambda d, t: d.ExpTransform(), (3,), ""),
    "power": (lambda d, t: d.PowerTransform(t.tensor(-0.7, dtype=t.float64)), (3,), "+"),
    "sigmoid": (lambda d, t: d.SigmoidTransform(), (3,), ""),
    "softplus": (lambda d, t: d.SoftplusTransform(), (3,), ""),
    "tanh": (lambda d, t: d.TanhTransform(), (3,), ""),
    "abs": (lambda d, t: d.AbsTransform(), (3,), ""),
    "affine": (lambda d, t: d.AffineTransform(1.0, -2.0), (3,), ""),
    "affine by tensors": (lambda d, t: d.AffineTransform(_values(t, 3), _values(t, 3) + 2), (2, 3), ""),
    "affine events": (lambda d, t: d.AffineTransform(t.zeros(3), _values(t, 3) + 2, event_dim=1), (2, 3), ""),
    "softmax": (lambda d, t: d.SoftmaxTransform(), (2, 3), ""),
    "stick breaking": (lambda d, t: d.StickBreakingTransform(), (2, 3), ""),
    "lower cholesky": (lambda d, t: d.LowerCholeskyTransform(), (2, 3, 3), ""),
    "positive definite": (lambda d, t: d.PositiveDefiniteTransform(), (2, 3, 3), ""),
    "correlations": (lambda d, t: d.CorrCholeskyTransform(), (2, 6), ""),
    "one correlation": (lambda d, t: d.CorrCholeskyTransform(), (1,), ""),
    "reshape": (lambda d, t: d.ReshapeTransform((2, 3), (6,)), (4, 2, 3), ""),
    "independent": (lambda d, t: d.IndependentTransform(d.TanhTransform(), 1), (2, 3), ""),
    "cat": (lambda d, t: d.CatTransform([d.ExpTransform(), d.AffineTransform(1.0, 2.0)], dim=-1, lengths=[1, 2]), (2, 3), ""),
    "cat of events": (
        lambda d, t: d.CatTransform([d.IndependentTransform(d.ExpTransform(), 1), d.AffineTransform(1.0, 2.0)], dim=0, lengths=[1, 2]), (3, 2), ""
    ),
    "stack": (lambda d, t: d.StackTransform([d.ExpTransform(), d.TanhTransform()], dim=1), (3, 2), ""),
    "distribution function": (lambda d, t: d.CumulativeDistributionTransform(d.Normal(t.tensor(0.2, dtype=t.float64), t.tensor(1.5, dtype=t.float64))), (3,), ""),
    "composition": (lambda d, t: d.ComposeTransform([d.AffineTransform(0.5, -2.0), d.SigmoidTransform()]), (2, 3), ""),
    "composition of events": (lambda d, t: d.ComposeTransform([d.ExpTransform(), d.StickBreakingTransform()]), (2, 3), ""),
    "composition of reshapes": (lambda d, t: d.ComposeTransform([d.ReshapeTransform((6,), (2, 3)), d.TanhTransform(), d.AffineTransform(0.0, 3.0, 1)]), (6,), ""),
    "identity": (lambda d, t: d.identity_transform, (2, 3), ""),
    "inverse": (lambda d, t: d.ExpTransform().inv, (3,), "+"),
    "inverse of a composition": (lambda d, t: d.ComposeTransform([d.AffineTransform(0.5, -2.0), d.ExpTransform()]).inv, (3,), "+"),
}  # fmt: skip


def _tried(what):
    try:
        return what()
    except (NotImplementedError, ValueError) as error:
        return "refused" if isinstance(error, ValueError) else "none"


def _mapped(name):
    make, shape, sign = MADE[name]

    def program(t):
        transform = make(t.distributions, t)
        x = _values(t, *shape)
        x = (x.abs() + 0.1 if sign else x).requires_grad_()
        y = transform(x)
        weights = _values(t, *y.shape) + 1.3
        found = [repr(transform), transform.bijective, y, *t.autograd.grad((y * weights).sum(), [x])]
        found += [transform.inv(y.detach()), transform.inv.inv is transform, _tried(lambda: transform.sign)]
        change = _tried(lambda: transform.log_abs_det_jacobian(x, transform(x)))
        found.append(change)
        if not isinstance(change, str) and change.requires_grad:
            found += t.autograd.grad(change.sum(), [x])
        found += [
            repr(transform.inv),
            _tried(lambda: transform.inv.log_abs_det_jacobian(y, x)),
            _tried(lambda: transform.event_dim),
        ]
        found += [list(transform.forward_shape(x.shape)), list(transform.inverse_shape(y.shape))]
        return [
            *found,
            transform.domain.event_dim,
            transform.codomain.event_dim,
            t.all(transform.codomain.check(y)),
            t.all(transform.domain.check(x)),
        ]

    return program


def _cached(name):
    make, shape, sign = MADE[name]

    def program(t):
        transform = make(t.distributions, t)
        cached = _tried(transform.with_cache)
        x = _values(t, *shape)
        x = x.abs() + 0.1 if sign else x
        if isinstance(cached, str):
            return cached
        y = cached(x)
        return [
            cached is transform,
            cached(x) is y,
            cached.inv(y) is x,
            cached.with_cache() is cached,
            transform(x) is y,
            cached.inv(cached(x + 1)),
        ]

    return program


def _equal(t):
    d = t.distributions
    two = t.tensor(2.0)
    several = [
        d.ExpTransform(), d.ExpTransform(), d.TanhTransform(), d.AffineTransform(0.0, 2.0), d.AffineTransform(0.0, 2.0), d.AffineTransform(0.0, two),
        d.AffineTransform(0.0, 3.0), d.PowerTransform(two), d.PowerTransform(t.tensor(2.0)), d.PowerTransform(t.tensor(3.0)),
        d.ExpTransform().inv, d.ExpTransform().inv, d.ComposeTransform([d.ExpTransform()]), d.ComposeTransform([d.ExpTransform()]),
    ]  # fmt: skip
    return [a == b for a in several for b in several]


def _led(t):
    """What leads to each constraint, and where it leads."""
    d, c = t.distributions, t.distributions.constraints
    several = [
        c.real, c.positive, c.nonnegative, c.greater_than(2.0), c.greater_than_eq(-1.0), c.less_than(1.0), c.interval(-1.0, 2.0), c.unit_interval,
        c.half_open_interval(0.0, 2.0), c.simplex, c.real_vector, c.independent(c.positive, 1), c.lower_cholesky, c.corr_cholesky, c.positive_definite,
        c.positive_semidefinite, c.cat([c.positive, c.real], dim=-1, lengths=[1, 2]), c.stack([c.positive, c.real, c.unit_interval], dim=-1), c.boolean,
    ]  # fmt: skip
    found = []
    for registry in (d.biject_to, d.transform_to):
        for constraint in several:
            transform = _tried(lambda constraint=constraint, registry=registry: registry(constraint))
            if isinstance(transform, str):
                found.append(transform)
                continue
            x = _values(t, 3, 3)
            y = transform(x)
            found += [repr(transform), y, transform.inv(y)]
    return found


def _own_constraint(t):
    d, c = t.distributions, t.distributions.constraints

    class Even(c.Constraint):
        def check(self, value):
            return value % 2 == 0

    registry = type(d.biject_to)()

    @registry.register(Even)
    def to_even(constraint):
        return d.AffineTransform(0, 2)

    found = [registry(Even())(t.tensor([1.0, 2.0])), _tried(lambda: registry(c.real))]
    registry.register(Even(), lambda constraint: d.ExpTransform())
    return [*found, repr(registry(Even()))]


def _flows(t):
    """Distributions transformed in ways that change shapes, or widen batches and events."""
    d = t.distributions
    one = d.Normal(t.zeros(2, 3, dtype=t.float64), t.ones(3, dtype=t.float64))
    made = [
        d.TransformedDistribution(one, d.StickBreakingTransform()),
        d.TransformedDistribution(one, [d.ReshapeTransform((2, 3), (6,))]),
        d.TransformedDistribution(one, [d.AffineTransform(t.zeros(4, 1, 1, dtype=t.float64), 2.0), d.ExpTransform()]),
        d.TransformedDistribution(d.Independent(one, 1), [d.TanhTransform(), d.AffineTransform(0.5, 0.5)]),
        d.TransformedDistribution(d.Independent(one, 2), []),
    ]
    found = []
    for each in made:
        y = _pushed(each)
        found += [list(each.batch_shape), list(each.event_shape), list(each.sample((5,)).shape), each.log_prob(y)]
        more = each.expand((3, *each.batch_shape))
        found += [
            list(more.batch_shape),
            list(more.event_shape),
            list(more.rsample((2,)).shape),
            more.log_prob(y),
            more.has_rsample,
        ]
        found += [each.support.event_dim, repr(each)]
    return found


def _pushed(each):
    y = each.base_dist.mean + 0.25
    for transform in each.transforms:
        y = transform(y)
    return y


def _triangles(t):
    from importlib import import_module

    utils = import_module(f"{t.distributions.__name__}.utils")
    matrix = _values(t, 2, 4, 4)
    vectors = [utils.tril_matrix_to_vec(matrix, k) for k in (-2, -1, 0)]
    back = [utils.vec_to_tril_matrix(v, k) for v, k in zip(vectors, (-2, -1, 0), strict=True)]
    return [
        *vectors,
        *back,
        _tried(lambda: utils.tril_matrix_to_vec(matrix, 4)),
        _tried(lambda: utils.vec_to_tril_matrix(_values(t, 4))),
    ]


CALLS = {
    **{f"{name} and back": _mapped(name) for name in MADE},
    **{f"{name} with a cache": _cached(name) for name in MADE},
    "equality": _equal,
    "registries": _led,
    "a constraint of one's own": _own_constraint,
    "flows": _flows,
    "triangles": _triangles,
    "no constraint": lambda t: t.distributions.biject_to.register(3, 3),
    "cache of two": lambda t: t.distributions.ExpTransform(cache_size=2),
    "other numbers of elements": lambda t: t.distributions.ReshapeTransform((2, 3), (5,)),
    "no transforms": lambda t: t.distributions.TransformedDistribution(t.distributions.Normal(0.0, 1.0), 3),
    "too few dimensions": lambda t: t.distributions.TransformedDistribution(
        t.distributions.Normal(0.0, 1.0), t.distributions.StickBreakingTransform()
    ),
    "mixed with numbers": lambda t: t.distributions.TransformedDistribution(
        t.distributions.Normal(0.0, 1.0), [t.distributions.ExpTransform(), 3]
    ),
}
