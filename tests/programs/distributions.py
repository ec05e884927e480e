# ruff: noqa: E501  (a table)
"""Distributions: densities with gradients, moments, entropies, distribution functions, shapes of samples."""


def parameter(t, *values):
    return t.tensor(values, dtype=t.float64, requires_grad=True)


def _matrix(t):
    return t.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=t.float64, requires_grad=True)


_POSITIVE = (0.5, 1.7, 3.2)
_UNIT = (0.2, 0.5, 0.9)
_COUNTS = (0.0, 1.0, 4.0)

# The distribution of parameters, the parameters, and where its density is asked for.
MADE = {
    "Normal": (lambda d, a, b: d.Normal(a, b), [(-1.0, 0.0, 2.0), _POSITIVE], (-0.5, 1.0, 2.5)),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), [(-1.0, 0.0, 2.0), _POSITIVE], (-0.5, 1.0, 2.5)),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), [(-1.0, 0.0, 2.0), _POSITIVE], (-0.5, 1.0, 2.5)),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), [(-1.0, 0.0, 2.0), _POSITIVE], (-0.5, 1.0, 2.5)),
    "StudentT": (lambda d, a, b: d.StudentT(a, loc=0.5, scale=b), [(1.5, 3.0, 8.0), _POSITIVE], (-0.5, 1.0, 2.5)),
    "HalfNormal": (lambda d, a: d.HalfNormal(a), [_POSITIVE], _POSITIVE),
    "HalfCauchy": (lambda d, a: d.HalfCauchy(a), [_POSITIVE], _POSITIVE),
    "Exponential": (lambda d, a: d.Exponential(a), [_POSITIVE], _POSITIVE),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), [_POSITIVE, (1.0, 0.3, 2.0)], _POSITIVE),
    "InverseGamma": (lambda d, a, b: d.InverseGamma(a, b), [_POSITIVE, (1.0, 0.3, 2.0)], _POSITIVE),
    "Chi2": (lambda d, a: d.Chi2(a), [(1.0, 2.5, 6.0)], _POSITIVE),
    "FisherSnedecor": (lambda d, a, b: d.FisherSnedecor(a, b), [(1.0, 2.5, 6.0), (3.0, 5.0, 9.0)], _POSITIVE),
    "Beta": (lambda d, a, b: d.Beta(a, b), [_POSITIVE, (1.0, 0.3, 2.0)], _UNIT),
    "Pareto": (lambda d, a, b: d.Pareto(a, b), [(0.3, 0.5, 1.0), (0.5, 1.5, 3.0)], _POSITIVE),
    "Weibull": (lambda d, a, b: d.Weibull(a, b), [(0.3, 0.5, 1.0), (1.2, 1.5, 3.0)], _POSITIVE),
    "Uniform": (lambda d, a, b: d.Uniform(a, b), [(-1.0, 0.0, 0.1), (1.0, 2.0, 3.0)], _UNIT),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b), [(-1.0, 0.0, 2.0), _POSITIVE], _POSITIVE),
    "Bernoulli": (lambda d, a: d.Bernoulli(a), [_UNIT], (0.0, 1.0, 1.0)),
    "Bernoulli of logits": (lambda d, a: d.Bernoulli(logits=a), [(-1.0, 0.0, 2.0)], (0.0, 1.0, 1.0)),
    "Geometric": (lambda d, a: d.Geometric(a), [_UNIT], _COUNTS),
    "Geometric of logits": (lambda d, a: d.Geometric(logits=a), [(-1.0, 0.0, 2.0)], _COUNTS),
    "Poisson": (lambda d, a: d.Poisson(a), [_POSITIVE], _COUNTS),
    "Binomial": (lambda d, a: d.Binomial(5, a), [_UNIT], _COUNTS),
    "Binomial of logits": (lambda d, a: d.Binomial(5, logits=a), [(-1.0, 0.0, 2.0)], _COUNTS),
    "NegativeBinomial": (lambda d, a: d.NegativeBinomial(5, a), [_UNIT], _COUNTS),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), [_POSITIVE], (0.2, 0.5, 0.3)),
    "Categorical": (lambda d, a: d.Categorical(logits=a), [(-1.0, 0.0, 2.0)], (2.0,)),
    "OneHotCategorical": (lambda d, a: d.OneHotCategorical(logits=a), [(-1.0, 0.0, 2.0)], (0.0, 1.0, 0.0)),
    "Multinomial": (lambda d, a: d.Multinomial(5, logits=a), [(-1.0, 0.0, 2.0)], (0.0, 1.0, 4.0)),
    "RelaxedBernoulli": (lambda d, a: d.RelaxedBernoulli(a.new_tensor(0.7), logits=a), [(-1.0, 0.0, 2.0)], _UNIT),
    "RelaxedOneHotCategorical": (lambda d, a: d.RelaxedOneHotCategorical(a.new_tensor(0.7), logits=a), [(-1.0, 0.0, 2.0)], (0.2, 0.5, 0.3)),
    "Independent": (lambda d, a, b: d.Independent(d.Normal(a, b), 1), [(-1.0, 0.0, 2.0), _POSITIVE], (-0.5, 1.0, 2.5)),
    "MixtureSameFamily": (
        lambda d, a, b: d.MixtureSameFamily(d.Categorical(logits=a), d.Normal(a, b)), [(-1.0, 0.0, 2.0), _POSITIVE], (0.3,)
    ),
    "transformed": (
        lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), [d.AffineTransform(1.0, 2.0), d.SigmoidTransform()]),
        [(-1.0, 0.0, 2.0), _POSITIVE], _UNIT,
    ),
    "ContinuousBernoulli": (lambda d, a: d.ContinuousBernoulli(a), [(0.2, 0.5, 0.9)], _UNIT),
    "ContinuousBernoulli of logits": (lambda d, a: d.ContinuousBernoulli(logits=a), [(-1.0, 0.001, 2.0)], _UNIT),
    "Kumaraswamy": (lambda d, a, b: d.Kumaraswamy(a, b), [_POSITIVE, (1.5, 0.3, 2.0)], _UNIT),
    "GeneralizedPareto": (lambda d, a, b, c: d.GeneralizedPareto(a.float(), b.float(), c.float()), [(-1.0, 0.0, 0.1), _POSITIVE, (-0.2, 0.0, 0.4)], (0.1, 0.5, 2.0)),
    "VonMises": (lambda d, a, b: d.VonMises(a, b), [(-1.0, 0.0, 2.0), (0.5, 2.0, 9.0)], (-0.5, 1.0, 2.5)),
    "LogisticNormal": (lambda d, a, b: d.LogisticNormal(a, b), [(-1.0, 0.0, 2.0), _POSITIVE], (0.1, 0.2, 0.3, 0.4)),
    "OneHotCategoricalStraightThrough": (lambda d, a: d.OneHotCategoricalStraightThrough(logits=a), [(-1.0, 0.0, 2.0)], (0.0, 1.0, 0.0)),
    "LowRankMultivariateNormal": (
        lambda d, a, b, c: d.LowRankMultivariateNormal(a, b.unsqueeze(-1), c), [(-1.0, 0.0, 2.0), (0.5, -0.2, 1.0), _POSITIVE], (-0.5, 1.0, 2.5)
    ),
    "Wishart": (
        lambda d, a: d.Wishart(a.new_tensor(4.5), covariance_matrix=a.diag_embed() + 0.3), [_POSITIVE], ()
    ),
    "LKJCholesky": (lambda d, a: d.LKJCholesky(3, a), [_POSITIVE], ()),
    "Negative binomial of logits": (lambda d, a: d.NegativeBinomial(5, logits=a), [(-1.0, 0.0, 2.0)], _COUNTS),
    "Categorical of probabilities": (lambda d, a: d.Categorical(a), [_POSITIVE], (2.0,)),
    "squashed": (lambda d, a, b: d.TransformedDistribution(d.Normal(a, b), d.TanhTransform()), [(-1.0, 0.0, 2.0), _POSITIVE], (-0.7, 0.2, 0.9)),
    "turned round": (lambda d, a: d.TransformedDistribution(d.Exponential(a), [d.AffineTransform(0.0, -2.0)]), [_POSITIVE], (-1.0, -2.0, -0.3)),
}  # fmt: skip


