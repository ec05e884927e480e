"""Reads that nobody waits for: what they cost, when they wait, where their errors surface."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn
from teletensor.future import Future
from teletensor.readings import Part
from teletensor.remote import RemoteSession
from teletensor_core.errors import CompileError

from tests.wire.inside import connect, gate_ops, in_thread, reached, serving
from tests.wire.test_errors import late, line_of
from tests.wire.test_round_trips import Counted, Training


def test_a_loop_that_logs_through_futures_waits_for_nothing(session: RemoteSession) -> None:
    training = Training()
    training.step()
    with Counted(session) as counted:
        logged = [training.step().item_async() for _ in range(10)]
    assert counted.cost.waits == 0
    assert counted.cost.round_trips == 10
    losses = [future.result() for future in logged]
    assert losses[-1] < losses[0]
    assert all(type(loss) is float for loss in losses)


def test_reads_in_a_row_share_one_round_trip(session: RemoteSession) -> None:
    tensors = [tt.full((), i) for i in range(100)]
    with Counted(session) as counted:
        futures = [x.item_async() for x in tensors]
        values = [int(future) for future in futures]
    assert values == list(range(100))
    assert (counted.cost.round_trips, counted.cost.waits) == (1, 1)


def test_what_comes_between_two_reads_is_not_moved(session: RemoteSession) -> None:
    x = tt.zeros(())
    with Counted(session) as counted:
        futures = []
        for _ in range(5):
            futures.append(x.item_async())
            x += 1
    assert [future.result() for future in futures] == [0, 1, 2, 3, 4]
    assert counted.cost.round_trips == 5


@pytest.mark.parametrize("place", ["here", "worker"])
def test_a_future_holds_the_value_as_it_was_when_it_was_asked_for(session: RemoteSession, place: str) -> None:
    x = tt.zeros(3, device="cpu" if place == "here" else session.device)
    copies, number, later = tt.to_host([x], non_blocking=True), x[0].item_async(), x.to_host(non_blocking=True)
    x.fill_(7)
    del x
    assert copies[0].result().tolist() == later.result().tolist() == [0, 0, 0]
    assert number.result() == 0


@pytest.mark.parametrize(
    ("use", "wanted"),
    [
        (float, 2.5), (int, 2), (complex, 2.5 + 0j), (bool, True), (repr, "2.5"), (str, "2.5"),
        (lambda f: f"{f:.3f}", "2.500"), (lambda f: f.result(), 2.5),
    ],
)  # fmt: skip
def test_using_a_future_waits_for_it(session: RemoteSession, use: Callable[[Future[float]], object], wanted: object):
    future = tt.tensor(2.5).item_async()
    with Counted(session) as counted:
        assert use(future) == wanted
        assert use(future) == wanted
    assert future.done()
    assert counted.cost.waits <= 1


def test_item_async_is_for_one_element(session: RemoteSession) -> None:
    with pytest.raises(RuntimeError, match="a Tensor with 2 elements cannot be converted to Scalar"):
        tt.ones(2).item_async()


def test_a_future_waits_only_for_what_was_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as process, connect(process) as session:
        future = tt.tensor(4.0).item_async()
        assert future.result() == 4
        gate = gate_ops(monkeypatch)
        held = (tt.tensor(1.0) + 1).item_async()
        wait = in_thread(held.result)
        reached(gate.reached)
        assert not held.done()
        assert future.result() == 4
        gate.open()
        assert wait() == 2
        assert held.done()
        session.synchronize()


def test_what_came_is_kept_by_its_futures_only(session: RemoteSession) -> None:
    future = tt.ones(1000).to_host(non_blocking=True)
    assert isinstance(future._arriving, Part)
    reading = weakref.ref(future._arriving._reading)
    assert future.result().sum() == 1000
    assert reading() is not None
    del future
    gc.collect()
    assert reading() is None


# -- errors ------------------------------------------------------------------------------------------------------------


def test_an_error_surfaces_where_the_future_is_used(session: RemoteSession) -> None:
    future = late(session).sum().item_async()
    good = tt.ones(()).item_async()
    for _ in range(2):
        with pytest.raises(IndexError) as caught:
            print(future)
        assert caught.value.where == line_of(late, "gather")  # type: ignore[attr-defined]
    assert good.result() == 1


def test_an_error_is_its_own_tensor_s_only(session: RemoteSession) -> None:
    with Counted(session) as counted:
        copies = tt.to_host({"bad": late(session), "good": tt.ones(2)}, non_blocking=True)
        assert copies["good"].result().tolist() == [1, 1]
    assert counted.cost.round_trips == 1
    with pytest.raises(IndexError):
        copies["bad"].result()
    with pytest.raises(IndexError):
        tt.to_host([tt.ones(2), late(session)])


def test_an_error_that_nobody_looked_at_is_raised_by_synchronize(session: RemoteSession) -> None:
    late(session).sum().item_async()
    with pytest.raises(IndexError):
        session.synchronize()
    session.synchronize()


def test_an_error_that_nobody_looked_at_is_raised_by_close() -> None:
    with serving() as process:
        session = connect(process)
        future = late(session).sum().item_async()
        with pytest.raises(IndexError):
            session.close()
        with pytest.raises(IndexError):
            future.result()


def test_futures_outlive_their_session() -> None:
    with serving() as process:
        with connect(process):
            future, later = tt.tensor(3.0).item_async(), tt.arange(3).to("cpu", non_blocking=True)
        assert future.result() == 3
        assert later.tolist() == [0, 1, 2]


def test_a_compiled_function_cannot_ask_for_a_value(session: RemoteSession) -> None:
    @tt.compile
    def asking(x: tt.Tensor) -> object:
        return x.sum().item_async()

    with pytest.raises(CompileError, match=r"test_futures.py:\d+: the value of a tensor is read inside a compiled"):
        [asking(tt.ones(2)) for _ in range(3)]


# -- tensors -----------------------------------------------------------------------------------------------------------


def test_several_tensors_come_in_one_round_trip(session: RemoteSession) -> None:
    here = tt.ones(2, device="cpu")
    tensors = [tt.arange(5), here, tt.full((300, 300), 2.0)[:, ::2], tt.zeros(0, 3), tt.ones(2, dtype=tt.bfloat16)]
    with Counted(session) as counted:
        copies = tt.to_host(tensors)
    assert (counted.cost.round_trips, counted.cost.waits) == (1, 1)
    assert {copy.device.type for copy in copies} == {"cpu"}
    for copy, x in zip(copies, tensors, strict=True):
        assert (copy.shape, copy.dtype) == (x.shape, x.dtype)
        assert tt.equal(copy, x.cpu())
    copies[1].zero_()
    assert here.tolist() == [1, 1]


def test_more_tensors_than_one_question_takes(session: RemoteSession) -> None:
    tensors = [tt.full((), i) for i in range(2500)]
    with Counted(session) as counted:
        copies = tt.to_host(tensors)
    assert [copy.item() for copy in copies] == list(range(2500))
    assert counted.cost.round_trips == 3


@pytest.mark.parametrize("wrong", [3, [1.0], {"a": None}, "text"])
def test_to_host_takes_tensors(wrong: object) -> None:
    with pytest.raises(TypeError, match="to_host"):
        tt.to_host(wrong)  # type: ignore[call-overload]


def test_a_tensor_may_arrive_later(session: RemoteSession) -> None:
    x = tt.arange(6.0).reshape(2, 3)
    with Counted(session) as counted:
        copy = x.to("cpu", non_blocking=True)
        assert (copy.shape, copy.dtype, copy.device.type, copy.requires_grad) == ((2, 3), tt.float32, "cpu", False)
    assert counted.cost.waits == 0
    x.zero_()
    assert isinstance(copy, tt.Tensor)
    assert not hasattr(copy, "no_such_thing")
    assert (copy + 1).tolist() == [[1, 2, 3], [4, 5, 6]]
    assert type(copy) is tt.Tensor
    np.testing.assert_array_equal(copy.numpy(), np.arange(6).reshape(2, 3))
    copy += 1
    copy.requires_grad_()
    copy.sum().backward()
    assert copy.grad.tolist() == [[1, 1, 1], [1, 1, 1]]


def test_an_error_of_a_tensor_that_arrives_later(session: RemoteSession) -> None:
    copy = late(session).to("cpu", non_blocking=True)
    for _ in range(2):
        with pytest.raises(IndexError) as caught:
            copy + 1
        assert caught.value.where == line_of(late, "gather")  # type: ignore[attr-defined]


def test_gradients_flow_through_a_non_blocking_move(session: RemoteSession) -> None:
    x = tt.ones(3, requires_grad=True)
    (x.to("cpu", non_blocking=True) * 2).sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2, 2, 2]


def model() -> nn.Module:
    made = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2))
    made(tt.ones(5, 4)).sum().backward()
    return made


@pytest.mark.parametrize(
    "move", [lambda m: m.cpu(), lambda m: m.to("cpu"), lambda m: m.to("cpu", tt.float64)], ids=["cpu", "to", "cast"]
)
def test_a_module_comes_here_in_one_round_trip(session: RemoteSession, move: Callable[[nn.Module], nn.Module]) -> None:
    there = model()
    wanted = {name: x.tolist() for name, x in there.state_dict().items()}
    grads = [p.grad.tolist() for p in there.parameters() if p.grad is not None]
    with Counted(session) as counted:
        here = move(there)
    assert (counted.cost.round_trips, counted.cost.waits) == (1, 1)
    assert {name: x.tolist() for name, x in here.state_dict().items()} == wanted
    assert [p.grad.tolist() for p in here.parameters() if p.grad is not None] == grads
    places = {x.device.type for x in (*here.parameters(), *here.buffers())}
    assert places | {p.grad.device.type for p in here.parameters() if p.grad is not None} == {"cpu"}


def test_a_state_dict_comes_here_in_one_round_trip(session: RemoteSession) -> None:
    there = model()
    with Counted(session) as counted:
        state = tt.to_host(there.state_dict())
    assert counted.cost.round_trips == 1
    there.load_state_dict(state)
    assert list(state) == list(there.state_dict())
