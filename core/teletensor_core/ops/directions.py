"""Random directions on a circle: pure functions of a seed and an offset, as all random numbers."""

import math

from teletensor_core.ops.random import _open_unit
from teletensor_core.registry import op
from teletensor_core.rules import domains, same
from teletensor_core.samples import Sample, T, calls

# Each accepts two of three numbers at least: the odds that none does are below 1e-11.
_ROUNDS = 24


def _real(input, *rest):
    return domains.real_continuous(same)(input)


def _proposal(xp, concentration):
    """Best and Fisher's r of the wrapped Cauchy distribution that is drawn from."""
    tau = 1 + xp.sqrt(1 + 4 * concentration**2)
    rho = (tau - xp.sqrt(2 * tau)) / (2 * concentration)
    flat = concentration < 1e-5
    return xp.where(flat, 1 / concentration + concentration, (1 + rho**2) / (2 * xp.where(flat, 1.0, rho)))


@op(
    infer=_real,
    namespaces=(),
    differentiable=False,
    random=True,
    samples=calls(Sample(T(3, 4, low=0.1, high=3, grad=False), 7, 0)),
)
def von_mises(xp, input, seed, offset):
    """Angles from -pi to pi with the von Mises distribution around 0 of these concentrations.

    Source: Best and Fisher, "Efficient Simulation of the von Mises Distribution", 1979.
    """
    k = input.reshape(-1).astype("d")
    r = _proposal(xp, k)
    units = _open_unit(xp, seed, offset, (2 * _ROUNDS + 1, k.size))
    # Nothing accepted: the most probable direction.
    cosine, waiting = xp.ones_like(k), k == k
    for i in range(_ROUNDS):
        z, u = xp.cos(math.pi * units[2 * i]), units[2 * i + 1]
        f = (1 + r * z) / (r + z)
        c = k * (r - f)
        accepted = (c * (2 - c) - u > 0) | (xp.log(c / u) + 1 - c >= 0)
        cosine = xp.where(waiting & accepted, f, cosine)
        waiting = waiting & ~accepted
    out = xp.sign(units[2 * _ROUNDS] - 0.5) * xp.arccos(xp.clip(cosine, -1.0, 1.0))
    return out.reshape(input.shape).astype(input.dtype)
