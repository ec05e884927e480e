# ruff: noqa: E501  (a table)
"""Divergences of all pairs of kinds of distributions that have one, with their gradients."""

import math

from tests.programs.distributions import parameter

_POSITIVE = (0.5, 1.7, 3.2)
_REAL = (-1.0, 0.0, 2.0)
_UNIT = (0.2, 0.5, 0.9)


def _low_rank(d, a, b, c):
    return d.LowRankMultivariateNormal(a, b.unsqueeze(-1), c)


def _vectors(d, a, b):
    return d.MultivariateNormal(a, covariance_matrix=b.diag_embed() + 0.3)


# Each kind twice: what is diverged from another, and what it is diverged from.
KINDS = {
    "Bernoulli": (lambda d, a: d.Bernoulli(a), [_UNIT], [(0.5, 0.1, 0.7)]),
    "Beta": (lambda d, a, b: d.Beta(a, b), [_POSITIVE, (1.0, 0.3, 2.0)], [(1.0, 2.0, 0.5), (0.4, 1.0, 3.0)]),
    "Binomial": (lambda d, a: d.Binomial(5, a), [_UNIT], [(0.5, 0.1, 0.7)]),
    "Categorical": (lambda d, a: d.Categorical(logits=a), [_REAL], [(1.0, 0.5, 0.0)]),
    "Cauchy": (lambda d, a, b: d.Cauchy(a, b), [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]),
    "Chi2": (lambda d, a: d.Chi2(a), [_POSITIVE], [(1.0, 2.0, 0.5)]),
    "ContinuousBernoulli": (lambda d, a: d.ContinuousBernoulli(a), [_UNIT], [(0.5, 0.1, 0.7)]),
    "Dirichlet": (lambda d, a: d.Dirichlet(a), [_POSITIVE], [(1.0, 2.0, 0.5)]),
    "Exponential": (lambda d, a: d.Exponential(a), [_POSITIVE], [(1.0, 2.0, 0.5)]),
    "Gamma": (lambda d, a, b: d.Gamma(a, b), [_POSITIVE, (1.0, 0.3, 2.0)], [(1.0, 2.0, 0.5), (0.4, 1.0, 3.0)]),
    "Geometric": (lambda d, a: d.Geometric(a), [_UNIT], [(0.5, 0.1, 0.7)]),
    "Gumbel": (lambda d, a, b: d.Gumbel(a, b), [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]),
    "HalfNormal": (lambda d, a: d.HalfNormal(a), [_POSITIVE], [(1.0, 2.0, 0.5)]),
    "Independent": (
        lambda d, a, b: d.Independent(d.Normal(a, b), 1), [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]
    ),
    "Laplace": (lambda d, a, b: d.Laplace(a, b), [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]),
    "LogNormal": (lambda d, a, b: d.LogNormal(a, b), [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]),
    "LowRankMultivariateNormal": (
        _low_rank, [_REAL, (0.5, -0.2, 1.0), _POSITIVE], [(0.0, 0.5, 1.0), (0.1, 0.2, 0.3), (1.0, 2.0, 0.5)]
    ),
    "MultivariateNormal": (_vectors, [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]),
    "Normal": (lambda d, a, b: d.Normal(a, b), [_REAL, _POSITIVE], [(0.0, 0.5, 1.0), (1.0, 2.0, 0.5)]),
    "OneHotCategorical": (lambda d, a: d.OneHotCategorical(logits=a), [_REAL], [(1.0, 0.5, 0.0)]),
    "Pareto": (lambda d, a, b: d.Pareto(a, b), [_POSITIVE, (0.5, 1.5, 3.0)], [(0.3, 2.0, 0.5), (0.4, 1.0, 3.0)]),
    "Poisson": (lambda d, a: d.Poisson(a), [_POSITIVE], [(1.0, 2.0, 0.5)]),
    "Uniform": (
        lambda d, a, b: d.Uniform(a, b), [(0.1, 0.4, -0.5), (0.6, 1.5, 2.0)], [(-0.5, 0.4, 0.0), (1.0, 2.0, 1.5)]
    ),
    "Wishart": (
        lambda d, a: d.Wishart(a.new_tensor(4.5), covariance_matrix=a.diag_embed() + 0.3), [_POSITIVE], [(1.0, 2.0, 0.5)]
    ),
}  # fmt: skip
_INTERVALS = "Beta ContinuousBernoulli Uniform"
PAIRS = {
    **{kind: kind for kind in KINDS},
    "Bernoulli": "Bernoulli Poisson",
    "Beta": f"{_INTERVALS} Exponential Gamma Normal Pareto",
    "ContinuousBernoulli": "ContinuousBernoulli Exponential Normal Pareto Uniform",
    "Exponential": f"{_INTERVALS} Exponential Gamma Gumbel Normal Pareto",
    "Gamma": f"{_INTERVALS} Exponential Gamma Gumbel Normal Pareto",
    "Gumbel": f"{_INTERVALS} Exponential Gamma Gumbel Normal Pareto",
    "Laplace": f"{_INTERVALS} Exponential Gamma Laplace Normal Pareto",
    "LowRankMultivariateNormal": "LowRankMultivariateNormal MultivariateNormal",
    "MultivariateNormal": "LowRankMultivariateNormal MultivariateNormal",
    "Normal": f"{_INTERVALS} Exponential Gamma Gumbel Laplace Normal Pareto",
    "Pareto": f"{_INTERVALS} Exponential Gamma Normal Pareto",
    "Poisson": "Bernoulli Binomial Poisson",
    "Uniform": f"{_INTERVALS} Exponential Gamma Gumbel Normal Pareto",
}


