"""Every program ends alike in this process and with all its tensors on a worker process."""

import contextlib

import numpy as np
import pytest
import teletensor as tt
from teletensor_core.errors import TeletensorError

from tests.programs.oracle import HERE_ONLY, MODULES, outcome, programs

# Refusals are the rules', and those are the same on both sides; the other modules of bad calls have some of each kind.
# Refused values are later errors on a worker: tests/client/test_distributions.py has those.
ALL = [
    (module, name)
    for module in MODULES
    if module not in ("refusals", "refused_values")
    for name in programs(module)
    if f"{module}-{name}" not in HERE_ONLY
]


@pytest.mark.parametrize(("module", "name"), ALL, ids=[f"{m}-{n}" for m, n in ALL])
def test_ends_remotely_as_here(module, name, worker):
    program = programs(module)[name]
    here = outcome(program, tt)
    session = tt.connect(worker.grpc, token=worker.token)
    try:
        there = outcome(program, tt, session.synchronize)
    finally:
        # A program that fails may leave further errors unread.
        with contextlib.suppress(TeletensorError):
            session.close()
    assert here.get("error") == there.get("error"), f"{here.get('message')} | {there.get('message')}"
    if "out" in here:
        assert len(here["out"]) == len(there["out"])
        for a, b in zip(here["out"], there["out"], strict=True):
            assert_same(a, b)


def assert_same(a, b):
    if isinstance(a, np.ndarray):
        assert (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes()), f"{a} is not {b}"
    else:
        assert a == b