# Where densities of matrices are asked for.
_MATRICES = {
    "Wishart": [[2.0, 0.5, 0.1], [0.5, 1.0, -0.2], [0.1, -0.2, 3.0]],
    "LKJCholesky": [[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.48, 0.64, 0.6]],
}


def value_of(t, name):
    at = _MATRICES.get(name) or MADE[name][2]
    value = t.tensor(at, dtype=t.float64)
    return value if len(at) > 1 else value[0]


def _density(name):
    make, parameters, _ = MADE[name]

    def program(t):
        given = [parameter(t, *p) for p in parameters]
        density = make(t.distributions, *given).log_prob(value_of(t, name))
        return [density, *t.autograd.grad(density.sum(), given)]

    return program


def _tried(what):
    try:
        return what()
    except NotImplementedError:
        return "none"


def _facts(name):
    make, parameters, _ = MADE[name]

    def program(t):
        d = make(t.distributions, *[parameter(t, *p) for p in parameters])
        found = [repr(d), list(d.batch_shape), list(d.event_shape), d.has_rsample, d.has_enumerate_support]
        found += [list(d.sample().shape), list(d.sample((2, 4)).shape), list(d.sample(t.Size([3])).shape)]
        for what in ("mean", "variance", "stddev", "mode"):
            found.append(_tried(lambda what=what: getattr(d, what)))
        points = t.tensor(_UNIT, dtype=t.float64)
        for what in (
            d.entropy, d.perplexity, d.enumerate_support, lambda: d.enumerate_support(expand=False),
            lambda: d.cdf(value_of(t, name)), lambda: d.icdf(points),
        ):  # fmt: skip
            found.append(_tried(what))
        return [*found, repr(d)]

    return program


