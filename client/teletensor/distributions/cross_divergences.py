"""Divergences of distributions of different kinds: the second one's mean information, less the first one's entropy.

What is left to know of the first are the means of a few functions of its numbers.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

from teletensor import factories, functions
from teletensor.distributions.bernoulli import Bernoulli
from teletensor.distributions.beta import Beta
from teletensor.distributions.binomial import Binomial
from teletensor.distributions.continuous_bernoulli import ContinuousBernoulli
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.gumbel import Gumbel
from teletensor.distributions.kl import register_kl
from teletensor.distributions.laplace import Laplace
from teletensor.distributions.normal import Normal
from teletensor.distributions.pareto import Pareto
from teletensor.distributions.poisson import Poisson
from teletensor.distributions.uniform import Uniform
from teletensor.distributions.utils import euler_constant
from teletensor.tensor import Tensor

_lgamma, _digamma, _exp, _where = functions.lgamma, functions.digamma, functions.exp, functions.where
_Rule = Callable[[Any, Any], Tensor]


def _for_each(kinds: tuple[type, ...], kind_q: type) -> Callable[[_Rule], _Rule]:
    """A decorator: the function gives the mean information of `q` for the numbers of each of these kinds."""

    def register(mean_information: _Rule) -> _Rule:
        def rule(p: Any, q: Any) -> Tensor:
            result: Tensor = mean_information(p, q) - p.entropy()
            return result

        for kind in kinds:
            register_kl(kind, kind_q)(rule)
        return mean_information

    return register


# -- where q allows only a part of what p allows -----------------------------------------------------------------------


def _infinite(p: Any, q: Any) -> Tensor:
    return factories.full_like(p.mean, math.inf)


_EVERYWHERE, _HALF_LINES, _INTERVALS = (Gumbel, Laplace, Normal), (Exponential, Gamma), (Beta, ContinuousBernoulli)
_NARROWER = [
    *itertools.product(_EVERYWHERE, (*_HALF_LINES, Pareto, *_INTERVALS, Uniform)),
    *itertools.product((*_HALF_LINES, Pareto), (*_INTERVALS, Uniform)),
    *itertools.product((*_HALF_LINES, *_INTERVALS), (Pareto,)),
    *itertools.product((Poisson,), (Bernoulli, Binomial)),
]
for _pair in _NARROWER:
    register_kl(*_pair)(_infinite)


# -- means of functions of p's numbers ---------------------------------------------------------------------------------


def _mean(p: Any) -> Tensor:
    """The mean; of Pareto numbers as if it were finite, so that gradients are where it is not."""
    made: Tensor = p.alpha * p.scale / (p.alpha - 1) if isinstance(p, Pareto) else p.mean
    return made


def _variance(p: Any) -> Tensor:
    """The variance, in the same way."""
    made: Tensor = _mean(p).pow(2) / (p.alpha * (p.alpha - 2)) if isinstance(p, Pareto) else p.variance
    return made


def _where_finite(p: Any, made: Tensor) -> Tensor:
    """The mean information of what allows positive numbers, infinite where `p` has others, or no mean."""
    if isinstance(p, Uniform):
        return _where(p.low < 0, math.inf, made)
    return _where(p.alpha <= 1, math.inf, made) if isinstance(p, Pareto) else made


@functools.singledispatch
def _mean_log(p: Any) -> Tensor:
    """The mean of the logarithm."""
    raise NotImplementedError


@_mean_log.register
def _(p: Beta) -> Tensor:
    return _digamma(p.concentration1) - _digamma(p.concentration1 + p.concentration0)


@_mean_log.register
def _(p: Exponential) -> Tensor:
    return -p.rate.log() - euler_constant


@_mean_log.register
def _(p: Pareto) -> Tensor:
    return p.scale.log() + p.alpha.reciprocal()


@_mean_log.register
def _(p: Uniform) -> Tensor:
    return _mean_log_between(p.low, p.high)


def _mean_log_between(low: Tensor, high: Tensor) -> Tensor:
    return (functions.xlogy(high, high) - functions.xlogy(low, low)) / (high - low) - 1


@functools.singledispatch
def _mean_exp(p: Any, scale: Tensor) -> Tensor:
    """The mean of `exp(-x / scale)`."""
    raise NotImplementedError


@_mean_exp.register
def _(p: Exponential, scale: Tensor) -> Tensor:
    product = p.rate * scale
    return product / (product + 1)


@_mean_exp.register
def _(p: Gamma, scale: Tensor) -> Tensor:
    return (1 + (p.rate * scale).reciprocal()).pow(-p.concentration)


@_mean_exp.register
def _(p: Normal, scale: Tensor) -> Tensor:
    return _exp(0.5 * (p.scale / scale).pow(2) - p.loc / scale)


@_mean_exp.register
def _(p: Uniform, scale: Tensor) -> Tensor:
    return scale / (p.high - p.low) * (_exp(-p.low / scale) - _exp(-p.high / scale))


@_mean_exp.register
def _(p: Gumbel, scale: Tensor) -> Tensor:
    return _exp(_lgamma(1 + p.scale / scale) - p.loc / scale)


# -- q's information, by them ------------------------------------------------------------------------------------------


@_for_each((Bernoulli,), Poisson)
def _of_poisson(p: Any, q: Poisson) -> Tensor:
    result: Tensor = q.rate - p.probs * q.rate.log()
    return result


@_for_each((Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Pareto, Uniform), Normal)
def _of_normal(p: Any, q: Normal) -> Tensor:
    spread = _variance(p) + (_mean(p) - q.loc).pow(2)
    made = q.scale.log() + 0.5 * math.log(2 * math.pi) + spread / (2 * q.scale.pow(2))
    return _where(p.alpha <= 2, math.inf, made) if isinstance(p, Pareto) else made


@_for_each((Beta, ContinuousBernoulli, Gamma, Pareto, Uniform), Exponential)
def _of_exponential(p: Any, q: Exponential) -> Tensor:
    return _where_finite(p, q.rate * _mean(p) - q.rate.log())


@_for_each((Beta, Exponential, Pareto, Uniform), Gamma)
def _of_gamma(p: Any, q: Gamma) -> Tensor:
    normalizer = _lgamma(q.concentration) - q.concentration * q.rate.log()
    return _where_finite(p, normalizer - (q.concentration - 1) * _mean_log(p) + q.rate * _mean(p))


@_for_each((Exponential, Gamma, Gumbel, Normal, Uniform), Gumbel)
def _of_gumbel(p: Any, q: Gumbel) -> Tensor:
    result: Tensor = q.scale.log() + (p.mean - q.loc) / q.scale + _exp(q.loc / q.scale) * _mean_exp(p, q.scale)
    return result


@_for_each((Normal,), Laplace)
def _of_laplace(p: Any, q: Laplace) -> Tensor:
    gap = p.loc - q.loc
    near = math.sqrt(2 / math.pi) * p.scale * _exp(-0.5 * (gap / p.scale).pow(2))
    result: Tensor = (2 * q.scale).log() + (near + gap * functions.erf(math.sqrt(0.5) * gap / p.scale)) / q.scale
    return result


@_for_each((Uniform,), Pareto)
def _of_pareto(p: Uniform, q: Pareto) -> Tensor:
    made = (q.alpha + 1) * _mean_log(p) - q.alpha.log() - q.alpha * q.scale.log()
    return _where(p.low < q.scale, math.inf, made)


@_for_each((Uniform,), Beta)
def _of_beta(p: Uniform, q: Beta) -> Tensor:
    a, b = q.concentration1, q.concentration0
    left = (b - 1) * _mean_log_between(1 - p.high, 1 - p.low)
    made = _lgamma(a) + _lgamma(b) - _lgamma(a + b) - (a - 1) * _mean_log(p) - left
    return _where((p.high > 1) | (p.low < 0), math.inf, made)


@_for_each((Beta, Uniform), ContinuousBernoulli)
def _of_continuous_bernoulli(p: Any, q: ContinuousBernoulli) -> Tensor:
    made = -p.mean * q.logits - functions.log1p(-q.probs) - q._cont_bern_log_norm()
    # As in PyTorch, infinite also for the whole of the support.
    return _where((p.high >= 1) | (p.low <= 0), math.inf, made) if isinstance(p, Uniform) else made


@_for_each((Beta,), Uniform)
def _of_uniform(p: Any, q: Uniform) -> Tensor:
    return _where((q.low > 0) | (q.high < 1), math.inf, (q.high - q.low).log())


@_for_each((ContinuousBernoulli,), Uniform)
def _of_open_uniform(p: Any, q: Uniform) -> Tensor:
    # As in PyTorch, infinite also for the whole of the support.
    return _where((q.low >= 0) | (q.high <= 1), math.inf, (q.high - q.low).log())
