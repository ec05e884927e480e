"""Divergences of distributions of one kind."""

from __future__ import annotations

import math

from teletensor_core.errors import UnsupportedError

from teletensor import autograd, functions
from teletensor.distributions.bernoulli import Bernoulli
from teletensor.distributions.beta import Beta
from teletensor.distributions.binomial import Binomial
from teletensor.distributions.categorical import Categorical
from teletensor.distributions.cauchy import Cauchy
from teletensor.distributions.continuous_bernoulli import ContinuousBernoulli
from teletensor.distributions.dirichlet import Dirichlet
from teletensor.distributions.exp_family import ExponentialFamily
from teletensor.distributions.exponential import Exponential
from teletensor.distributions.gamma import Gamma
from teletensor.distributions.geometric import Geometric
from teletensor.distributions.half_normal import HalfNormal
from teletensor.distributions.independent import Independent
from teletensor.distributions.kl import kl_divergence, register_kl
from teletensor.distributions.laplace import Laplace
from teletensor.distributions.normal import Normal
from teletensor.distributions.one_hot_categorical import OneHotCategorical
from teletensor.distributions.pareto import Pareto
from teletensor.distributions.poisson import Poisson
from teletensor.distributions.transformed_distribution import TransformedDistribution
from teletensor.distributions.uniform import Uniform
from teletensor.distributions.utils import sum_rightmost
from teletensor.tensor import Tensor

_lgamma, _digamma, _where = functions.lgamma, functions.digamma, functions.where


@register_kl(ExponentialFamily, ExponentialFamily)
def _families(p: ExponentialFamily, q: ExponentialFamily) -> Tensor:
    """Bregman's divergence of the normalisers' logarithms."""
    if type(p) is not type(q):
        raise UnsupportedError(
            "The cross KL-divergence between different exponential families cannot be computed using Bregman "
            "divergences"
        )
    batch = functions.broadcast_shapes(p.batch_shape, q.batch_shape)
    of_p = [x.detach().requires_grad_() for x in p._natural_params]
    normalizer = p._log_normalizer(*of_p)
    slopes = autograd.grad(normalizer.sum(), of_p, create_graph=True)
    made = q._log_normalizer(*q._natural_params) - normalizer
    for ours, theirs, slope in zip(of_p, q._natural_params, slopes, strict=True):
        made = made - ((theirs - ours) * slope).reshape((*batch, -1)).sum(-1)
    return made


@register_kl(Normal, Normal)
def _normals(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(HalfNormal, HalfNormal)
@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p: TransformedDistribution, q: TransformedDistribution) -> Tensor:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise UnsupportedError("KL of two transformed distributions needs the same transforms and event shapes")
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Uniform, Uniform)
def _uniforms(p: Uniform, q: Uniform) -> Tensor:
    made = ((q.high - q.low) / (p.high - p.low)).log()
    return _where((q.low > p.low) | (q.high < p.high), math.inf, made)


@register_kl(Exponential, Exponential)
def _exponentials(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Categorical, Categorical)
def _categoricals(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = _where(functions.eq(q.probs, 0), math.inf, terms)
    return _where(functions.eq(p.probs, 0), 0.0, terms).sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hots(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return kl_divergence(p._categorical, q._categorical)


@register_kl(Bernoulli, Bernoulli)
def _bernoullis(p: Bernoulli, q: Bernoulli) -> Tensor:
    from teletensor.nn.functional import softplus

    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = _where(functions.eq(q.probs, 0), math.inf, ones)
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zeros = _where(functions.eq(q.probs, 1), math.inf, zeros)
    return _where(functions.eq(p.probs, 0), 0.0, ones) + _where(functions.eq(p.probs, 1), 0.0, zeros)


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _continuous_bernoullis(p: ContinuousBernoulli, q: ContinuousBernoulli) -> Tensor:
    of_p, of_q = (d._cont_bern_log_norm() + functions.log1p(-d.probs) for d in (p, q))
    return p.mean * (p.logits - q.logits) + of_p - of_q


@register_kl(Binomial, Binomial)
def _binomials(p: Binomial, q: Binomial) -> Tensor:
    if bool((p.total_count < q.total_count).any()):
        raise UnsupportedError("KL between Binomials where q.total_count > p.total_count is not implemented")
    failures = functions.log1p(-p.probs) - functions.log1p(-q.probs)
    made = p.total_count * (p.probs * (p.logits - q.logits) + failures)
    return _where(p.total_count > q.total_count, math.inf, made)


@register_kl(Gamma, Gamma)
def _gammas(p: Gamma, q: Gamma) -> Tensor:
    made = q.concentration * (p.rate / q.rate).log() + _lgamma(q.concentration) - _lgamma(p.concentration)
    made = made + (p.concentration - q.concentration) * _digamma(p.concentration)
    return made + (q.rate - p.rate) * (p.concentration / p.rate)


@register_kl(Dirichlet, Dirichlet)
def _dirichlets(p: Dirichlet, q: Dirichlet) -> Tensor:
    total_p, total_q = p.concentration.sum(-1), q.concentration.sum(-1)
    made = _lgamma(total_p) - _lgamma(total_q) - (_lgamma(p.concentration) - _lgamma(q.concentration)).sum(-1)
    slope = _digamma(p.concentration) - _digamma(total_p).unsqueeze(-1)
    return made + ((p.concentration - q.concentration) * slope).sum(-1)


@register_kl(Beta, Beta)
def _betas(p: Beta, q: Beta) -> Tensor:
    made: Tensor = _dirichlets(p._dirichlet, q._dirichlet)
    return made


@register_kl(Poisson, Poisson)
def _poissons(p: Poisson, q: Poisson) -> Tensor:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Geometric, Geometric)
def _geometrics(p: Geometric, q: Geometric) -> Tensor:
    return -p.entropy() - functions.log1p(-q.probs) / p.probs - q.logits


@register_kl(Laplace, Laplace)
def _laplaces(p: Laplace, q: Laplace) -> Tensor:
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * functions.exp(-distance / p.scale) - 1


@register_kl(Cauchy, Cauchy)
def _cauchys(p: Cauchy, q: Cauchy) -> Tensor:
    """Source: Chyzak and Nielsen, "A closed-form formula for the KL divergence between Cauchy distributions", 2019."""
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(Pareto, Pareto)
def _paretos(p: Pareto, q: Pareto) -> Tensor:
    ratio = q.alpha / p.alpha
    made = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return _where(p.scale < q.scale, math.inf, made)


@register_kl(Independent, Independent)
def _independents(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise UnsupportedError("KL of two Independent distributions needs the same number of reinterpreted dimensions")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)
