"""Special functions where they begin and end: at 0, at infinity, below 0, at poles, and where their formulas change."""

_ONE = (
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "erfcx", "modified_bessel_i0", "modified_bessel_i1",
    "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1",
    "spherical_bessel_j0",
)  # fmt: skip
_POLYNOMIALS = (
    *(f"{s}chebyshev_polynomial_{letter}" for s in ("", "shifted_") for letter in "tuvw"),
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
)  # fmt: skip


def _edges(name):
    def program(t):
        inf, nan = float("inf"), float("nan")
        at = [-inf, -30.0, -5.0, -2.5, -1e-5, 0.0, 1e-5, 0.4, 2.0, 2.2, 5.0, 5.5, 8.1, 26.0, 60.0, nan]
        return getattr(t.special, name)(t.tensor(at, dtype=t.float64))

    return program


def _degrees(name):
    def program(t):
        x = t.linspace(-1.5, 1.5, 7, dtype=t.float64).unsqueeze(-1)
        degrees = t.tensor([-2.0, 0.0, 1.0, 2.7, 6.0, 9.0, 12.0], dtype=t.float64)
        f = getattr(t.special, name)
        made = f(x.requires_grad_(), degrees)
        return [
            made,
            made.requires_grad,
            f(t.arange(3), 2),
            f(2, t.arange(3)),
            f(x.float(), 5),
            f(x, 520) if "hermite" in name else 0,
        ]

    return program


def _zeta(t):
    s = t.tensor([0.5, 1.0, 1.5, 2.0, 4.0, 30.0], dtype=t.float64).unsqueeze(-1)
    q = t.tensor([-2.5, -2.0, 0.0, 0.3, 1.0, 12.5], dtype=t.float64, requires_grad=True)
    made = t.special.zeta(s, q)
    good = t.special.zeta(s[2:], q[3:])
    return [made, *t.autograd.grad(good.sum(), [q]), t.special.zeta(t.arange(2, 5), 1), t.special.zeta(2, q[4:])]


def _zeta_by_order(t):
    s = t.tensor([2.0], requires_grad=True)
    return t.autograd.grad(t.special.zeta(s, t.tensor([3.0])).sum(), [s])


def _erfcx_twice(t):
    x = t.tensor([-1.5, 0.2, 3.0], dtype=t.float64, requires_grad=True)
    (first,) = t.autograd.grad(t.special.erfcx(x).sum(), [x], create_graph=True)
    return [first, *t.autograd.grad(first.sum(), [x])]


CALLS = {
    **{name: _edges(name) for name in _ONE},
    **{name: _degrees(name) for name in _POLYNOMIALS},
    "zeta": _zeta,
    "zeta by its order": _zeta_by_order,
    "erfcx twice": _erfcx_twice,
    "mvlgamma": lambda t: [
        t.mvlgamma(t.tensor([2.5, 3.0]), 3),
        t.tensor([2.5, 3.0]).mvlgamma(2),
        t.mvlgamma(t.tensor([2.5], requires_grad=True), 2).grad_fn.name(),
    ],
}
