"""Norms by the names that PyTorch keeps for older programs."""

from __future__ import annotations

import warnings
from typing import Any

from teletensor import ops
from teletensor.arguments import ints
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Dims

__all__ = ["frobenius_norm", "norm_except_dim", "nuclear_norm"]


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The `pow`-norm of every slice along `dim`, or of all of it for -1, in a shape that broadcasts."""
    if dim == -1:
        return ops.vector_norm(v, float(pow))
    rest = tuple(d for d in range(v.ndim) if d != dim)
    return ops.vector_norm(v, float(pow), rest, True) if rest else ops.abs(v)


def frobenius_norm(input: Tensor, dim: Dims, keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The 2-norm over dimensions."""
    _warn("frobenius_norm", "linalg.vector_norm(A, 2., dim, keepdim)")
    made = ops.vector_norm(input, 2.0, ints(dim), keepdim)
    return made if out is None else store(made, out)


def nuclear_norm(input: Tensor, dim: Any = (-2, -1), keepdim: bool = False, *, out: Tensor | None = None) -> Tensor:
    """The sum of each matrix's singular values."""
    from teletensor import linalg

    _warn("nuclear_norm", "linalg.matrix_norm(A, 'nuc', dim, keepdim)")
    whole = isinstance(dim, bool)
    return linalg.matrix_norm(input, "nuc", (-2, -1) if whole else ints(dim), dim if whole else keepdim, out=out)


def _warn(name: str, instead: str) -> None:
    warnings.warn(
        f"at::{name} is deprecated and it is just left for JIT compatibility. It will be removed in a future PyTorch "
        f"release. Please use `{instead}` instead",
        stacklevel=3,
    )
