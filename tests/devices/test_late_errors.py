"""What a device finds wrong on its own reaches the client at the next wait: a read, the end, a state file."""

import numpy as np
import pytest
from teletensor_core.errors import DimensionError
from teletensor_protos import codec
from teletensor_server import state
from teletensor_server.worker import Worker

from tests.devices.strict import StrictBackend
from tests.server.machines import Driver, reply_of

WRONG = "take(): index 9 is out of bounds for dimension with size 5"


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
    (found,) = driver.call("take", driver.upload(np.ones(5, "float32")), driver.upload(np.array(rows)))
    return found


def test_at_a_read(driver):
    failure = reply_of(driver.ask(codec.READ, 1, look_up(driver, 1, 9))).failure
    assert (failure.code, failure.message) == ("dimension", WRONG)
    assert driver.value(look_up(driver, 2)).tolist() == [1]


def test_when_the_session_waits(driver):
    look_up(driver, 9)
    assert driver.sync().message == WRONG
    assert driver.sync() is None


def test_when_the_session_ends(worker, session, driver):
    look_up(driver, 9)
    assert worker.close(session.id).message == WRONG


def test_before_a_state_file_begins(driver):
    pieces = state.export(driver.machine, {"rows": look_up(driver, 9)}, {})
    with pytest.raises(DimensionError, match="index 9"):
        next(pieces)
