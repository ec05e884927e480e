"""Norms and angles between vectors."""

import teletensor as tt
from teletensor import ops
from teletensor.graph import named
from teletensor.tensor import Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Cosine of the angle between vectors along `dim`, norms below `eps` counting as `eps`."""
    return (_unit(x1, dim, eps) * _unit(x2, dim, eps)).sum(dim)


def _unit(x: Tensor, dim: int, eps: float) -> Tensor:
    return x / ops.vector_norm(x, ord=2.0, dim=dim, keepdim=True).clamp_min(eps)


pdist = tt.pdist


@named("NormBackward1")
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of `x1 - x2 + eps` along the last dimension."""
    return ops.vector_norm(x1 - x2 + eps, ord=p, dim=-1, keepdim=keepdim)


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """`input` divided by its p-norm along `dim`, norms below `eps` counting as `eps`."""
    norm = ops.vector_norm(input, ord=p, dim=dim, keepdim=True).clamp_min(eps)
    return input / norm if out is None else tt.div(input, norm, out=out)
