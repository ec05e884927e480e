"""What a session may hold: counted with what views and graphs keep alive, refused before it is allocated."""

from __future__ import annotations

import numpy as np
import pytest
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError, QuotaExceededError
from teletensor_core.plan import GRAD, INPLACE
from teletensor_protos import codec
from teletensor_server import memory
from teletensor_server.info import SessionLimits

from tests.server.machines import Driver, Number

MIB = 1 << 20


def driver(megabytes: int = 16, tensors: int = 1_000) -> Driver:
    return Driver(SessionLimits(session_bytes=megabytes * MIB, tensors=tensors))


def mebibyte(driver: Driver) -> int:
    (made,) = driver.call("ones", shape=(MIB // 4,), dtype=dtypes.float32)
    return made


def release(driver: Driver, *handles: int) -> None:
    driver.feed((codec.RELEASE, len(handles), *handles))


@pytest.mark.parametrize("shape", [(1 << 40,), (1 << 20, 1 << 20), (1 << 61,), (1 << 61, 1 << 61)])
@pytest.mark.parametrize("op", ["ones", "zeros", "empty"])
def test_a_tensor_larger_than_a_session_is_refused_before_it_is_made(op: str, shape: tuple[int, ...]) -> None:
    one = driver()
    (made,) = one.call(op, shape=shape, dtype=dtypes.float32)
    assert one.error(made).code == "quota_exceeded"
    assert one.value(one.upload(np.ones(3))).sum() == 3


def test_the_error_says_how_much_was_wanted_and_which_option_allows_it() -> None:
    one = driver()
    (made,) = one.call("ones", shape=(1 << 40,), dtype=dtypes.float32)
    message = one.error(made).message
    assert str(4 << 40) in message
    assert "--session-bytes" in message


def test_a_result_that_does_not_fit_beside_the_others() -> None:
    one = driver(4)
    held = [mebibyte(one) for _ in range(3)]
    refused = mebibyte(one)
    assert one.error(refused).code == "quota_exceeded"
    release(one, held[0], refused)
    assert one.value(mebibyte(one)).sum() == MIB // 4


def test_what_was_freed_can_be_used_again_and_again() -> None:
    one = driver(4)
    for _ in range(100):
        x = mebibyte(one)
        (y,) = one.call("exp", x)
        release(one, x, y)
    assert one.sync() is None


def test_views_take_no_room() -> None:
    one = driver(4)
    x = mebibyte(one)
    for _ in range(200):
        one.call("view", x, shape=(2, MIB // 8))
    assert one.sync() is None


def test_writing_in_place_takes_no_room() -> None:
    one = driver(4)
    x = one.call("ones", shape=(3 * MIB // 4,), dtype=dtypes.float32)[0]
    for _ in range(10):
        one.call("add", x, Number(1.0), flags=INPLACE)
    assert one.sync() is None
    assert one.value(x)[0] == 11


def test_a_view_keeps_the_room_of_the_tensor_it_shows() -> None:
    one = driver(4)
    for _ in range(8):
        x = mebibyte(one)
        one.call("slice", x, dim=0, start=0, end=1, step=1)
        release(one, x)
    failure = one.sync()
    assert failure is not None
    assert failure.code == "quota_exceeded"


@pytest.mark.parametrize("size", [(1 << 40, 1), (1 << 20, MIB)])
def test_an_expanded_view_is_no_larger_than_a_session(size: tuple[int, int]) -> None:
    """Summing it would take the time that its size says, and nothing could stop it."""
    one = driver()
    (x,) = one.call("ones", shape=(1, 1), dtype=dtypes.float32)
    (wide,) = one.call("expand", x, size=size)
    assert one.error(wide).code == "quota_exceeded"


def test_what_backward_needs_counts() -> None:
    one = driver(8)
    x = mebibyte(one)
    one.feed((codec.REQUIRE_GRAD, x, 1))
    for _ in range(20):
        (y,) = one.call("exp", x, flags=GRAD)
        release(one, x)
        x = y
    failure = one.sync()
    assert failure is not None
    assert failure.code == "quota_exceeded"
    assert "backward" in failure.message


def test_backward_frees_what_it_needed() -> None:
    one = driver(8)
    for _ in range(10):
        x = mebibyte(one)
        one.feed((codec.REQUIRE_GRAD, x, 1))
        (y,) = one.call("exp", x, flags=GRAD)
        (loss,) = one.call("sum", y, flags=GRAD)
        release(one, y)
        one.feed((codec.BACKWARD, 0, 0, 0, 1, loss, 1, 0, 1, x, 900))
        assert one.value(900).shape == (MIB // 4,)
        release(one, x, loss, 900)
    assert one.sync() is None


def test_a_graph_without_arrays_is_bounded_too() -> None:
    one = driver(1)
    (x,) = one.call("ones", shape=(), dtype=dtypes.float32)
    one.feed((codec.REQUIRE_GRAD, x, 1))
    add = one.define("add", (), ("t", "t"), GRAD)
    one.feed([word for i in range(2_000) for word in (add, 0, 101 + i, x if i == 0 else 100 + i, x, 1, 1, 100 + i)])
    failure = one.sync()
    assert failure is not None
    assert failure.code == "quota_exceeded"


def test_gradients_are_counted_before_they_are_made() -> None:
    one = driver(5)
    x = mebibyte(one)
    one.feed((codec.REQUIRE_GRAD, x, 1))
    (loss,) = one.call("sum", x, flags=GRAD)
    for _ in range(3):
        mebibyte(one)
    one.feed((codec.BACKWARD, 0, 0, 0, 1, loss, 1, 0, 1, x, 900))
    assert one.error(900).code == "quota_exceeded"


def test_the_number_of_tensors_is_bounded() -> None:
    one = driver(16, tensors=10)
    handles = [one.call("ones", shape=(1,), dtype=dtypes.float32)[0] for _ in range(11)]
    failure = one.error(handles[-1])
    assert failure.code == "quota_exceeded"
    assert "--max-tensors" in failure.message
    release(one, *handles)
    assert one.value(one.upload(np.ones(1))) == 1


def test_selecting_from_what_would_be_huge_is_refused_before_it_is_done() -> None:
    one = driver()
    wide = one.upload(np.ones((1, 1 << 16), np.float32))
    tall = one.upload(np.ones((1 << 16, 1), bool))
    (made,) = one.call("masked_select", wide, tall)
    assert one.error(made).code == "quota_exceeded"


@pytest.mark.parametrize("attrs", [{"minlength": 1 << 24}, {}])
def test_a_result_that_turns_out_larger_than_the_session_is_not_kept(attrs: dict[str, int]) -> None:
    one = driver()
    (made,) = one.call("bincount", one.upload(np.array([1, 1 << 24])), **attrs)
    assert one.error(made).code == "quota_exceeded"
    assert one.sync() is None


def test_selections_give_back_what_they_did_not_need() -> None:
    one = driver(4)
    mask = one.upload(np.zeros(MIB // 4, bool))
    for _ in range(50):
        one.call("nonzero", mask)
    assert one.sync() is None


def test_counting_is_not_done_for_every_op(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    honest = memory.count

    def count(values: list[object]) -> memory.Held:
        held = honest(values)  # type: ignore[arg-type]
        counted.append(held.handles)
        return held

    monkeypatch.setattr(memory, "count", count)
    one = driver(1, tensors=100_000)
    small = [one.call("ones", shape=(8,), dtype=dtypes.float32)[0] for _ in range(1_500)]
    one.sync()
    add = one.define("add", (), ("t", "t"))
    for start in range(0, 20_000, 100):
        rows = [
            (add, 0, 10_000 + i, small[0], small[1], codec.RELEASE, 1, 10_000 + i) for i in range(start, start + 100)
        ]
        one.feed([word for row in rows for word in row])
    assert one.sync() is None
    assert 1 < len(counted) < 400


def test_errors_take_room_too() -> None:
    """A client that goes on making errors, and never lets go of any, is ended."""
    one = driver(16, tensors=10)
    exp = one.define("exp", (), ("t",))

    def make_errors() -> None:
        for start in range(100, 200_000, 1_000):
            one.feed([word for handle in range(start, start + 1_000) for word in (exp, 0, handle, 99)])

    with pytest.raises(QuotaExceededError, match="tensors and errors"):
        make_errors()


def test_attributes_of_all_signatures_are_bounded() -> None:
    one = driver()
    entries = [(number, "sum", (tuple(range(4_000)), False, None), ("t",), 0, 1) for number in range(16, 400)]

    def define() -> None:
        for entry in entries:
            one.feed(signatures=codec.encode([entry]))

    with pytest.raises(MalformedRequestError, match="values in all"):
        define()


def test_a_signature_that_is_defined_anew_counts_once() -> None:
    one = driver()
    wide = tuple(range(4_000))
    for _ in range(400):
        one.feed(signatures=codec.encode([(16, "sum", (wide, False, None), ("t",), 0, 1)]))


def test_plans_are_kept_up_to_a_number() -> None:
    one = driver()
    x = one.upload(np.ones((2, 3), np.float32))
    for number in range(16, 60):
        one.feed(signatures=codec.encode([(number, "sum", (0, False, None), ("t",), 0, 1)]))
    one.machine.signatures._plans = (1 << 15) - 20
    for number in range(16, 60):
        one.feed((number, 0, 500, x))
    kept = sum(len(s.plans) for s in one.machine.signatures.by_number.values())
    assert kept == 24


def test_memory_that_several_share_counts_once() -> None:
    one = driver()
    x = mebibyte(one)
    one.call("view", x, shape=(2, MIB // 8))
    one.call("detach", x)
    assert memory.count(one.machine.table.held()).data == MIB
