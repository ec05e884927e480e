"""Hooks run here in the middle of a backward there; whatever they do, the session stays in step."""

from __future__ import annotations

import pytest
import teletensor as tt
from teletensor import hooks
from teletensor.remote import RemoteSession


def leaf() -> tt.Tensor:
    return tt.tensor([1.0, 2.0, 3.0], requires_grad=True)


def in_step(session: RemoteSession) -> None:
    """Later answers belong to later questions."""
    assert (tt.ones(2, device=session.device) + 1).tolist() == [2, 2]
    session.synchronize()
    assert tt.arange(3, device=session.device).tolist() == [0, 1, 2]


def test_a_hook_sees_and_replaces_the_gradient(session: RemoteSession) -> None:
    x, seen = leaf(), []
    x.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
    (x * x).sum().backward()
    assert seen == [[2, 4, 6]]
    assert x.grad is not None
    assert x.grad.tolist() == [20, 40, 60]


def test_hooks_on_what_lies_between(session: RemoteSession) -> None:
    x, order = leaf(), []
    y = x * 2
    y.register_hook(lambda g: order.append("y"))
    x.register_hook(lambda g: order.append("x"))
    y.sum().backward()
    assert order == ["y", "x"]


def test_a_backward_without_hooks_never_calls_back(session: RemoteSession) -> None:
    x = leaf()
    handle = x.register_hook(lambda g: None)
    handle.remove()
    before = session.stats().round_trips
    (x * x).sum().backward()
    assert session.stats().round_trips == before


def test_a_hook_that_was_removed_after_its_tensor_is_not_called(session: RemoteSession) -> None:
    x = leaf()
    y = x * 2
    handle = y.register_hook(lambda g: pytest.fail("it was removed"))
    loss = y.sum()
    del y
    handle.remove()
    loss.backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2, 2, 2]


def test_hooks_go_with_their_graphs(session: RemoteSession) -> None:
    x = leaf()
    before = len(hooks._hooks)
    for _ in range(10):
        y = x * 2
        y.register_hook(lambda g: None)
        y.sum().backward()
    del y
    assert len(hooks._hooks) == before


def test_every_hook_is_a_round_trip(session: RemoteSession) -> None:
    x = leaf()
    for _ in range(3):
        x.register_hook(lambda g: None)
    before = session.stats().round_trips
    (x * x).sum().backward()
    assert session.stats().round_trips == before + 4


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_hook_that_raises_ends_the_backward_and_nothing_else(
    session: RemoteSession, error: type[BaseException]
) -> None:
    x = leaf()

    def fail(g: tt.Tensor) -> None:
        raise error("from the hook")

    y = x * 2
    y.register_hook(fail)
    x.register_hook(lambda g: pytest.fail("the backward went on"))
    with pytest.raises(error, match="from the hook"):
        y.sum().backward()
    assert x.grad is None
    in_step(session)


def test_a_hook_that_raises_after_it_has_read(session: RemoteSession) -> None:
    x = leaf()

    def fail(g: tt.Tensor) -> None:
        assert g.tolist() == [1, 1, 1]
        raise ValueError

    x.register_hook(fail)
    with pytest.raises(ValueError):  # noqa: PT011
        x.sum().backward()
    in_step(session)


def test_a_hook_whose_commands_fail(session: RemoteSession) -> None:
    x = leaf()
    x.register_hook(lambda g: tt.gather(g, 0, tt.tensor([9])).tolist())
    with pytest.raises(IndexError):
        x.sum().backward()
    in_step(session)


def test_a_hook_whose_answer_turns_out_to_be_an_error(session: RemoteSession) -> None:
    x = leaf()
    x.register_hook(lambda g: tt.gather(g, 0, tt.tensor([0, 1, 9])))
    with pytest.raises(IndexError, match="gather"):
        x.sum().backward()
    in_step(session)


@pytest.mark.parametrize("answer", [lambda g: g[:1], lambda g: g.double(), lambda g: 3])
def test_a_hook_with_an_answer_of_the_wrong_kind(session: RemoteSession, answer: object) -> None:
    x = leaf()
    x.register_hook(answer)
    with pytest.raises((RuntimeError, TypeError)):
        x.sum().backward()
    in_step(session)


def test_a_backward_in_a_hook(session: RemoteSession) -> None:
    x, inner = leaf(), leaf()
    inner.register_hook(lambda g: g + 1)

    def hook(g: tt.Tensor) -> tt.Tensor:
        (inner * inner).sum().backward()
        assert inner.grad is not None
        return g + inner.grad

    x.register_hook(hook)
    x.sum().backward()
    assert x.grad is not None
    assert x.grad.tolist() == [4, 6, 8]


def test_a_hook_that_is_gone_leaves_nothing_behind(session: RemoteSession) -> None:
    """The worker names a gradient for the hook; also without one to run, it is released."""
    x = leaf()
    x.register_hook(lambda g: None)
    waiting = hooks.runner(session)
    assert waiting(12345, 1 << 30, x._spec) is None
    x.sum().backward()
    session.synchronize()
    with pytest.raises(LookupError):
        session.read([(1 << 62) + 1])


def test_blocking_and_hooks(worker) -> None:
    with tt.connect(worker.grpc, token=worker.token, blocking=True) as session:
        x = leaf()
        x.register_hook(lambda g: g * 2)
        x.sum().backward()
        assert x.grad is not None
        assert x.grad.tolist() == [2, 2, 2]
        in_step(session)
