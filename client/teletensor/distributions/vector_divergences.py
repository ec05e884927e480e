"""Divergences of multivariate normal distributions, of full and of low rank."""

from __future__ import annotations

from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import functions
from teletensor.distributions.kl import register_kl
from teletensor.distributions.lowrank_multivariate_normal import LowRankMultivariateNormal
from teletensor.distributions.matrices import log_diagonal, mahalanobis, solved, squares
from teletensor.distributions.multivariate_normal import MultivariateNormal
from teletensor.tensor import Tensor


@register_kl(MultivariateNormal, MultivariateNormal)
@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _normal_vectors(p: Any, q: Any) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ArgumentError(
            "KL-divergence between two (Low Rank) Multivariate Normals with different event shapes cannot be computed"
        )
    spread = _trace(q, p._factor) if isinstance(p, MultivariateNormal) else _trace(q, p._W) + _diagonal_trace(q, p._D)
    distance = _distance(q, q.loc - p.loc)
    result: Tensor = 0.5 * (_log_determinant(q) - _log_determinant(p) + spread + distance - p.event_shape[0])
    return result


def _log_determinant(d: Any) -> Tensor:
    made: Tensor = 2 * log_diagonal(d._factor) if isinstance(d, MultivariateNormal) else d._log_determinant()
    return made


def _distance(d: Any, gap: Tensor) -> Tensor:
    made: Tensor = mahalanobis(d._factor, gap) if isinstance(d, MultivariateNormal) else d._distance(gap)
    return made


def _trace(d: Any, root: Tensor) -> Tensor:
    """That of the inverse covariance times `root @ root.mT`."""
    if isinstance(d, MultivariateNormal):
        return squares(solved(d._factor, root))
    return squares(root / d._D.sqrt().unsqueeze(-1)) - squares(solved(d._small, d._scaled) @ root)


def _diagonal_trace(d: Any, diagonal: Tensor) -> Tensor:
    """That of the inverse covariance times a diagonal matrix."""
    if isinstance(d, MultivariateNormal):
        return squares(solved(d._factor, functions.diag_embed(diagonal.sqrt())))
    half = solved(d._small, d._scaled)
    result: Tensor = (diagonal / d._D).sum(-1) - squares(half * diagonal.sqrt().unsqueeze(-2))
    return result
