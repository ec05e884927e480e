"""Files may name what a program allows, and nothing else."""

import argparse
import io
import pickle

import numpy as np
import pytest
import teletensor as tt
from teletensor import serialization
from teletensor_core.errors import CheckpointError

from tests.serialization.test_hostile import archive


class Settings:
    """What checkpoints hold besides tensors."""

    def __init__(self, rate, name):
        raise AssertionError("objects are made without calling their class")

    @classmethod
    def of(cls, **values):
        made = object.__new__(cls)
        vars(made).update(values)
        return made


class Counted:
    """A class whose objects say themselves how they are pickled."""

    __slots__ = ("count",)

    def __init__(self, count):
        self.count = count

    def __getstate__(self):
        return {"twice": self.count * 2}

    def __setstate__(self, state):
        self.count = state["twice"] // 2


class Slots:
    """A class without a dictionary."""

    __slots__ = ("a", "b")


def file_of(obj, protocol=2):
    return io.BytesIO(archive(pickle.dumps(obj, protocol), more={"version": b"3\n", "byteorder": b"little"}))


@pytest.fixture(autouse=True)
def nothing_else():
    assert serialization.get_safe_globals() == []
    yield
    serialization.clear_safe_globals()


def test_objects_of_allowed_classes_are_read():
    slots = Slots()
    slots.a, slots.b = 1, [2]
    held = {"args": argparse.Namespace(lr=0.1, layers=[1, 2]), "s": Settings.of(rate=2, name="x"), "c": Counted(3)}
    with serialization.safe_globals([argparse.Namespace, Settings, Counted, Slots]):
        found = tt.load(file_of({**held, "slots": slots, "class": Settings}))
    assert found["args"] == held["args"]
    assert vars(found["s"]) == {"rate": 2, "name": "x"}
    assert found["c"].count == 3
    assert (found["slots"].a, found["slots"].b) == (1, [2])
    assert found["class"] is Settings


def test_functions_that_are_allowed_are_called():
    scalar = np.float64(2.5).__reduce__()[0]
    names = [(scalar, "numpy.core.multiarray.scalar"), (scalar, "numpy._core.multiarray.scalar")]
    with serialization.safe_globals([*names, np.dtype, type(np.dtype("float64"))]):
        assert tt.load(file_of({"n": np.float64(2.5)}))["n"] == 2.5


def test_nothing_is_allowed_afterwards():
    data = archive(pickle.dumps(Settings.of(rate=1), 2))
    with serialization.safe_globals([Settings]):
        assert tt.load(io.BytesIO(data)).rate == 1
    for weights_only in (True, False):
        with pytest.raises(CheckpointError, match=r"Settings, which is neither .*add_safe_globals"):
            tt.load(io.BytesIO(data), weights_only=weights_only)


def test_what_is_allowed_is_told():
    serialization.add_safe_globals([Settings])
    with serialization.safe_globals([Counted]):
        assert serialization.get_safe_globals() == [Settings, Counted]
    assert serialization.get_safe_globals() == [Settings]
    serialization.clear_safe_globals()
    assert serialization.get_safe_globals() == []


@pytest.mark.parametrize("given", [3, [3], [(Settings,)], [(3, "x.y")]])
def test_only_classes_and_functions_can_be_allowed(given):
    with pytest.raises(TypeError):
        serialization.add_safe_globals(given)
    assert serialization.get_safe_globals() == []


def test_an_error_of_what_is_allowed_is_its_own():
    class_that_fails = b"\x80\x02ctests.serialization.test_allowed\nSettings\nU\x01xN\x86R."
    made = b"\x80\x02ctests.serialization.test_allowed\nSettings\nX\x01\x00\x00\x00xN\x86R."
    with serialization.safe_globals([Settings]):
        with pytest.raises(AssertionError, match="made without calling"):
            tt.load(io.BytesIO(archive(made)))
        with pytest.raises(CheckpointError):
            tt.load(io.BytesIO(archive(class_that_fails)))


@pytest.mark.parametrize(
    "pickled",
    [b"\x80\x02ccollections\nOrderedDict\n)\x81.", b"\x80\x02N)\x81.", b"\x80\x02K\x01K\x02\x81.", b"\x80\x02)\x81."],
)
def test_objects_of_no_allowed_class_are_refused(pickled):
    with pytest.raises(CheckpointError):
        tt.load(io.BytesIO(archive(pickled)))
