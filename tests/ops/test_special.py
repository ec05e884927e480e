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
