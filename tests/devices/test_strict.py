"""Every op on the strict device gives NumPy's values without a wait, a mix of host and device, or what CuPy lacks."""

import contextlib

import numpy as np
import pytest
from teletensor_core import selftest
from teletensor_core.backends import create_backend
from teletensor_core.engine import Engine
from teletensor_core.errors import DimensionError
from teletensor_core.registry import OPS

from tests.devices.strict import StrictBackend, StrictError, WaitError

# Ops that look whether a factorisation succeeded, or whose gradients do.
CHECKED = frozenset(name for name, op in OPS.items() if op.module.endswith((".linalg", ".factorizations")))
RUN = sorted(
    name for name, op in OPS.items() if (op.samples or name in selftest.STEPS) and name not in selftest.UNDEFINED
)


@pytest.mark.parametrize("name", RUN)
def test_op(name):
    """Values, gradients of two orders, in place; without a wait but where the result's shape depends on data."""
    backend = StrictBackend()
    waits = OPS[name].dynamic or name in CHECKED
    with backend.waiting_allowed() if waits else contextlib.nullcontext():
        every = list(selftest.everything(OPS[name]))
        result = selftest.check(name, every, Engine(backend), Engine(create_backend("numpy")))
    assert result.cases
    assert not result.failures, f"{len(result.failures)} of {result.cases} differ:\n" + "\n".join(result.failures[:5])


@pytest.fixture
def xp():
    return StrictBackend().xp


@pytest.mark.parametrize(
    ("error", "act"),
    [
        (TypeError, lambda xp, x: np.asarray(x)),
        (StrictError, lambda xp, x: np.exp(x)),
        (TypeError, lambda xp, x: x + np.ones(3)),
        (TypeError, lambda xp, x: xp.add(x, [1.0, 2.0, 3.0])),
        (TypeError, lambda xp, x: xp.concatenate([x, np.ones(3)])),
        (TypeError, lambda xp, x: xp.sum(x, where=x > 0)),
        (TypeError, lambda xp, x: xp.add(x, x, where=x > 0)),
        (AttributeError, lambda xp, x: xp.geomspace(1, 2, 3)),
        (AttributeError, lambda xp, x: x.__dlpack_nothing__),
        (StrictError, lambda xp, x: x[np.array([0])]),
        (StrictError, lambda xp, x: x[xp.asarray([5])]),
        (StrictError, lambda xp, x: xp.take(x, xp.asarray([5]), axis=0)),
        (StrictError, lambda xp, x: xp.take_along_axis(x, xp.asarray([-4]), axis=0)),
        (StrictError, lambda xp, x: list(x)),
        (StrictError, lambda xp, x: (x / 0).astype("int32")),
        (StrictError, lambda xp, x: xp.copyto(xp.zeros(3, "uint8"), -x, casting="unsafe")),
        (TypeError, lambda xp, x: {x: 1}),
        (WaitError, lambda xp, x: float(x.sum())),
        (WaitError, lambda xp, x: 1 if x.sum() else 0),
        (WaitError, lambda xp, x: x[x > 1]),
        (WaitError, lambda xp, x: x.__setitem__(x > 1, 0)),
        (WaitError, lambda xp, x: xp.nonzero(x)),
        (WaitError, lambda xp, x: xp.linalg.inv(xp.ones((2, 2)))),
    ],
)
def test_refuses(xp, error, act):
    with pytest.raises(error):
        act(xp, xp.arange(3, dtype="float32") + 1)


def test_memory_starts_as_nonsense(xp):
    assert not (xp.empty(4, "float32").host == 0).any()


def test_another_value_wins_than_in_numpy(xp):
    target = xp.zeros(2, "int64")
    target[xp.asarray([0, 0])] = xp.asarray([1, 2])
    assert target.host[0] == 1


def test_an_index_out_of_bounds_is_raised_at_the_next_wait():
    backend = StrictBackend()
    x = backend.asarray(np.arange(3))
    at = backend.asarray(np.array([1, 7]))
    backend.xp.check_bounds(at, 3, "index {index} is out of bounds for size {size}")
    picked, taken = x[at], backend.xp.take(x, at)
    with pytest.raises(DimensionError, match="index 7 is out of bounds for size 3"):
        backend.to_host(picked)
    assert backend.to_host(picked).tolist() == backend.to_host(taken).tolist() == [1, 1]
