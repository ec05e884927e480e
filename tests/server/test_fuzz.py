"""Random input, the same in every run: a machine answers, refuses, or ends the stream with MalformedRequestError.

It raises nothing else, has no InternalError, and takes no time or memory out of proportion to the input.
"""

from __future__ import annotations

import inspect
import random
import time
from typing import Any

import numpy as np
import pytest
import teletensor_core.ops  # noqa: F401  (fills the registry)
from google.protobuf.message import DecodeError
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError, UnknownOpError
from teletensor_core.plan import DOUBLE, GRAD, INPLACE
from teletensor_core.registry import OPS
from teletensor_protos import codec
from teletensor_protos.frames import parse_client_frame
from teletensor_protos.v1.worker_pb2 import Batch, ClientFrame
from teletensor_server.info import SessionLimits
from teletensor_server.table import Poison

from tests.oracle.cases import cases
from tests.server.machines import Driver, Number

# NumPy warns of means of nothing; a worker goes on, except for imaginary parts that would be dropped.
pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("error::numpy.exceptions.ComplexWarning"),
]
LIMITS = SessionLimits(session_bytes=32 << 20, tensors=5_000)
AT_MOST_SECONDS = 60.0


@pytest.fixture(autouse=True)
def in_time():
    began = time.perf_counter()
    yield
    assert time.perf_counter() - began < AT_MOST_SECONDS


def no_internal_errors(driver: Driver) -> None:
    for value in driver.machine.table.values.values():
        if isinstance(value, Poison):
            assert type(value.error).__name__ != "InternalError", f"{value.error.command}: {value.error}"


def tensors(driver: Driver) -> list[int]:
    """Tensors of several kinds, some with a gradient, and one that is an error."""
    arrays: list[Any] = [
        np.ones((2, 3), np.float32), np.ones((3, 2), np.float32), np.float32(2), np.ones((4,), np.float64),
        np.arange(3), np.array([True, False]), np.ones((2, 2), np.complex64), np.ones((1, 2, 4, 4), np.float32),
        np.ones((0, 3), np.float32), np.ones((2, 3), dtypes.bfloat16.np), np.ones((2, 3), np.float16),
        np.arange(5, dtype=np.uint8), np.eye(3), np.int64(1),
    ]  # fmt: skip
    handles = [driver.upload(array) for array in arrays]
    driver.feed((codec.REQUIRE_GRAD, handles[3], 1))
    handles += driver.call("exp", handles[3], flags=GRAD)
    handles += driver.call("sum", handles[0], dim=9)
    return handles


# -- bytes -------------------------------------------------------------------------------------------------------------


def test_random_bytes_are_frames_or_are_refused() -> None:
    draw = random.Random(1)
    for _ in range(5_000):
        data = draw.randbytes(draw.choice((0, 1, 2, 7, 40, 300)))
        try:
            frame = parse_client_frame(data)
        except DecodeError:
            continue
        assert isinstance(frame, (ClientFrame, memoryview))


def test_truncated_and_changed_frames() -> None:
    draw = random.Random(2)
    entries = [(16, "add", (), ("t", "n"), 1, 1), (17, "sum", (None, False, None), ("t",), 0, 1)]
    batch = Batch(
        sequence=1,
        rows=codec.encode_rows([codec.UPLOAD, 1, 8, 1, 0, 1, 3, 16, 1, 2, 1, -1, 17, 1, 3, 2, codec.READ, 1, 1, 3]),
        signatures=codec.encode(entries),
        numbers=codec.encode([2.5]),
        locations=codec.encode([(1, "train.py:3")]),
        elements=np.ones(3, np.float32).tobytes(),
    )
    whole = ClientFrame(batch=batch).SerializeToString()
    for _ in range(4_000):
        data = bytearray(whole[: draw.randrange(len(whole))] if draw.random() < 0.3 else whole)
        for _ in range(draw.randrange(4)):
            if data:
                data[draw.randrange(len(data))] = draw.randrange(256)
        driver = Driver(LIMITS)
        try:
            frame = parse_client_frame(bytes(data))
            if isinstance(frame, ClientFrame):
                list(driver.machine.feed(frame.batch))
        except (DecodeError, MalformedRequestError, UnknownOpError):
            pass
        no_internal_errors(driver)


