"""What waits and what does not, counted by `session.stats()`."""

from __future__ import annotations

import numpy as np
import pytest
import teletensor as tt
from teletensor import nn
from teletensor.nn import functional as F
from teletensor.remote import RemoteSession
from teletensor.session import Stats

from tests.workers import WorkerProcess


class Counted:
    """What the `with` block has cost."""

    def __init__(self, session: RemoteSession) -> None:
        self._session = session

    def __enter__(self) -> Counted:
        self._before = self._session.stats()
        return self

    def __exit__(self, *exc: object) -> None:
        self.cost: Stats = self._session.stats() - self._before


class Training:
    """A small classifier, and one step of its training."""

    def __init__(self) -> None:
        tt.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 4))
        self.optimizer = tt.optim.Adam(self.model.parameters(), lr=1e-2)
        self.x, self.y = tt.randn(8, 16), tt.randint(0, 4, (8,))

    def step(self) -> tt.Tensor:
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(self.x), self.y)
        loss.backward()
        self.optimizer.step()
        return loss


def test_a_training_step_that_reads_nothing_waits_for_nothing(session: RemoteSession) -> None:
    training = Training()
    training.step()
    with Counted(session) as counted:
        for _ in range(10):
            training.step()
    assert counted.cost.round_trips == 0
    assert 0 < counted.cost.commands <= 10 * 20


def test_a_training_step_that_reads_its_loss_waits_once(session: RemoteSession) -> None:
    training = Training()
    training.step()
    with Counted(session) as counted:
        losses = [training.step().item() for _ in range(10)]
    assert counted.cost.round_trips == 10
    assert losses[-1] < losses[0]


def test_backward_and_the_optimiser_are_one_command_each(session: RemoteSession) -> None:
    training = Training()
    training.step()
    loss = F.cross_entropy(training.model(training.x), training.y)
    training.optimizer.zero_grad()
    with Counted(session) as backward:
        loss.backward()
    assert backward.cost.commands == 1
    with Counted(session) as step:
        training.optimizer.step()
    assert step.cost.commands == 1


@pytest.mark.parametrize(
    ("what", "read"),
    [
        ("item", lambda x: x.sum().item()),
        ("tolist", lambda x: x.tolist()),
        ("bool", lambda x: bool(x.sum() > 0)),
        ("cpu", lambda x: x.cpu()),
        ("nonzero", lambda x: x.nonzero().shape),
        ("a mask", lambda x: x[x > 0].shape),
        ("unique", lambda x: tt.unique(x).shape),
    ],
)
def test_reading_waits_once(session: RemoteSession, what: str, read: object) -> None:
    x = tt.arange(6.0)
    with Counted(session) as counted:
        read(x)  # type: ignore[operator]
    assert counted.cost.round_trips == 1, what


def test_shapes_and_dtypes_are_known_without_waiting(session: RemoteSession) -> None:
    x = tt.arange(12.0).reshape(3, 4)
    with Counted(session) as counted:
        y = (x @ x.T).softmax(-1).sum(0)
        assert (y.shape, y.dtype, y.ndim, y.device) == ((3,), tt.float32, 1, session.device)
    assert counted.cost.round_trips == 0


def test_many_tensors_are_read_in_one_round_trip(session: RemoteSession) -> None:
    tensors = [tt.full((i + 1,), i) for i in range(200)]
    tensors.append(tt.arange(1 << 19, dtype=tt.float64))
    tensors.append(tensors[-1].reshape(2, -1).T)
    with Counted(session) as counted:
        arrays = session.read([t._ref for t in tensors])
    assert counted.cost.round_trips == 1
    for i in range(200):
        np.testing.assert_array_equal(arrays[i], np.full(i + 1, i))
    np.testing.assert_array_equal(arrays[-2], np.arange(1 << 19))
    np.testing.assert_array_equal(arrays[-1], np.arange(1 << 19).reshape(2, -1).T)


def test_printing_a_large_tensor_fetches_its_edges(session: RemoteSession) -> None:
    x = tt.zeros(4000, 4000)
    session.synchronize()
    with Counted(session) as counted:
        text = repr(x)
    assert "..." in text
    assert counted.cost.round_trips == 1
    assert counted.cost.bytes_received + counted.cost.bytes_shared < 10_000


def test_small_ops_share_messages(session: RemoteSession) -> None:
    x = tt.ones(8)
    session.synchronize()
    with Counted(session) as counted:
        for _ in range(10_000):
            x = x + 1
        session.synchronize()
    assert counted.cost.commands >= 10_000
    assert counted.cost.batches < 1_000


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "stream"])
def test_stats_count_bytes_both_ways(worker: WorkerProcess, shared: bool) -> None:
    data = np.zeros(1 << 20, np.uint8)
    with tt.connect(worker.grpc, token=worker.token, shared_memory=shared) as session:
        with Counted(session) as sending:
            x = tt.from_numpy(data).to(session.device)
            session.synchronize()
        with Counted(session) as receiving:
            x.cpu()
    for cost, streamed in (
        (sending.cost, sending.cost.bytes_sent),
        (receiving.cost, receiving.cost.bytes_received),
    ):
        assert cost.bytes_shared == (1 << 20 if shared else 0)
        assert (1 << 20) <= streamed + cost.bytes_shared < (1 << 20) + 1000


def test_a_copy_here_is_the_memory_that_was_received(session: RemoteSession, monkeypatch: pytest.MonkeyPatch) -> None:
    x = tt.arange(12.0).reshape(3, 4)
    received, read = [], RemoteSession.read

    def noting(self: RemoteSession, refs: list[int]) -> list[np.ndarray]:
        received.extend(read(self, refs))
        return received[-1:]

    monkeypatch.setattr(RemoteSession, "read", noting)
    first, second = x.cpu(), x.cpu()
    assert np.shares_memory(first.numpy(), received[0])
    assert np.shares_memory(second.numpy(), received[1])
    first.add_(1)
    assert second.tolist() == x.tolist() == np.arange(12.0).reshape(3, 4).tolist()
