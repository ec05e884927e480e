"""The command machine: what each command does, and that errors touch nothing but what depends on them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from teletensor_core import dtypes
from teletensor_core.errors import MalformedRequestError, UnknownOpError
from teletensor_core.plan import GRAD, INPLACE
from teletensor_core.spec import spec
from teletensor_protos import codec
from teletensor_protos.frames import CHUNK_BYTES
from teletensor_protos.v1.worker_pb2 import Batch, WorkerFrame
from teletensor_server.info import SessionLimits
from teletensor_server.table import Poison

from tests.server.machines import Driver, Number, found_in, reply_of

X = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def driver() -> Driver:
    return Driver()


# -- values ------------------------------------------------------------------------------------------------------------


def test_an_op_binds_its_result_to_the_handle_the_client_named(driver: Driver) -> None:
    x = driver.upload(X)
    (y,) = driver.call("add", x, Number(1.0))
    np.testing.assert_array_equal(driver.value(y), X + 1)


def test_a_view_that_is_not_dense_is_read_in_its_own_order(driver: Driver) -> None:
    x = driver.upload(X)
    (turned,) = driver.call("transpose", x, dim0=0, dim1=1)
    np.testing.assert_array_equal(driver.value(turned), X.T)


def test_a_large_view_that_is_not_dense_travels_in_slabs(driver: Driver) -> None:
    large = np.arange(3 * (CHUNK_BYTES // 4) + 6, dtype=np.float32).reshape(3, -1)
    (turned,) = driver.call("transpose", driver.upload(large), dim0=0, dim1=1)
    np.testing.assert_array_equal(driver.value(turned), large.T)


def test_an_expanded_scalar_larger_than_a_chunk_is_read_whole(driver: Driver) -> None:
    (wide,) = driver.call("expand", driver.upload(np.float32(7)), size=(2, CHUNK_BYTES))
    assert driver.value(wide).shape == (2, CHUNK_BYTES)
    assert (driver.value(wide) == 7).all()


def test_one_read_answers_for_many_tensors(driver: Driver) -> None:
    handles = [driver.upload(np.full((3,), i, np.int64)) for i in range(100)]
    assert [found[0] for found in driver.read(*handles)] == list(range(100))


def test_one_read_tells_values_and_errors_each_in_its_place(driver: Driver) -> None:
    x = driver.upload(X)
    (bad,) = driver.call("sum", x, dim=9)
    first, second, third, fourth = driver.read(x, bad, 999, x)
    assert [second.code, third.code] == ["dimension", "tensor_not_found"]
    np.testing.assert_array_equal(first, X)
    np.testing.assert_array_equal(fourth, X)
    assert driver.sync() is None


def test_what_does_not_fit_into_a_reply_follows_in_chunks(driver: Driver) -> None:
    handles = [driver.upload(np.full((16_000,), i, np.float32)) for i in range(40)]
    frames = driver.ask(codec.READ, 40, *handles)
    assert len(frames) == 1 + math.ceil(40 / (CHUNK_BYTES // 64_000)), "small arrays share chunks"
    assert max(len(frame) for frame in frames[1:]) <= CHUNK_BYTES + 8
    for i, found in enumerate(found_in(frames)):
        assert (found == i).all()


def test_a_failure_among_the_chunks_takes_the_place_of_the_rest(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = driver.machine.engine.backend
    large = [driver.upload(np.full((CHUNK_BYTES // 4 + 1,), i, np.float32)) for i in range(3)]
    copies = iter([backend.to_host])

    def full(array: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(backend, "to_host", lambda array: next(copies, full)(array))
        begun, chunk, _, failed = driver.ask(codec.READ, 3, *large)
    assert isinstance(begun, WorkerFrame)
    assert isinstance(chunk, bytes)
    assert isinstance(failed, WorkerFrame)
    assert begun.reply.request == failed.reply.request
    assert not begun.reply.HasField("failure")
    assert failed.reply.failure.code == "out_of_memory"
    assert [found[0] for found in driver.read(*large)] == [0, 1, 2]
    assert driver.sync() is None


def test_asking_for_too_many_tensors_at_once_is_refused_and_harms_nothing(driver: Driver) -> None:
    x = driver.upload(X)
    (frame,) = driver.ask(codec.READ, 100_000, *[x] * 100_000)
    assert isinstance(frame, WorkerFrame)
    assert frame.reply.failure.code == "quota_exceeded"
    np.testing.assert_array_equal(driver.value(x), X)


def test_specs_tell_shapes_and_dtypes_without_elements(driver: Driver) -> None:
    mask = driver.upload(np.array([True, False, True]))
    (found,) = driver.call("nonzero", mask)
    reply = reply_of(driver.ask(codec.SPECS, 1, found))
    assert codec.decode_arrays(reply.specs) == [spec((2, 1), dtypes.int64)]
    assert reply.elements == b""


def test_a_released_handle_is_gone_and_releasing_it_again_is_nothing(driver: Driver) -> None:
    x = driver.upload(X)
    driver.feed((codec.RELEASE, 2, x, x))
    driver.feed((codec.RELEASE, 1, x))
    assert driver.error(x).code == "tensor_not_found"


# -- errors ------------------------------------------------------------------------------------------------------------


def test_an_error_poisons_only_what_depends_on_it(driver: Driver) -> None:
    x, y = driver.upload(X), driver.upload(X[:, :2])
    driver.feed(locations=codec.encode([(5, "/home/u/train.py:12")]))
    (bad,) = driver.call("add", x, y, location=5)
    (worse,) = driver.call("exp", bad, location=6)
    (good,) = driver.call("exp", x)
    np.testing.assert_allclose(driver.value(good), np.exp(X), rtol=1e-6)
    failure = driver.error(worse)
    assert failure.code == "shape"
    assert failure.location == "/home/u/train.py:12"
    assert failure.command == "add(float32[2, 3], float32[2, 2])"


def test_an_error_names_the_numbers_and_attributes_of_its_call(driver: Driver) -> None:
    (bad,) = driver.call("sum", driver.upload(X), dim=7)
    assert driver.error(bad).command == "sum(float32[2, 3], dim=7, keepdim=False)"


def test_sync_tells_the_oldest_unread_error_once(driver: Driver) -> None:
    x = driver.upload(X)
    driver.call("sum", x, dim=8)
    driver.call("sum", x, dim=9)
    failure = driver.sync()
    assert failure is not None
    assert "8" in failure.message
    assert driver.sync() is None


def test_an_error_that_was_read_is_not_told_again_by_sync(driver: Driver) -> None:
    (bad,) = driver.call("sum", driver.upload(X), dim=8)
    driver.error(bad)
    assert driver.sync() is None


def test_a_failed_write_in_place_poisons_its_target_until_that_was_told(driver: Driver) -> None:
    x, y = driver.upload(X), driver.upload(X[:, :2])
    driver.call("add", x, y, flags=INPLACE)
    assert driver.error(x).code == "shape"
    np.testing.assert_array_equal(driver.value(x), X)


def test_an_op_on_a_handle_that_was_never_made_poisons_its_result(driver: Driver) -> None:
    signature = driver.define("exp", (), ("t",))
    driver.feed((signature, 0, 50, 999))
    assert driver.error(50).code == "tensor_not_found"


def test_commands_on_handles_that_are_not_there_are_told_by_sync(driver: Driver) -> None:
    for words in ((codec.REQUIRE_GRAD, 77, 1), (codec.DETACH, 77), (codec.HOOK, 77, 1, 1)):
        driver.feed(words)
        failure = driver.sync()
        assert failure is not None
        assert failure.code == "tensor_not_found"


def test_a_hook_on_a_tensor_without_gradient_is_an_error_and_not_the_end(driver: Driver) -> None:
    x = driver.upload(X)
    driver.feed((codec.HOOK, x, 1, 1))
    failure = driver.sync()
    assert failure is not None
    assert failure.code == "gradient"
    np.testing.assert_array_equal(driver.value(x), X)


def test_the_error_that_stands_for_a_tensor_holds_no_operand(driver: Driver) -> None:
    x, y = driver.upload(X), driver.upload(X[:, :2])
    (bad,) = driver.call("add", x, y)
    poison = driver.machine.table.values[bad]
    assert isinstance(poison, Poison)
    assert poison.error.__traceback__ is None
    assert poison.error.__context__ is None


def test_a_number_that_is_none_is_refused(driver: Driver) -> None:
    x = driver.upload(X)
    for wrong in ("x", (1, 2), dtypes.float32):
        (bad,) = driver.call("add", x, Number(wrong))
        assert driver.error(bad).code == "malformed_request"


def test_a_missing_operand_is_named(driver: Driver) -> None:
    (bad,) = driver.call("matmul", driver.upload(X), None)
    failure = driver.error(bad)
    assert failure.code == "malformed_request"
    assert "operand other is missing" in failure.message


# -- uploads -----------------------------------------------------------------------------------------------------------


def upload_row(handle: int, array: np.ndarray, offset: int = -1) -> tuple[int, ...]:
    return (codec.UPLOAD, handle, dtypes.BY_NP[array.dtype].code, 0, offset, array.ndim, *array.shape)


def test_an_upload_in_chunks_of_any_size(driver: Driver) -> None:
    data = X.tobytes()
    driver.feed(upload_row(1, X))
    for start, end in ((0, 1), (1, 13), (13, 24)):
        list(driver.machine.feed(memoryview(data)[start:end]))
    np.testing.assert_array_equal(driver.value(1), X)


@pytest.mark.parametrize("array", [np.empty((0, 3), np.float32), np.empty((), np.int64)])
def test_empty_and_zero_dimensional_uploads(driver: Driver, array: np.ndarray) -> None:
    driver.feed(upload_row(1, array, 0), elements=array.tobytes())
    assert driver.value(1).shape == array.shape


def test_an_empty_upload_in_chunks_is_whole_at_once(driver: Driver) -> None:
    driver.feed(upload_row(1, np.empty((0, 3), np.float32)))
    assert driver.value(1).shape == (0, 3)


def test_an_upload_that_is_too_large_poisons_its_handle_and_its_chunks_pass(driver: Driver) -> None:
    tight = Driver(SessionLimits(session_bytes=10_000))
    large = np.zeros(10_000, np.float32)
    tight.feed(upload_row(1, large))
    for start in range(0, large.nbytes, 10_000):
        list(tight.machine.feed(memoryview(large.tobytes())[start : start + 10_000]))
    assert tight.error(1).code == "quota_exceeded"
    np.testing.assert_array_equal(tight.value(tight.upload(X)), X)


def test_a_batch_in_the_middle_of_an_upload_gives_it_up(driver: Driver) -> None:
    driver.feed(upload_row(1, X))
    list(driver.machine.feed(memoryview(X.tobytes())[:8]))
    assert driver.sync() is None
    failure = driver.error(1)
    assert failure.code == "malformed_request"
    assert "16 bytes early" in failure.message


# -- backward and hooks ------------------------------------------------------------------------------------------------


def scalar_loss(driver: Driver) -> tuple[int, int]:
    """A leaf of three elements, and the sum of their squares."""
    x = driver.upload(np.array([1, 2, 3], np.float32))
    driver.feed((codec.REQUIRE_GRAD, x, 1))
    (squared,) = driver.call("mul", x, x, flags=GRAD)
    (loss,) = driver.call("sum", squared, flags=GRAD)
    return x, loss


def backward_row(request: int, loss: int, x: int, result: int) -> tuple[int, ...]:
    return (codec.BACKWARD, request, codec.REPLY_WHEN_DONE, 0, 1, loss, 1, 0, 1, x, result)


def test_backward_binds_the_gradients(driver: Driver) -> None:
    x, loss = scalar_loss(driver)
    (frame,) = driver.feed(backward_row(1, loss, x, 90))
    assert isinstance(frame, WorkerFrame)
    assert frame.reply.request == 1
    np.testing.assert_array_equal(driver.value(90), [2, 4, 6])


def test_a_failed_backward_poisons_the_gradients_and_says_so(driver: Driver) -> None:
    x, loss = scalar_loss(driver)
    driver.feed(backward_row(1, loss, x, 90))
    (frame,) = driver.feed(backward_row(2, loss, x, 91))
    assert isinstance(frame, WorkerFrame)
    assert frame.reply.failure.code == "gradient"
    assert driver.error(91).code == "gradient"
    assert driver.sync() is None


class Hooked:
    """A backward that is waiting for a hook: frames go in through `send`, and come out of it."""

    def __init__(self, driver: Driver, request: int = 5) -> None:
        self.driver, self.request = driver, request
        self.x, self.loss = scalar_loss(driver)
        driver.feed((codec.HOOK, self.x, 1, 1))
        self.waiting: list[Batch | memoryview] = [driver.batch(backward_row(request, self.loss, self.x, 90))]
        self.out = driver.machine.run(iter(self._frames()))
        call = reply_of([next(self.out)])
        assert call.HasField("hook_call")
        assert call.request == request
        self.grad = call.hook_call.handle

    def _frames(self):
        while self.waiting:
            yield self.waiting.pop(0)

    def send(self, *rows: tuple[int, ...]) -> list[WorkerFrame | bytes]:
        """Everything that comes until the machine has run these rows and wants more."""
        self.waiting += [self.driver.batch(row) for row in rows]
        return list(self.out)


def test_a_hook_runs_commands_before_its_answer(driver: Driver) -> None:
    hooked = Hooked(driver)
    double = driver.define("add", (), ("t", "t"))
    hooked.waiting = []
    frames = hooked.send(
        (double, 0, 200, hooked.grad, hooked.grad), (codec.HOOK_DONE, 5, 200), (codec.RELEASE, 1, hooked.grad)
    )
    assert reply_of(frames).request == 5
    np.testing.assert_array_equal(driver.value(90), [4, 8, 12])


def test_a_hook_that_keeps_the_gradient(driver: Driver) -> None:
    frames = Hooked(driver).send((codec.HOOK_DONE, 5, 0))
    assert not reply_of(frames).HasField("failure")
    np.testing.assert_array_equal(driver.value(90), [2, 4, 6])


@pytest.mark.parametrize("answer", ["released", "never made", "an error", "another shape"])
def test_a_hook_with_a_wrong_answer_fails_the_backward_and_nothing_else(driver: Driver, answer: str) -> None:
    x = driver.upload(X)
    handles = {"released": driver.upload(X), "never made": 999, "another shape": x}
    driver.feed((codec.RELEASE, 1, handles["released"]))
    (handles["an error"],) = driver.call("sum", x, dim=9)
    reply = reply_of(Hooked(driver).send((codec.HOOK_DONE, 5, handles[answer])))
    wanted = {"another shape": "gradient", "an error": "dimension"}.get(answer, "tensor_not_found")
    assert reply.failure.code == wanted
    assert driver.error(90).code == wanted
    np.testing.assert_array_equal(driver.value(x), X)


def test_a_backward_is_given_up_in_the_middle_of_a_hook(driver: Driver) -> None:
    hooked = Hooked(driver)
    reply = reply_of(hooked.send((codec.CANCEL, 5)))
    assert reply.failure.code == "gradient"
    assert driver.sync() is None
    np.testing.assert_array_equal(driver.value(hooked.x), [1, 2, 3])


def test_cancelling_a_backward_that_is_done_is_nothing(driver: Driver) -> None:
    driver.feed((codec.CANCEL, 5))
    assert driver.sync() is None


def test_a_client_that_leaves_in_the_middle_of_a_hook_leaves_a_machine_that_works(driver: Driver) -> None:
    hooked = Hooked(driver)
    assert reply_of(hooked.send()).failure.code == "gradient"
    np.testing.assert_array_equal(driver.value(hooked.x), [1, 2, 3])


def test_what_breaks_the_stream_in_a_hook_is_no_error_of_the_backward(driver: Driver) -> None:
    class Broken(Exception):
        pass

    def frames():
        yield driver.batch(backward_row(5, loss, x, 90))
        raise Broken

    x, loss = scalar_loss(driver)
    driver.feed((codec.HOOK, x, 1, 1))
    with pytest.raises(Broken):
        list(driver.machine.run(frames()))
    assert driver.machine.failures.first() is None


def test_an_answer_to_no_hook_breaks_the_protocol(driver: Driver) -> None:
    with pytest.raises(MalformedRequestError, match="not waiting"):
        driver.feed((codec.HOOK_DONE, 5, 0))


def test_hooks_nest_so_deep_and_no_deeper(driver: Driver) -> None:
    x, loss = scalar_loss(driver)
    driver.feed((codec.HOOK, x, 1, 1))
    flags = codec.REPLY_WHEN_DONE | codec.RETAIN_GRAPH
    rows = [(codec.BACKWARD, n, flags, 0, 1, loss, 1, 0, 1, x, 1000 + n) for n in range(1, 21)]
    frames = list(driver.machine.run(iter([driver.batch(row) for row in rows])))
    replies = [f.reply for f in frames if isinstance(f, WorkerFrame)]
    assert sum(r.HasField("hook_call") for r in replies) == 16
    refused = [r for r in replies if r.failure.code == "quota_exceeded"]
    assert len(refused) == 4
    assert driver.sync() is None


# -- form --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", [0, 1, 3, 1 << 63])
def test_batches_come_in_order(driver: Driver, sequence: int) -> None:
    driver.feed()
    with pytest.raises(MalformedRequestError, match=f"batch {sequence} came after batch 1"):
        list(driver.machine.feed(Batch(sequence=sequence)))


@pytest.mark.parametrize(
    "words",
    [
        (0,), (12,), (-1,), (15,), (16,), (1 << 62,),
        (codec.RELEASE,), (codec.RELEASE, 5, 1), (codec.RELEASE, -1), (codec.RELEASE, 1 << 40),
        (codec.READ, 1), (codec.READ, 1, 1 << 62), (codec.SPECS, 1, 3, 1), (codec.SYNC,),
        (codec.BACKWARD, 1, 0, 0, 1, 1, 2, 0, 0, 0), (codec.BACKWARD, 1, 0, 0, 1 << 50),
        (codec.UPLOAD, 1, 99, 0, -1, 0), (codec.UPLOAD, 1, 0, 0, -1, 1, -5), (codec.UPLOAD, 1, 0, 0, 7, 1, 5),
        (codec.UPLOAD, 1, 0, 0, -1, 40, *[1] * 40), (codec.UPLOAD, 1, 0, 0, -1, 1, 4, codec.SYNC, 1),
        (codec.UPLOAD, 1, 0, 0, -1, 1, 1 << 62), (codec.HOOK, 1), (codec.DETACH,), (codec.REQUIRE_GRAD, 1),
    ],
)  # fmt: skip
def test_rows_of_bad_form_are_refused(driver: Driver, words: tuple[int, ...]) -> None:
    with pytest.raises(MalformedRequestError):
        driver.feed(words)


def test_an_op_row_that_ends_early_is_refused(driver: Driver) -> None:
    signature = driver.define("add", (), ("t", "t"))
    with pytest.raises(MalformedRequestError, match="add: the row ends"):
        driver.feed((signature, 0, 9, 1))


@pytest.mark.parametrize("handle", [0, -1, -(1 << 63)])
def test_results_have_positive_handles(driver: Driver, handle: int) -> None:
    x = driver.upload(X)
    signature = driver.define("exp", (), ("t",))
    with pytest.raises(MalformedRequestError, match="positive"):
        driver.feed((signature, 0, handle, x))


@pytest.mark.parametrize(
    "entry",
    [
        (16,), (15, "exp", (), ("t",), 0, 1), (-5, "exp", (), ("t",), 0, 1), ("16", "exp", (), ("t",), 0, 1),
        (16, "exp", (1,), ("t",), 0, 1), (16, "exp", (), (), 0, 1), (16, "exp", (), ("t", "t"), 0, 1),
        (16, "exp", (), (3,), 0, 1), (16, "cat", (0,), ("t",), 0, 1), (16, "exp", (), ("q",), 0, 1),
        (16, "exp", (), ("t",), 64, 1), (16, "exp", (), ("t",), 0, -1), (16, "cat", (0,), (1 << 40,), 0, 1),
        (16, "sum", (None, None, tuple(range(5000))), ("t",), 0, 1), (1 << 40, "exp", (), ("t",), 0, 1), 7, None, "x",
    ],
)  # fmt: skip
def test_signatures_of_bad_form_are_refused(driver: Driver, entry: object) -> None:
    with pytest.raises(MalformedRequestError):
        driver.feed(signatures=codec.encode([entry]))


def test_an_op_that_nobody_knows(driver: Driver) -> None:
    with pytest.raises(UnknownOpError, match="frobnicate"):
        driver.feed(signatures=codec.encode([(16, "frobnicate", (), (), 0, 1)]))


def test_a_signature_can_be_defined_anew(driver: Driver) -> None:
    x = driver.upload(X)
    for op, expected in (("exp", np.exp(X)), ("neg", -X)):
        driver.feed((16, 0, 60, x), signatures=codec.encode([(16, op, (), ("t",), 0, 1)]))
        np.testing.assert_allclose(driver.value(60), expected, rtol=1e-6)


def test_a_signature_with_another_number_of_results_than_the_op_has(driver: Driver) -> None:
    x = driver.upload(X)
    signature = driver.define("exp", (), ("t",), outs=3)
    driver.feed((signature, 0, 70, 71, 72, x))
    assert [driver.error(handle).code for handle in (70, 71, 72)] == ["malformed_request"] * 3


@pytest.mark.parametrize("field", ["signatures", "numbers", "locations"])
def test_messagepack_that_would_unfold_is_refused_by_its_size(driver: Driver, field: str) -> None:
    bomb = b"\xdd\x00\xf0\x00\x00" + b"\x90" * (15 << 20)
    with pytest.raises(MalformedRequestError, match="bytes of MessagePack"):
        driver.feed(**{field: bomb})


@pytest.mark.parametrize("field", ["signatures", "numbers", "locations"])
@pytest.mark.parametrize(
    "data", [b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff", b"\xc1", b"\x81\x01\x02", b"\x91\xc7\xff\x09", b"\xd9\xff"]
)
def test_messagepack_that_is_none(driver: Driver, field: str, data: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        driver.feed(**{field: data})


@pytest.mark.parametrize("entry", [(0, "x"), (1 << 40, "x"), (1, "x" * 2000), (1,), 5, ("a", "b")])
def test_locations_of_bad_form_are_refused(driver: Driver, entry: object) -> None:
    with pytest.raises(MalformedRequestError):
        driver.feed(locations=codec.encode([entry]))


@pytest.mark.parametrize("chunk", [b"", b"x"])
def test_chunks_belong_to_an_upload(driver: Driver, chunk: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        list(driver.machine.feed(memoryview(chunk)))


def test_a_chunk_that_is_longer_than_its_upload(driver: Driver) -> None:
    driver.feed(upload_row(1, X))
    with pytest.raises(MalformedRequestError, match="25 bytes came, 24 were missing"):
        list(driver.machine.feed(memoryview(bytes(25))))


# -- progress ----------------------------------------------------------------------------------------------------------


def test_progress_is_told_after_sixteen_frames_and_at_first_sooner(driver: Driver) -> None:
    frames = [frame for _ in range(70) for frame in driver.feed()]
    assert [f.reply.acknowledged for f in frames if isinstance(f, WorkerFrame)] == [1, 2, 4, 8, 16, 32, 48, 64]


def test_progress_is_told_after_a_quarter_of_the_window() -> None:
    driver = Driver(SessionLimits(window_bytes=4000))
    for _ in range(31):
        driver.feed()
    driver.feed(upload_row(1, np.zeros(5000, np.uint8)))
    told = [frame for _ in range(5) for frame in driver.machine.feed(memoryview(bytes(500)))]
    assert [f.reply.acknowledged for f in told if isinstance(f, WorkerFrame)] == [34, 36]


def test_answers_tell_progress_too(driver: Driver) -> None:
    driver.feed()
    (frame,) = driver.ask(codec.SYNC)
    assert isinstance(frame, WorkerFrame)
    assert frame.reply.acknowledged == 2


def test_an_ended_machine_runs_nothing_more(driver: Driver) -> None:
    x = driver.upload(X)
    signature = driver.define("exp", (), ("t",))
    driver.machine.end()
    driver.feed((signature, 0, 60, x))
    assert len(driver.machine.table) == 0


# -- profiling ---------------------------------------------------------------------------------------------------------


def test_profiling_notes_what_runs_from_start_to_stop(driver: Driver) -> None:
    x = driver.upload(X)
    assert not reply_of(driver.ask(codec.PROFILE, codec.PROFILE_TAKE)).profile.records
    assert reply_of(driver.ask(codec.PROFILE, codec.PROFILE_START)).profile.clock > 0
    driver.call("sum", x)
    driver.call("sum", x, dim=9)
    driver.read(x)
    profile = reply_of(driver.ask(codec.PROFILE, codec.PROFILE_TAKE)).profile
    words = codec.decode_rows(profile.records)
    records = [words[i : i + codec.PROFILE_WIDTH] for i in range(0, len(words), codec.PROFILE_WIDTH)]
    names = codec.decode(profile.names)
    assert [names[record[0]] for record in records] == ["sum", "sum", "read"]
    assert all(taken <= start <= end for *_, taken, start, end in records)
    assert (profile.left, profile.dropped) == (0, 0)
    driver.ask(codec.PROFILE, codec.PROFILE_STOP)
    driver.call("sum", x)
    assert driver.machine.recorder is None


def test_profiling_refuses_what_it_does_not_know(driver: Driver) -> None:
    with pytest.raises(MalformedRequestError, match="started, stopped and told, not 7"):
        driver.ask(codec.PROFILE, 7)


def test_a_row_of_bad_form_is_refused_while_profiling_too(driver: Driver) -> None:
    add = driver.define("add", (), ("t", "t"))
    driver.ask(codec.PROFILE, codec.PROFILE_START)
    with pytest.raises(MalformedRequestError, match="the row ends"):
        driver.feed((add, 0))
