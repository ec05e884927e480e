"""Attributes come from strangers: whatever stands in the place of one, the answer is a result or a typed error.

Every op of the registry, every attribute of it; in its place nothing, numbers far too large, text, nested lists, NaN.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_core.registry import OPS, Op
from teletensor_protos import codec
from teletensor_server.info import SessionLimits
from teletensor_server.table import Poison

from tests.oracle.cases import Case, cases
from tests.server.machines import Driver, Number

LIMITS = SessionLimits(session_bytes=64 << 20, tensors=10_000)
HOST_BYTES = 2 << 30
AT_MOST_SECONDS = 5.0
SUBSTITUTES: tuple[Any, ...] = (
    None, True, -1, -(1 << 62), 1 << 40, 1 << 62, (1 << 63) - 1, 1 << 100, 1.5, float("nan"), float("inf"), 3j,
    "", "x", b"zz", (), (0,), (-1,), (1 << 40,), (1 << 62, 1 << 62), (1.5,), ((1,), (2, (3,))), ("a",), (None,),
    dtypes.float32, dtypes.bool_, tuple(range(100)),
)  # fmt: skip


@pytest.fixture(autouse=True)
def bounded_memory() -> Iterator[None]:
    """What an op may take besides: an allocation that is not refused would end the tests, not the machine."""
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[5]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (used + HOST_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_DATA, before)


def samples(of: Op) -> list[Case]:
    """Two samples of an op, in float32 where it takes that."""
    chosen: dict[int, Case] = {}
    for case in cases(of):
        if case.dtype in (None, dtypes.float32):
            chosen.setdefault(case.number, case)
    return list(chosen.values())[:2]


def upload(driver: Driver, operand: Any) -> Any:
    if isinstance(operand, np.ndarray):
        return driver.upload(operand)
    if isinstance(operand, (list, tuple)):
        return [upload(driver, each) for each in operand]
    return None if operand is None else Number(operand)


@pytest.mark.parametrize("name", [name for name in sorted(OPS) if OPS[name].attrs])
def test_an_attribute_of_the_wrong_kind_is_refused(name: str) -> None:
    of = OPS[name]
    for case in samples(of):
        driver = Driver(LIMITS)
        operands = [upload(driver, operand) for operand in case.operands]
        for attribute in of.attrs:
            for wrong in SUBSTITUTES:
                attrs = {**of.attrs, **case.sample.attrs, attribute: wrong}
                began = time.perf_counter()
                made = driver.call(name, *operands, **attrs)
                took = time.perf_counter() - began
                what = f"{case}: {attribute}={wrong!r}"
                assert took < AT_MOST_SECONDS, what
                outcomes = [driver.machine.table.values[handle] for handle in made]
                for outcome in outcomes:
                    if isinstance(outcome, Poison):
                        assert type(outcome.error).__name__ != "InternalError", f"{what}: {outcome.error}"
                driver.feed((codec.RELEASE, len(made), *made))
                driver.sync()
