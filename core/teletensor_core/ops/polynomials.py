"""Orthogonal polynomials, which have no gradients, as in PyTorch."""

from teletensor_core import polynomials, rules
from teletensor_core.registry import op
from teletensor_core.rules import domains
from teletensor_core.samples import Sample, T, calls


def _polynomial(name, what, family, low=-1.5, high=1.5, shifted=False):
    def kernel(xp, x, n):
        like = x if hasattr(x, "dtype") else n
        x, n = (each if hasattr(each, "dtype") else xp.asarray(each, like.dtype) for each in (x, n))
        return xp.recurrence(2 * x - 1 if shifted else x, n, family)

    kernel.__doc__ = f"The {what} polynomial of degree `n`: cut to an integer; 0 for a negative one."
    several = calls(
        Sample(T(3, 4, low=low, high=high, grad=False), 3),
        Sample(T(4, low=low, high=high, grad=False), T(3, 1, low=0, high=12, grad=False)),
        Sample(0.7, T(4, low=-2, high=6, grad=False)),
    )
    op(
        infer=domains.real(rules.division), promote=rules.common_float, namespaces=("special",), differentiable=False,
        name=name, samples=several,
    )(kernel)  # fmt: skip


for _letter, _kind, _family in (
    ("t", "first", polynomials.CHEBYSHEV_T), ("u", "second", polynomials.CHEBYSHEV_U),
    ("v", "third", polynomials.CHEBYSHEV_V), ("w", "fourth", polynomials.CHEBYSHEV_W),
):  # fmt: skip
    _polynomial(f"chebyshev_polynomial_{_letter}", f"Chebyshev (of the {_kind} kind)", _family)
    _polynomial(
        f"shifted_chebyshev_polynomial_{_letter}", f"Chebyshev (of the {_kind} kind, of 2 x - 1)", _family, shifted=True
    )
_polynomial("hermite_polynomial_h", "Hermite (physicists')", polynomials.HERMITE_H)
_polynomial("hermite_polynomial_he", "Hermite (probabilists')", polynomials.HERMITE_HE)
_polynomial("laguerre_polynomial_l", "Laguerre", polynomials.LAGUERRE_L, 0.0, 4.0)
_polynomial("legendre_polynomial_p", "Legendre", polynomials.LEGENDRE_P)
