"""Every op on CuPy gives what it gives on NumPy, in whatever order threads run, and waits for nothing."""

import pytest
from teletensor_core import selftest
from teletensor_core.backends import create_backend
from teletensor_core.engine import Engine
from teletensor_core.registry import OPS

from tests.devices.test_strict import CHECKED, RUN

ORDERS = (0, 1, 7)


@pytest.mark.parametrize("name", RUN)
def test_op(name):
    """Values, dtypes, shapes, gradients of two orders, in place, and steps; forwards, backwards and shuffled."""
    from tests.devices import emulator
    from tests.devices.emulated.counting import CountingBackend

    backend, theirs = CountingBackend(), Engine(create_backend("numpy"))
    every, ours = list(selftest.chosen(OPS[name])), Engine(backend)
    for order in ORDERS:
        with emulator.order(order):
            backend.begin()
            result = selftest.check(name, every, ours, theirs)
        assert result.cases
        assert not result.failures, (
            f"{len(result.failures)} of {result.cases} differ with thread order {order}:\n"
            + "\n".join(result.failures[:5])
        )
        if not (OPS[name].dynamic or name in CHECKED):
            assert backend.hidden() == 0, f"{name} waited for the device"
