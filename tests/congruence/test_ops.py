"""Every op, in this process and on a worker process over gRPC: the same bits, or the same error."""

import numpy as np
import pytest
from teletensor.local import LocalSession
from teletensor_core.dtypes import bfloat16, bool_, complex64, float32, float64, int64
from teletensor_core.registry import OPS

from tests.oracle.cases import cases
from tests.oracle.run import run

DTYPES = (None, bool_, int64, bfloat16, float32, float64, complex64)
SAMPLED = sorted(name for name, op in OPS.items() if op.samples and name != "empty")


def assert_same_bits(what, ours, theirs):
    assert len(ours) == len(theirs), what
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is None or b is None:
            assert not np.any(a if b is None else b), f"{what} {i}: {a} is not {b}"
            continue
        assert (a.dtype, a.shape) == (b.dtype, b.shape), f"{what} {i}"
        assert a.tobytes() == b.tobytes(), f"{what} {i}:\n{a}\n{b}"


@pytest.mark.parametrize("name", SAMPLED)
def test_local_and_remote_agree_bit_for_bit(name, session):
    local = LocalSession()
    for case in cases(OPS[name]):
        if case.dtype not in DTYPES:
            continue
        here, there = run(case, local), run(case, session)
        assert here.get("error") == there.get("error"), f"{case}: {here.get('message')} | {there.get('message')}"
        for part in ("out", "grads", "second"):
            assert (part in here) == (part in there), f"{case}: {part} on one side only"
            if part in here:
                assert_same_bits(f"{case} {part}", there[part], here[part])