def _gradients(name):
    """Of all that is differentiable by the parameters, besides the density."""
    make, parameters, _ = MADE[name]

    def program(t):
        given = [parameter(t, *p) for p in parameters]
        d = make(t.distributions, *given)
        found = []
        for what in (
            lambda: d.mean, lambda: d.variance, d.entropy, lambda: d.cdf(value_of(t, name)),
            lambda: d.icdf(t.tensor(_UNIT, dtype=t.float64)),
        ):  # fmt: skip
            made = _tried(what)
            if isinstance(made, str) or not made.requires_grad:
                found.append("none")
            else:
                found += t.autograd.grad(made.sum(), given, allow_unused=True)
        return found

    return program


def _expanded(name):
    """A larger batch of the same, which is as good as it."""
    make, parameters, _ = MADE[name]

    def program(t):
        given = [parameter(t, *p) for p in parameters]
        d = make(t.distributions, *given)
        more = d.expand((2, *d.batch_shape))
        found = [repr(more), list(more.batch_shape), list(more.event_shape), list(more.sample((3,)).shape)]
        density = more.log_prob(value_of(t, name))
        found += [density, *t.autograd.grad(density.sum(), given, allow_unused=True), _tried(lambda: more.mean)]
        # PyTorch's has lost what it needs for that.
        found.append("none" if name == "Multinomial" else _tried(more.entropy))
        return [*found, repr(type(more) is type(d)), list(more.expand((4, 2, *d.batch_shape)).batch_shape)]

    return program


def _vectors(t, which):
    matrix, loc = _matrix(t), parameter(t, 1.0, -1.0)
    given = t.linalg.cholesky(matrix) if which == "scale_tril" else matrix
    d = t.distributions.MultivariateNormal(loc, **{which: given})
    density = d.log_prob(t.tensor([[0.0, 0.5], [2.0, -1.0]], dtype=t.float64))
    found = [density, d.entropy(), d.mean, d.variance, d.covariance_matrix, d.precision_matrix, d.scale_tril]
    return [*found, list(d.rsample((3,)).shape), *t.autograd.grad(density.sum() + d.entropy(), [matrix, loc])]


def _reparametrised(name):
    """A gradient reaches the parameters through samples."""
    make, parameters, _ = MADE[name]

    def program(t):
        given = [parameter(t, *p) for p in parameters]
        sample = make(t.distributions, *given).rsample((5,))
        grads = t.autograd.grad(sample.sum(), given, allow_unused=True)
        return [sample.requires_grad, *[None if g is None else bool(t.isfinite(g).all()) for g in grads]]

    return program


def _regions(name):
    make, parameters, at = MADE[name]

    def program(t):
        d = make(t.distributions, *[parameter(t, *p) for p in parameters])
        value = t.tensor(at, dtype=t.float64)
        support = d.support
        # Those of Uniform depend on each other's values.
        known = [f"{p}: {c!r}" for p, c in sorted(d.arg_constraints.items()) if name != "Uniform"]
        found = [support.is_discrete, support.event_dim, support.check(value), support.check(value - 2.5)]
        return [*known, *found, "mixture" if name == "MixtureSameFamily" else type(support).__name__]

    return program


