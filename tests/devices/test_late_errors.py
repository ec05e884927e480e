"""What a device finds wrong on its own reaches the client at the next wait: a read, the end, a state file."""

import numpy as np
import pytest
import teletensor as tt
from teletensor_core.errors import DimensionError
from teletensor_protos import codec
from teletensor_server import state
from teletensor_server.worker import Worker

from tests.devices.strict import StrictBackend
from tests.server.machines import Driver, reply_of
from tests.wire.inside import connect, serving
from tests.wire.test_errors import line_of

WRONG = "out of range: tried to access index 9 on a tensor of 5 elements."


@pytest.fixture
def worker():
    made = Worker(device="cpu")
    made.backend = StrictBackend()
    return made


@pytest.fixture
def session(worker):
    return worker.open("a test")


@pytest.fixture
def driver(session):
    made = Driver()
    made.machine = session.machine
    return made


def look_up(driver, *rows):
    """A look-up from the line of this function that asks for it."""
    driver.feed(locations=codec.encode([(7, "train.py:31"), (8, "train.py:32")]))
    table, at = driver.upload(np.ones(5, "float32")), driver.upload(np.array(rows))
    (found,) = driver.call("take", table, at, location=7)
    driver.call("add", found, found, location=8)
    return found


def told(failure):
    return failure.code, failure.message, failure.command, failure.location


def late(count):
    return "dimension", WRONG, f"take(float32[5], int64[{count}])", "train.py:31"


def test_what_is_required_of_values(driver):
    value, holds = driver.upload(np.ones(3, "float32")), driver.upload(np.array([True, False, True]))
    (found,) = driver.call("required", value, holds, message="Expected value argument to be within the support")
    failure = reply_of(driver.ask(codec.READ, 1, found)).failure
    assert (failure.code, failure.message) == (
        "argument", "Expected value argument to be within the support, but found invalid values",
    )  # fmt: skip


def test_at_a_read(driver):
    failure = reply_of(driver.ask(codec.READ, 1, look_up(driver, 1, 9))).failure
    assert told(failure) == late(2)
    assert driver.value(look_up(driver, 2)).tolist() == [1]


def test_when_the_session_waits(driver):
    look_up(driver, 9)
    assert told(driver.sync()) == late(1)
    assert driver.sync() is None


def test_when_the_session_ends(worker, session, driver):
    look_up(driver, 9)
    assert told(worker.close(session.id)) == late(1)


def test_before_a_state_file_begins(driver):
    pieces = state.export(driver.machine, {"rows": look_up(driver, 9)}, {})
    with pytest.raises(DimensionError, match="index 9") as caught:
        next(pieces)
    assert (caught.value.command, caught.value.where) == late(1)[2:]


# -- programs and backward passes, whose ops have no row of their own ------------------------------------------------


@pytest.fixture
def client(worker):
    """A client of a worker on that device."""
    with serving() as service:
        service.worker.backend = worker.backend
        with connect(service) as made:
            yield made


def rows_of(table, at):
    doubled = table * 2
    return tt.nn.functional.embedding(at, doubled) + 1


@pytest.mark.parametrize("runs", [3, 4, 5], ids=["traced", "prepared", "prepared again"])
def test_in_a_compiled_function_it_is_the_line_there(client, runs):
    compiled, table = tt.compile(rows_of), tt.ones(5, 2)
    for run in range(runs):
        compiled(table, tt.tensor([1, 4] if run < runs - 1 else [1, 9]))
    with pytest.raises(IndexError, match="index 9, size 5") as caught:
        client.synchronize()
    assert caught.value.where == line_of(rows_of, "embedding(at")
    assert "embedding (in a compiled function)" in str(caught.value)


def differentiate_moved():
    """The gradient of `put` at the source looks the places up, which were overwritten since."""
    at, source = tt.tensor([1, 2]), tt.ones(2, requires_grad=True)
    filled = tt.zeros(5).put(at, source)
    at.data.fill_(9)
    filled.sum().backward()


def test_in_a_backward_it_is_the_line_of_that(client):
    differentiate_moved()
    with pytest.raises(IndexError, match="index 9") as caught:
        client.synchronize()
    assert caught.value.where == line_of(differentiate_moved, ".backward()")


def taken():
    return tt.take(tt.ones(5), tt.tensor([9]))


def test_a_state_file_tells_the_line_too(client, tmp_path):
    wrong = taken()
    with pytest.raises(IndexError, match=r"take\(float32\[5\], int64\[1\]\), issued at") as caught:
        tt.save({"rows": wrong}, tmp_path / "rows.safetensors")
    assert caught.value.where == line_of(taken, "tt.take")
