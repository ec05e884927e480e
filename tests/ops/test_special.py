"""Special functions where their series are hardest, against sums that need no series."""

import math

import pytest
import teletensor as tt


@pytest.mark.parametrize("order", [2, 9, 29, 60])
@pytest.mark.parametrize("q", [0.7, 9.5, 10.0, 14.0])
def test_zeta_of_high_orders_is_as_exact_as_of_low_ones(order, q):
    # What is left out lies between the integrals from the last number and from the one after it.
    last = 200_000 if order == 2 else 3000
    wanted = math.fsum((q + k) ** -order for k in range(last)) + (q + last - 0.5) ** (1 - order) / (order - 1)
    found = tt.special.zeta(float(order), tt.tensor(q, dtype=tt.float64)).item()
    assert found == pytest.approx(wanted, rel=1e-12 if order > 2 else 1e-11)


def test_polygamma_of_a_high_order():
    wanted = -math.factorial(28) * math.fsum((10 + k) ** -29.0 for k in range(3000))
    assert tt.polygamma(28, tt.tensor(10.0, dtype=tt.float64)).item() == pytest.approx(wanted, rel=1e-12)


# The C library's values at these places.
_AT = (0.3, 4.9, 5.1, 8.3, 20.0)
_BESSEL = {
    "j0": (0.9776262465382961, -0.20973832758532623, -0.1443347470605007, 0.09600610089501023, 0.16702466434058313),
    "j1": (0.148318816273104, -0.3146946710151906, -0.33709720201823185, 0.26573930204186436, 0.06683312417585004),
    "y0": (-0.8072735778045196, -0.2920545942440142, -0.3216024491248594, 0.2595149637544549, 0.06264059680938382),
    "y1": (-2.2931051383885293, 0.18124669204504856, 0.11373644197749974, -0.08059750353384153, -0.16551161436252132),
}


@pytest.mark.parametrize("name", _BESSEL)
def test_bessel_functions_are_good_to_fourteen_digits(name):
    found = getattr(tt.special, f"bessel_{name}")(tt.tensor(_AT, dtype=tt.float64)).tolist()
    assert found == pytest.approx(_BESSEL[name], rel=2e-13)


def test_airys_function_is_good_to_fourteen_digits():
    # Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", table 10.11, and DLMF 9.
    wanted = {-3.0: -0.37881429367765823, 1.0: 0.13529241631288141, 3.0: 0.0065911393574607175}
    found = tt.special.airy_ai(tt.tensor(list(wanted), dtype=tt.float64)).tolist()
    assert found == pytest.approx(list(wanted.values()), rel=1e-13)
