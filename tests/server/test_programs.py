"""Programs on a session's machine: what they give, what they cost, and what strangers may send."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError, UnknownOpError
from teletensor_core.plan import GRAD, INPLACE
from teletensor_core.programs import Argument, BackwardCall, Call, Code, Constant, Number, RequireGrad
from teletensor_core.registry import OPS
from teletensor_protos import codec, programs
from teletensor_server.info import SessionLimits

from tests.server.machines import Driver

MIB = 1 << 20


def call(op: str, *operands: Any, outs: tuple[int, ...], flags: int = 0, location: int = 0, **attrs: Any) -> Call:
    entry = OPS[op]
    filled = (*operands, *[None] * (len(entry.operands) - len(operands)))
    return Call(entry, tuple({**entry.attrs, **attrs}.values()), flags, filled, outs, location)


def scaled() -> Code:
    """(a * argument + 1, and a += 1)."""
    commands = [
        call("mul", 0, Argument(0), outs=(1,)),
        call("add", 1, Number(1.0), outs=(2,)),
        call("add", 0, Number(1.0), outs=(), flags=INPLACE, location=1),
    ]
    return Code(1, 1, commands, (2,))


def define(driver: Driver, code: Code, number: int = 1, lines: tuple[str, ...] = ("user.py:1", "user.py:2")) -> None:
    data = programs.encode(code, list(lines))
    driver.feed((codec.DEFINE_PROGRAM, number, 0, len(data)), elements=data)


def run(driver: Driver, inputs: list[int], numbers: list[Any], outs: int, number: int = 1) -> list[int]:
    made = [driver.handle + 1 + i for i in range(outs)]
    driver.handle += outs
    words = [-(i + 1) for i in range(len(numbers))]
    row = (codec.RUN_PROGRAM, number, 0, len(inputs), *inputs, len(words), *words, outs, *made)
    driver.feed(row, numbers=codec.encode(numbers))
    return made


def test_a_program_runs_again_and_again() -> None:
    driver = Driver()
    define(driver, scaled())
    x = driver.upload(np.ones(3, np.float32))
    for i in range(4):
        (out,) = run(driver, [x], [10.0], 1)
        np.testing.assert_array_equal(driver.value(out), np.full(3, 11 + 10 * i))
    np.testing.assert_array_equal(driver.value(x), [5, 5, 5])
    program = driver.machine.programs[1]
    assert program.program.is_prepared
    assert program.program.runs == 4


def test_gradients_inside() -> None:
    commands = [
        Constant(1, np.array([1.0, 2.0], np.float32)),
        RequireGrad(1, True),
        call("mul", 1, 0, outs=(2,), flags=GRAD),
        call("sum", 2, outs=(3,), flags=GRAD),
        BackwardCall((3,), (None,), (1,), (4,)),
    ]
    driver = Driver()
    define(driver, Code(1, 0, commands, (4,)))
    for value in (3.0, 5.0, 7.0):
        (grad,) = run(driver, [driver.upload(np.full(2, value, np.float32))], [], 1)
        np.testing.assert_array_equal(driver.value(grad), [value, value])


def test_a_failure_takes_the_place_of_outputs_and_of_what_is_written() -> None:
    commands = [
        call("index_select", 0, 1, outs=(2,), dim=0, location=1),
        call("add", 0, Number(1.0), outs=(), flags=INPLACE),
    ]
    driver = Driver()
    define(driver, Code(2, 0, commands, (2,)))
    x, good, bad = (driver.upload(v) for v in (np.ones(3, np.float32), np.array([1]), np.array([9])))
    for _ in range(2):
        (out,) = run(driver, [x, bad], [], 1)
        failure = driver.error(out)
        assert failure.code == "dimension"
        assert failure.location == "user.py:2"
        assert failure.command == "index_select (in a compiled function)"
        assert driver.error(x).code == "dimension"
        np.testing.assert_array_equal(driver.value(x), [1, 1, 1])
        (out,) = run(driver, [x, good], [], 1)
        np.testing.assert_array_equal(driver.value(out), [1])
        driver.call("sub", x, x, flags=INPLACE)
        driver.call("add", x, driver.upload(np.ones(3, np.float32)), flags=INPLACE)


def test_errors_spread_through_programs() -> None:
    driver = Driver()
    define(driver, scaled())
    (bad,) = driver.call("ones", shape=(1 << 40,), dtype=dtypes.float32)
    (out,) = run(driver, [bad], [1.0], 1)
    assert driver.error(out).code == "quota_exceeded"


@pytest.mark.parametrize(
    ("inputs", "numbers", "outs", "number"), [(0, 1, 1, 1), (2, 1, 1, 1), (1, 0, 1, 1), (1, 1, 2, 1), (1, 1, 1, 7)]
)
def test_runs_that_do_not_fit(inputs: int, numbers: int, outs: int, number: int) -> None:
    driver = Driver()
    define(driver, scaled())
    handles = [driver.upload(np.ones(2, np.float32)) for _ in range(inputs)]
    for out in run(driver, handles, [1.0] * numbers, outs, number):
        assert driver.error(out).code == "malformed_request"


def test_inputs_of_another_kind_than_in_the_first_run() -> None:
    driver = Driver()
    define(driver, scaled())
    run(driver, [driver.upload(np.ones(2, np.float32))], [1.0], 1)
    (out,) = run(driver, [driver.upload(np.ones(3, np.float32))], [1.0], 1)
    assert driver.error(out).code == "malformed_request"


def test_dropped_programs_are_gone() -> None:
    driver = Driver()
    define(driver, scaled())
    aside = driver.machine.table.aside
    assert aside > 0
    driver.feed((codec.DROP_PROGRAM, 1))
    driver.feed((codec.DROP_PROGRAM, 1))
    assert driver.machine.table.aside == 0
    (out,) = run(driver, [driver.upload(np.ones(2, np.float32))], [1.0], 1)
    assert driver.error(out).code == "malformed_request"


def test_no_more_programs_than_allowed() -> None:
    driver = Driver(SessionLimits(session_bytes=16 * MIB, tensors=1000, programs=2))
    x = driver.upload(np.ones(2, np.float32))
    for number in (1, 2, 3):
        define(driver, scaled(), number)
    (out,) = run(driver, [x], [1.0], 1, number=3)
    failure = driver.error(out)
    assert failure.code == "quota_exceeded"
    assert "--max-programs" in failure.message
    (out,) = run(driver, [x], [1.0], 1, number=2)
    assert driver.value(out).tolist() == [2, 2]


def test_the_first_run_counts_all_that_it_holds() -> None:
    ones = call("ones", outs=(0,), shape=(MIB // 4,), dtype=dtypes.float32)
    commands = [ones, *[call("add", i, Number(1.0), outs=(i + 1,)) for i in range(20)]]
    driver = Driver(SessionLimits(session_bytes=16 * MIB, tensors=1000))
    define(driver, Code(0, 0, commands, (20,)))
    aside = driver.machine.table.aside
    (out,) = run(driver, [], [], 1)
    assert driver.error(out).code == "quota_exceeded"
    assert driver.machine.table.aside == aside
    define(driver, Code(0, 0, commands[:10], (9,)))
    for _ in range(20):
        (out,) = run(driver, [], [], 1)
        assert driver.value(out)[0] == 10
        driver.feed((codec.RELEASE, 1, out))


def test_gradients_of_the_first_run_count_too() -> None:
    chain = [call("exp", i, outs=(i + 1,), flags=GRAD) for i in range(8)]
    commands = [*chain, call("sum", 8, outs=(9,), flags=GRAD), BackwardCall((9,), (None,), (0,), (10,))]
    driver = Driver(SessionLimits(session_bytes=12 * MIB, tensors=1000))
    define(driver, Code(1, 0, commands, (10,)))
    x = driver.upload(np.zeros(MIB // 4, np.float32))
    driver.feed((codec.REQUIRE_GRAD, x, 1))
    (out,) = run(driver, [x], [], 1)
    assert driver.error(out).code == "quota_exceeded"


BAD = {
    "a slot used before it is made": Code(1, 0, [call("add", 0, 5, outs=(1,))], (1,)),
    "a slot made twice": Code(1, 0, [call("add", 0, 0, outs=(1,)), call("add", 0, 0, outs=(1,))], (1,)),
    "an input made again": Code(1, 0, [call("add", 0, 0, outs=(0,))], (0,)),
    "an unknown output": Code(1, 0, [], (3,)),
    "an unknown argument": Code(1, 1, [call("add", 0, Argument(1), outs=(1,))], (1,)),
    "a line that is not there": Code(1, 0, [call("add", 0, 0, outs=(1,), location=9)], (1,)),
    "a shape that depends on data": Code(1, 0, [call("nonzero", 0, outs=(1,))], (1,)),
    "a list where none is": Code(1, 0, [call("add", (0,), 0, outs=(1,))], (1,)),
    "negative counts": Code(-1, 0, [], ()),
    "too many inputs": Code(1 << 40, 0, [], ()),
    "a gradient too many": Code(1, 0, [BackwardCall((0,), (None, None), (0,), (1,))], ()),
}


@pytest.mark.parametrize("what", BAD)
def test_definitions_of_bad_form_end_the_stream(what: str) -> None:
    with pytest.raises(MalformedRequestError):
        define(Driver(), BAD[what])


def test_ops_that_cannot_be_planned_fail_when_they_run() -> None:
    driver = Driver()
    define(driver, Code(2, 0, [call("matmul", 0, 1, outs=(2,))], (2,)))
    x, y = driver.upload(np.ones((2, 3), np.float32)), driver.upload(np.ones((2, 3), np.float32))
    (out,) = run(driver, [x, y], [], 1)
    assert driver.error(out).code == "shape"
    (out,) = run(driver, [x, driver.upload(np.ones((3, 1), np.float32))], [], 1)
    assert driver.value(out).tolist() == [[3], [3]]


def test_damaged_definitions_end_the_stream_or_run_as_they_say() -> None:
    rng = random.Random(3)
    data = programs.encode(scaled(), ["a.py:1", "a.py:2"])
    for _ in range(400):
        damaged = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        driver = Driver(SessionLimits(session_bytes=MIB, tensors=100))
        x = driver.upload(np.ones(3, np.float32))
        try:
            driver.feed((codec.DEFINE_PROGRAM, 1, 0, len(damaged)), elements=bytes(damaged))
        except (MalformedRequestError, UnknownOpError):
            continue
        (out,) = run(driver, [x], [2.0], 1)
        found = driver.read(out)[0]
        assert getattr(found, "code", "") != "internal"
