"""Every op on CuPy gives what it gives on NumPy, in whatever order threads run."""

import pytest
from teletensor_core import selftest
from teletensor_core.backends import create_backend
from teletensor_core.engine import Engine
from teletensor_core.registry import OPS

RUN = sorted(
    name for name, op in OPS.items() if (op.samples or name in selftest.STEPS) and name not in selftest.UNDEFINED
)


@pytest.mark.parametrize("name", RUN)
def test_op(name, backend):
    """Values, dtypes, shapes, gradients of two orders, in place, and steps; forwards, backwards and shuffled."""
    from tests.devices import emulator

    every, theirs = list(selftest.chosen(OPS[name])), Engine(create_backend("numpy"))
    for order in (0, 1, 7):
        with emulator.order(order):
            result = selftest.check(name, every, Engine(backend), theirs)
        assert result.cases
        assert not result.failures, (
            f"{len(result.failures)} of {result.cases} differ with thread order {order}:\n"
            + "\n".join(result.failures[:5])
        )
