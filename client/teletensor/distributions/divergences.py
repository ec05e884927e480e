"""Further divergences of `kl_divergence`: for two distributions of one kind."""

from __future__ import annotations

from teletensor_core.errors import UnsupportedError

from teletensor import functions, linalg
from teletensor.distributions.composed import Independent, OneHotCategorical, sum_rightmost
from teletensor.distributions.counts import Geometric, Poisson
from teletensor.distributions.gamma import Beta, Dirichlet, Gamma
from teletensor.distributions.heavy_tails import Cauchy, HalfNormal
from teletensor.distributions.kl import kl_divergence, register_kl
from teletensor.distributions.laplace import Laplace
from teletensor.distributions.multivariate_normal import MultivariateNormal
from teletensor.distributions.transformed import LogNormal
from teletensor.tensor import Tensor

_lgamma, _digamma = functions.lgamma, functions.digamma


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
    return ((p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)).log() - (4 * p.scale * q.scale).log()


@register_kl(HalfNormal, HalfNormal)
def _half_normals(p: HalfNormal, q: HalfNormal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio - 1 - ratio.log())


@register_kl(LogNormal, LogNormal)
def _log_normals(p: LogNormal, q: LogNormal) -> Tensor:
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hots(p: OneHotCategorical, q: OneHotCategorical) -> Tensor:
    return kl_divergence(p._categorical, q._categorical)


@register_kl(Independent, Independent)
def _independents(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise UnsupportedError("KL of two Independent distributions needs the same number of reinterpreted dimensions")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normals(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise UnsupportedError("KL-divergence between two Multivariate Normals with different event shapes")
    sizes = [m.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1) for m in (p, q)]
    spread = linalg.solve_triangular(q.scale_tril, p.scale_tril, upper=False).pow(2).sum((-2, -1))
    gap = linalg.solve_triangular(q.scale_tril, (q.loc - p.loc).unsqueeze(-1), upper=False).pow(2).sum((-2, -1))
    made: Tensor = sizes[1] - sizes[0] + 0.5 * (spread + gap - p.event_shape[0])
    return made