def _constraints(t):
    c = t.distributions.constraints
    values = t.tensor([[-1.0, 0.0, 0.5], [0.25, 0.25, 0.5], [1.0, 0.0, 0.0], [1.0, 2.0, float("nan")]])
    several = [
        c.boolean, c.one_hot, c.nonnegative_integer, c.positive_integer, c.integer_interval(0, 1), c.real, c.real_vector,
        c.positive, c.nonnegative, c.greater_than(0.2), c.greater_than_eq(0.25), c.less_than(0.5), c.unit_interval,
        c.interval(-1, 0.5), c.half_open_interval(0.0, 1.0), c.simplex, c.multinomial(1), c.independent(c.positive, 1),
        c.cat([c.positive, c.real], dim=-1, lengths=[1, 2]), c.stack([c.positive, c.real, c.boolean], dim=-1),
    ]  # fmt: skip
    found = [x.check(values) for x in several] + [repr(x) for x in several]
    matrices = t.tensor(
        [[[2.0, 0.0], [0.5, 1.0]], [[1.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.6, 0.8]]]
    )
    square = [c.lower_triangular, c.lower_cholesky, c.corr_cholesky, c.square, c.symmetric]
    found += [x.check(matrices) for x in square]
    found += [x.check(matrices[1:3]) for x in (c.positive_semidefinite, c.positive_definite)]
    return [*found, c.is_dependent(c.dependent), c.is_dependent(c.real), repr(c.dependent)]


def _own(t):
    """Distributions and transforms of programs, written as PyTorch's own are."""
    d, c = t.distributions, t.distributions.constraints

    class Mine(d.Distribution):
        arg_constraints = {"rate": c.positive}  # noqa: RUF012
        support = c.nonnegative

        def __init__(self, rate, validate_args=None):
            self.rate = rate
            super().__init__(rate.shape, validate_args=validate_args)

    class Coupling(d.Transform):
        domain = codomain = c.real_vector
        bijective = True

        def _call(self, x):
            return x * 2

        def _inverse(self, y):
            return y / 2

        def log_abs_det_jacobian(self, x, y):
            return t.full(x.shape[:-1], 2 * 0.6931471805599453)

    flow = d.TransformedDistribution(d.Independent(d.Normal(t.zeros(2), t.ones(2)), 1), [Coupling()])
    point = t.tensor([[0.3, -0.2], [1.0, 2.0]])
    found = [flow.log_prob(point), list(flow.event_shape), repr(flow.support), list(Mine(t.ones(2)).batch_shape)]
    Mine(t.zeros(2), validate_args=False)
    try:
        Mine(t.tensor([1.0, 0.0]))
    except ValueError as error:
        found.append("GreaterThan(lower_bound=0.0)" in str(error))
    return found


_SMOOTH = ("Normal", "StudentT", "Gamma", "Beta", "Dirichlet", "Chi2", "FisherSnedecor", "Pareto", "Weibull", "Cauchy",
           "RelaxedBernoulli", "RelaxedOneHotCategorical", "LogNormal", "InverseGamma", "HalfNormal", "Independent")  # fmt: skip

CALLS = {
    **{f"density of {name}": _density(name) for name in MADE},
    **{f"facts of {name}": _facts(name) for name in MADE},
    **{f"gradients of {name}": _gradients(name) for name in MADE},
    **{f"expanded {name}": _expanded(name) for name in MADE},
    **{f"regions of {name}": _regions(name) for name in MADE},
    "constraints": _constraints,
    "distributions and transforms of one's own": _own,
    **{f"samples of {name}": _reparametrised(name) for name in _SMOOTH},
    **{
        f"MultivariateNormal by {w}": lambda t, w=w: _vectors(t, w)
        for w in ("covariance_matrix", "precision_matrix", "scale_tril")
    },
    "negative rate": lambda t: t.distributions.Gamma(t.tensor(1.0), t.tensor(-1.0)),
    "distribution functions of Gamma": lambda t: [
        t.distributions.Gamma(parameter(t, *_POSITIVE), parameter(t, 1.0, 2.0, 3.0)).cdf(parameter(t, 0.1, 1.0, 9.0)),
        t.distributions.Chi2(parameter(t, 3.0)).cdf(parameter(t, 2.0)),
    ],
    "no matrix": lambda t: t.distributions.MultivariateNormal(t.zeros(2)),
    "matrix that is not symmetric": lambda t: t.distributions.MultivariateNormal(
        t.zeros(2), t.tensor([[1.0, 2.0], [0.0, 1.0]])
    ),
    "poisson and binomial": lambda t: [t.poisson(t.zeros(3)), t.binomial(t.tensor([0.0, 3.0]), t.tensor([0.5, 1.0]))],
    "support of Binomial": lambda t: t.distributions.Binomial(3, t.tensor([0.5, 0.2])).enumerate_support(),
}