def _divergence(first, second):
    def program(t):
        given = [[parameter(t, *p) for p in KINDS[first][1]], [parameter(t, *p) for p in KINDS[second][2]]]
        p, q = KINDS[first][0](t.distributions, *given[0]), KINDS[second][0](t.distributions, *given[1])
        made = t.distributions.kl_divergence(p, q)
        if not made.requires_grad:
            return made
        finite = made[t.isfinite(made)].sum()
        return [made, *t.autograd.grad(finite, given[0] + given[1], allow_unused=True)]

    return program


def _registered(t):
    class Mine(t.distributions.Normal):
        pass

    @t.distributions.register_kl(Mine, t.distributions.Exponential)
    def rule(p, q):
        return p.loc + q.rate

    one = t.distributions.Exponential(t.tensor(2.0))
    return [t.distributions.kl_divergence(Mine(t.tensor(1.0), t.tensor(1.0)), one)]


def _categorical(t, logits):
    return t.distributions.Categorical(logits=t.tensor(logits))


def _batches(t):
    d = t.distributions
    many = d.MultivariateNormal(t.arange(6.0).reshape(2, 3), t.eye(3).expand(2, 3, 3) * 2)
    one = d.MultivariateNormal(t.ones(3), scale_tril=t.tril(t.ones(3, 3)))
    low = d.LowRankMultivariateNormal(t.zeros(4, 1, 3), t.ones(3, 2), t.ones(3))
    return [d.kl_divergence(p, q) for p in (many, one, low) for q in (many, one, low)]


CALLS = {
    **{f"{p} {q}": _divergence(p, q) for p, others in PAIRS.items() for q in others.split()},
    "one's own": _registered,
    "batches": _batches,
    "family": lambda t: [
        t.distributions.ExponentialFamily.entropy(d)
        for d in (
            t.distributions.Normal(t.tensor([0.5, 1.0]), t.tensor(2.0)), t.distributions.Gamma(t.tensor(1.5), t.tensor(2.0)),
            t.distributions.Exponential(t.tensor([2.0])), t.distributions.Bernoulli(t.tensor(0.3)),
            t.distributions.ContinuousBernoulli(t.tensor(0.3)),
        )
    ],
    "impossible": lambda t: [
        t.distributions.kl_divergence(
            t.distributions.Bernoulli(t.tensor([0.0, 1.0, 0.5, 0.5])), t.distributions.Bernoulli(t.tensor([0.5, 1.0, 0.0, 1.0]))
        ),
        t.distributions.kl_divergence(_categorical(t, [0.0, -math.inf]), _categorical(t, [0.0, 0.0])),
    ],
    "different counts": lambda t: t.distributions.kl_divergence(
        t.distributions.Binomial(t.tensor([3.0, 5.0]), t.tensor(0.5)), t.distributions.Binomial(3, t.tensor(0.2))
    ),
    "larger counts": lambda t: t.distributions.kl_divergence(
        t.distributions.Binomial(3, t.tensor(0.5)), t.distributions.Binomial(5, t.tensor(0.2))
    ),
    "different kinds": lambda t: t.distributions.kl_divergence(
        t.distributions.Poisson(t.tensor(1.0)), t.distributions.Cauchy(0.0, 1.0)
    ),
    "different families": lambda t: t.distributions.kl_divergence(
        t.distributions.Poisson(t.tensor(1.0)), t.distributions.Gamma(1.0, 1.0)
    ),
    "different events": lambda t: t.distributions.kl_divergence(
        t.distributions.MultivariateNormal(t.zeros(2), t.eye(2)), t.distributions.MultivariateNormal(t.zeros(3), t.eye(3))
    ),
}  # fmt: skip
