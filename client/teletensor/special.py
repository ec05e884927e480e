"""`torch.special`: special functions, by PyTorch's names for them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor import ops
from teletensor.functions import digamma as digamma
from teletensor.functions import erf as erf
from teletensor.functions import erfc as erfc
from teletensor.functions import erfinv as erfinv
from teletensor.functions import exp2 as exp2
from teletensor.functions import expm1 as expm1
from teletensor.functions import i0 as i0
from teletensor.functions import igamma as gammainc
from teletensor.functions import igammac as gammaincc
from teletensor.functions import lgamma as gammaln
from teletensor.functions import log1p as log1p
from teletensor.functions import log_softmax as log_softmax
from teletensor.functions import logit as logit
from teletensor.functions import logsumexp as logsumexp
from teletensor.functions import mvlgamma as multigammaln
from teletensor.functions import polygamma as polygamma
from teletensor.functions import round as round
from teletensor.functions import sigmoid as expit
from teletensor.functions import sinc as sinc
from teletensor.functions import softmax as softmax
from teletensor.functions import xlogy as xlogy
from teletensor.graph import named
from teletensor.ops import airy_ai as airy_ai
from teletensor.ops import bessel_j0 as bessel_j0
from teletensor.ops import bessel_j1 as bessel_j1
from teletensor.ops import bessel_y0 as bessel_y0
from teletensor.ops import bessel_y1 as bessel_y1
from teletensor.ops import chebyshev_polynomial_t as chebyshev_polynomial_t
from teletensor.ops import chebyshev_polynomial_u as chebyshev_polynomial_u
from teletensor.ops import chebyshev_polynomial_v as chebyshev_polynomial_v
from teletensor.ops import chebyshev_polynomial_w as chebyshev_polynomial_w
from teletensor.ops import erfcx as erfcx
from teletensor.ops import hermite_polynomial_h as hermite_polynomial_h
from teletensor.ops import hermite_polynomial_he as hermite_polynomial_he
from teletensor.ops import i0e as i0e
from teletensor.ops import i1 as i1
from teletensor.ops import i1e as i1e
from teletensor.ops import laguerre_polynomial_l as laguerre_polynomial_l
from teletensor.ops import legendre_polynomial_p as legendre_polynomial_p
from teletensor.ops import modified_bessel_k0 as modified_bessel_k0
from teletensor.ops import modified_bessel_k1 as modified_bessel_k1
from teletensor.ops import scaled_modified_bessel_k0 as scaled_modified_bessel_k0
from teletensor.ops import scaled_modified_bessel_k1 as scaled_modified_bessel_k1
from teletensor.ops import shifted_chebyshev_polynomial_t as shifted_chebyshev_polynomial_t
from teletensor.ops import shifted_chebyshev_polynomial_u as shifted_chebyshev_polynomial_u
from teletensor.ops import shifted_chebyshev_polynomial_v as shifted_chebyshev_polynomial_v
from teletensor.ops import shifted_chebyshev_polynomial_w as shifted_chebyshev_polynomial_w
from teletensor.ops import spherical_bessel_j0 as spherical_bessel_j0
from teletensor.ops import zeta as zeta
from teletensor.out import store
from teletensor.tensor import Tensor
from teletensor.types import Operand

__all__ = [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_t",
    "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w", "digamma", "entr", "erf", "erfc",
    "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc", "gammaincc", "gammaln", "hermite_polynomial_h",
    "hermite_polynomial_he", "i0", "i0e", "i1", "i1e", "laguerre_polynomial_l", "legendre_polynomial_p", "log1p",
    "log_ndtr", "log_softmax", "logit", "logsumexp", "modified_bessel_i0", "modified_bessel_i1",
    "modified_bessel_k0", "modified_bessel_k1", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round",
    "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w", "sinc",
    "softmax", "spherical_bessel_j0", "xlog1py", "xlogy", "zeta",
]  # fmt: skip

psi = digamma
modified_bessel_i0, modified_bessel_i1 = i0, i1


@named("SpecialEntrBackward0")
def entr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """`-x log(x)`; 0 at 0, and minus infinity below."""
    made = ops.where(ops.lt(input, 0), -math.inf, ops.neg(ops.xlogy(input, input)))
    return made if out is None else store(made, out)


def xlog1py(input: Operand, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """`input * log1p(other)`; 0 where `input` is 0, unless `other` is NaN."""
    log = ops.log1p(other) if isinstance(other, Tensor) else math.log1p(other.real)
    product = ops.mul(input, log)
    at_zero = ops.eq(input, 0) if isinstance(input, Tensor) else input == 0
    if isinstance(at_zero, Tensor):
        known = ops.logical_not(ops.isnan(other)) if isinstance(other, Tensor) else other == other
        zero = ops.logical_and(at_zero, known) if isinstance(known, Tensor) else at_zero
        product = ops.where(zero, 0.0, product)
    return product if out is None else store(product, out)


def ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The standard normal distribution function: `erfc(-x / sqrt(2)) / 2`."""
    return ops.mul(ops.erfc(ops.mul(input, -math.sqrt(0.5))), 0.5, out=out)


def ndtri(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The inverse of `ndtr`: `sqrt(2) erfinv(2 p - 1)`."""
    return ops.mul(ops.erfinv(ops.sub(ops.mul(input, 2), 1)), math.sqrt(2), out=out)


def log_ndtr(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of `ndtr`; far below zero by the asymptotic series of Abramowitz and Stegun, 26.2.12."""
    far = ops.clamp_max(input, -10.0)
    square = ops.reciprocal(ops.square(far))
    series = ops.add(ops.mul(square, ops.add(ops.mul(square, ops.add(ops.mul(square, -15.0), 3.0)), -1.0)), 1.0)
    tail = ops.sub(ops.mul(ops.square(far), -0.5), ops.log(ops.mul(ops.neg(far), math.sqrt(2 * math.pi))))
    near = ops.log(ndtr(ops.clamp_min(input, -10.0)))
    made = ops.where(ops.lt(input, -10.0), ops.add(tail, ops.log(series)), near)
    return made if out is None else store(made, out)


if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
