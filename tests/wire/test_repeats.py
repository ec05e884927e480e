"""Arrays that a worker has already are not sent to it again, and are never mistaken for others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import teletensor as tt
from teletensor.flow import Rate
from teletensor.remote import RemoteSession
from teletensor_core.errors import QuotaExceededError
from teletensor_server.serve import WorkerProcess

from benchmarks.delay import DelayProxy
from tests.wire.inside import TOKEN, connect, serving
from tests.wire.test_round_trips import Counted

LARGE = np.random.default_rng(0).standard_normal(1 << 18, np.float32)
FEW = 2000


@pytest.fixture(scope="module")
def process() -> Iterator[WorkerProcess]:
    with serving() as process:
        yield process


def slow(process: WorkerProcess) -> RemoteSession:
    """A session whose link is taken to be slow."""
    session = connect(process, shared_memory=False)
    session._stream.link.up = Rate(1e6)
    return session


@pytest.fixture
def session(process: WorkerProcess) -> Iterator[RemoteSession]:
    with slow(process) as session:
        yield session


def sent(session: RemoteSession, make: Callable[[], tt.Tensor], want: np.ndarray) -> int:
    """How many bytes it takes to make a tensor, which must have these elements."""
    session.synchronize()
    with Counted(session) as counted:
        made = make()
        session.synchronize()
    np.testing.assert_array_equal(made.cpu().numpy(), want)
    return counted.cost.bytes_sent


def test_equal_elements_are_sent_once(session: RemoteSession) -> None:
    x = tt.tensor(LARGE)
    assert sent(session, lambda: tt.tensor(LARGE.copy()), LARGE) < FEW
    assert sent(session, lambda: tt.from_numpy(LARGE).to(session.device), LARGE) < FEW
    assert session.stats().bytes_repeated == 2 * LARGE.nbytes
    assert not x.requires_grad


def test_the_copy_stands_for_itself(session: RemoteSession) -> None:
    x = tt.tensor(LARGE, requires_grad=True)
    y = tt.tensor(LARGE, requires_grad=True)
    assert y.is_leaf
    assert session.stats().bytes_repeated == LARGE.nbytes
    (x * 2 + y * 3).sum().backward()
    assert x.grad is not None
    assert y.grad is not None
    assert (x.grad[0].item(), y.grad[0].item()) == (2, 3)
    with tt.no_grad():
        y.zero_()
    np.testing.assert_array_equal(x.detach().cpu().numpy(), LARGE)


def test_a_copy_takes_over_when_the_first_is_gone(session: RemoteSession) -> None:
    x = tt.tensor(LARGE)
    for _ in range(5):
        x = tt.tensor(LARGE)
    assert session.stats().bytes_repeated == 5 * LARGE.nbytes
    assert x.shape == LARGE.shape


def test_what_is_gone_is_sent_again(session: RemoteSession) -> None:
    tt.tensor(LARGE)
    assert sent(session, lambda: tt.tensor(LARGE), LARGE) > LARGE.nbytes


@tt.no_grad()
def by_compiled(x: tt.Tensor) -> object:
    def write(x: tt.Tensor) -> tt.Tensor:
        x.add_(1)
        return x.sum()

    compiled = tt.compile(write)
    return [compiled(x) for _ in range(4)]


def through_compiled_data(x: tt.Tensor) -> object:
    compiled = tt.compile(lambda x: x.data)
    for _ in range(4):
        alias = compiled(x)
    return alias.add_(1)


def by_optimizer(x: tt.Tensor) -> object:
    x.requires_grad_()
    x.sum().backward()
    return tt.optim.SGD([x], lr=1.0).step()


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1),
        lambda x: x[5:7].zero_(),
        lambda x: x.view(2, -1).t().mul_(2),
        lambda x: x.detach().add_(1),
        lambda x: x.data.add_(1),
        lambda x: x[3:].detach().add_(1),
        lambda x: x.view(tt.int32).zero_(),
        lambda x: x.copy_(tt.zeros_like(x)),
        lambda x: tt.add(x, 1, out=x),
        lambda x: setattr(x, "data", tt.zeros(3)),
        by_compiled,
        through_compiled_data,
        by_optimizer,
    ],
)
def test_what_was_written_to_is_sent_again(session: RemoteSession, write: Callable[[tt.Tensor], object]) -> None:
    x = tt.tensor(LARGE)
    write(x)
    assert sent(session, lambda: tt.tensor(LARGE), LARGE) > LARGE.nbytes
    assert session.stats().bytes_repeated == 0


def test_a_write_that_fails_counts_for_nothing(session: RemoteSession) -> None:
    x = tt.tensor(LARGE)
    with pytest.raises(RuntimeError):
        x.add_(tt.ones(3))
    assert x._version == 0
    assert sent(session, lambda: tt.tensor(LARGE), LARGE) < FEW


def test_what_looks_alike_is_told_apart(session: RemoteSession) -> None:
    x, other = tt.tensor(LARGE), LARGE.copy()
    for at in range(len(LARGE) - 3000, len(LARGE) - 2900):
        other[at] += 1
    assert sent(session, lambda: tt.tensor(other), other) > LARGE.nbytes
    as_bytes = LARGE.view(np.int32)
    assert sent(session, lambda: tt.tensor(as_bytes), as_bytes) > LARGE.nbytes
    assert sent(session, lambda: tt.tensor(LARGE.reshape(2, -1)), LARGE.reshape(2, -1)) > LARGE.nbytes
    assert x.numel() == LARGE.size


def test_arrays_that_change_after_they_were_given(session: RemoteSession) -> None:
    array = LARGE.copy()
    x = tt.tensor(array)
    array[7] = 5
    assert sent(session, lambda: tt.tensor(array), array) > LARGE.nbytes
    assert sent(session, lambda: tt.tensor(LARGE), LARGE) < FEW
    assert x.numel() == LARGE.size


def test_no_session_gets_what_another_has(process: WorkerProcess) -> None:
    with slow(process) as one, slow(process) as two:
        x = tt.tensor(LARGE, device=one.device)
        y = tt.tensor(LARGE, device=two.device)
        assert (one.stats().bytes_repeated, two.stats().bytes_repeated) == (0, 0)
        assert x.device != y.device


def test_an_upload_that_failed_is_done_again() -> None:
    with serving(session_bytes=6 << 20) as process, slow(process):
        full = tt.zeros(5 << 18)
        x = tt.tensor(LARGE)
        with pytest.raises(QuotaExceededError):
            tt.tensor(LARGE).sum().item()
        del full
        np.testing.assert_array_equal(tt.tensor(LARGE).cpu().numpy(), LARGE)
        assert x.shape == LARGE.shape


def test_a_fast_link_has_nothing_hashed(process: WorkerProcess) -> None:
    with connect(process, shared_memory=False) as session:
        x, y = tt.tensor(LARGE), tt.tensor(LARGE)
        assert session.stats().bytes_repeated == 0
        assert session._stream.repeats._thread is None
        assert x.shape == y.shape


def test_a_slow_link_is_noticed(process: WorkerProcess) -> None:
    array = np.arange(10 << 20, dtype=np.uint8)
    with (
        DelayProxy(process.grpc_address, 0.001, rate=100e6) as proxy,
        tt.connect(proxy.address, token=TOKEN, shared_memory=False) as session,
    ):
        for _ in range(4):
            tt.tensor(array)
        session.synchronize()
        assert float(session._stream.window.rate) < 200e6
        x = tt.tensor(array)
        assert sent(session, lambda: tt.tensor(array), array) < FEW
        assert x.shape == array.shape
