"""`kl_divergence`, for two distributions of one kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teletensor_core.errors import UnsupportedError

from teletensor import functions
from teletensor.distributions.bernoulli import Bernoulli
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.distribution import Distribution
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.normal import Normal
from teletensor.distributions.uniform import Uniform
from teletensor.tensor import Tensor


def register_kl(type_p: type[Any], type_q: type[Any]) -> Callable[[Any], Any]:
    """A decorator: `kl_divergence` calls the function for these two kinds."""

    def register(rule: Any) -> Any:
        _RULES[type_p, type_q] = rule
        return rule

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """The Kullback-Leibler divergence of `p` from `q`, of the batch's shape. UnsupportedError for other pairs of
    kinds.
    """
    for kind_p in type(p).__mro__:
        for kind_q in type(q).__mro__:
            rule = _RULES.get((kind_p, kind_q))
            if rule is not None:
                return rule(p, q)
    raise UnsupportedError(f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}")


def _normals(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    made = ((q.high - q.low) / (p.high - p.low)).log()
    return functions.where((q.low > p.low) | (q.high < p.high), float("inf"), made)


def _exponentials(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = functions.where(functions.eq(q.probs, 0), float("inf"), terms)
    return functions.where(functions.eq(p.probs, 0), 0.0, terms).sum(-1)


def _bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    from teletensor.nn.functional import softplus

    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return functions.where(functions.eq(p.probs, 0), 0.0, ones) + functions.where(functions.eq(p.probs, 1), 0.0, zeros)


_RULES: dict[tuple[type[Any], type[Any]], Callable[[Any, Any], Tensor]] = {
    (Normal, Normal): _normals,
    (Uniform, Uniform): _uniforms,
    (Exponential, Exponential): _exponentials,
    (Categorical, Categorical): _categoricals,
    (Bernoulli, Bernoulli): _bernoullis,
}