# -- words -------------------------------------------------------------------------------------------------------------


def test_random_words() -> None:
    draw = random.Random(3)
    driver, handles = Driver(LIMITS), []
    for _ in range(4_000):
        if not handles:
            driver = Driver(LIMITS)
            handles = tensors(driver)
            driver.define("add", (), ("t", "t"))
            driver.define("cat", (0,), (2,))
        pool = [*range(20), *handles, -1, -2, 1 << 40, 1 << 62, -(1 << 63), (1 << 63) - 1, 60, 61]
        words = [draw.choice(pool) for _ in range(draw.randrange(1, 14))]
        try:
            for frame in driver.feed(words, numbers=codec.encode([1.5, 2]), elements=bytes(24)):
                assert frame is not None
        except MalformedRequestError:
            handles = []
        no_internal_errors(driver)


# -- ops ---------------------------------------------------------------------------------------------------------------


def attributes(draw: random.Random, name: str) -> dict[str, Any]:
    """Those of one of its samples, with some exchanged for others'."""
    of = OPS[name]
    found = [case.sample.attrs for case in cases(of)] or [{}]
    given = {**of.attrs, **draw.choice(found)}
    chosen = {name: None if value is inspect.Parameter.empty else value for name, value in given.items()}
    for attribute in chosen:
        if draw.random() < 0.1:
            chosen[attribute] = draw.choice((None, 0, 1, -1, 2, 0.5, True, (0,), (1, 2), (2, 2), "mean", dtypes.int64))
    return chosen


@pytest.mark.parametrize("name", sorted(OPS))
def test_any_op_on_any_operands(name: str) -> None:
    draw = random.Random(name)
    of = OPS[name]
    driver = Driver(LIMITS)
    handles = tensors(driver)
    for _ in range(25):
        operands: list[Any] = []
        for operand in of.operands:
            if operand in of.lists:
                operands.append([draw.choice(handles) for _ in range(draw.randrange(4))])
            else:
                number = Number(draw.choice((True, 0, -3, 2.5, float("nan"), 1 << 70, 1j)))
                operands.append(draw.choice((draw.choice(handles), draw.choice(handles), None, number)))
        flags = draw.choice((0, GRAD, GRAD, GRAD | DOUBLE)) | (INPLACE if of.inplace and draw.random() < 0.3 else 0)
        made = driver.call(name, *operands, flags=flags, **attributes(draw, name))
        no_internal_errors(driver)
        driver.sync()
        driver.feed((codec.RELEASE, len(made), *made))


@pytest.mark.parametrize("name", sorted(name for name in OPS if OPS[name].vjps))
def test_backward_through_any_op_with_any_cotangent(name: str) -> None:
    draw = random.Random(name)
    found = [c for c in cases(OPS[name]) if c.dtype in (None, dtypes.float32)][:2]
    for case in found:
        driver = Driver(LIMITS)
        others = tensors(driver)
        operands = [_uploaded(driver, operand) for operand in case.operands]
        for handle in _flat(operands):
            driver.feed((codec.REQUIRE_GRAD, handle, 1))
        made = driver.call(name, *operands, flags=GRAD, **{**OPS[name].attrs, **case.sample.attrs})
        for _ in range(6):
            roots = [draw.choice(made + others) for _ in range(draw.randrange(3))]
            grads = [draw.choice((0, 0, *made, *others)) for _ in roots]
            targets = [draw.choice(_flat(operands) + others) for _ in range(draw.randrange(3))]
            results = [5_000 + i for i in range(len(targets))]
            lists = (len(roots), *roots, len(grads), *grads, len(targets), *targets, *results)
            driver.feed((codec.BACKWARD, 9, draw.randrange(16), 0, *lists))
            no_internal_errors(driver)
            driver.sync()


def _uploaded(driver: Driver, operand: Any) -> Any:
    if isinstance(operand, np.ndarray):
        return driver.upload(operand)
    if isinstance(operand, (list, tuple)):
        return [driver.upload(each) for each in operand]
    return None if operand is None else Number(operand)


def _flat(operands: list[Any]) -> list[int]:
    return [x for operand in operands for x in (operand if isinstance(operand, list) else [operand]) if type(x) is int]
