"""Batches for a worker: uploaded ahead without waiting, or made there with nothing on the wire."""

import numpy as np
import pytest
import teletensor as tt
from teletensor.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)

from tests.training.test_cost import Cost

IMAGES = np.random.RandomState(0).standard_normal((96, 3, 20, 20)).astype(np.float32)
LABELS = np.arange(96)


def data(device="cpu"):
    return TensorDataset(tt.tensor(IMAGES, device=device), tt.tensor(LABELS, device=device))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("named", [False, True])
def test_batches_arrive_without_waiting(named, workers, session):
    loader = DataLoader(data(), 16, num_workers=workers, device="remote" if named else None)
    cost = Cost(session)
    batches = list(loader)
    assert cost.round_trips == 0
    session.synchronize()
    assert IMAGES.nbytes < cost.bytes_sent + cost.bytes_shared < IMAGES.nbytes + 20_000
    assert {x.device.type for batch in batches for x in batch} == {"remote"}
    np.testing.assert_array_equal(tt.cat([x for x, _ in batches]).cpu().numpy(), IMAGES)
    assert [i for _, y in batches for i in y.tolist()] == LABELS.tolist()


def test_batches_stay_here_when_asked_to(session):
    cost = Cost(session)
    assert {x.device.type for x, _ in DataLoader(data(), 16, device="cpu")} == {"cpu"}
    with tt.device("cpu"):
        assert {x.device.type for x, _ in DataLoader(data(), 16)} == {"cpu"}
    assert cost.commands == 0


@pytest.mark.parametrize("factor", [1, 3])
def test_uploads_are_ahead_of_use(factor, session):
    seen = []

    class Watched:
        def __getitem__(self, index):
            seen.append(index)
            return np.float32(index)

        def __len__(self):
            return 10

    loader = iter(DataLoader(Watched(), 1, device="remote", prefetch_factor=factor))
    next(loader)
    assert seen == list(range(factor + 1))
    next(loader)
    assert seen == list(range(factor + 2))


@pytest.mark.parametrize(("budget", "ahead"), [(0, 0), (399, 0), (400, 1), (800, 2), (10_000, 3)])
def test_uploads_ahead_stay_within_a_budget_of_bytes(budget, ahead, session):
    seen = []

    class Watched:
        def __getitem__(self, index):
            seen.append(index)
            return {"x": (np.full(100, index, np.float32),)}

        def __len__(self):
            return 10

    loader = DataLoader(Watched(), 1, device="remote", prefetch_factor=3, prefetch_bytes=budget)
    batches = iter(loader)
    first = next(batches)
    assert seen == list(range(ahead + 1))
    rest = list(batches)
    assert [int(batch["x"][0][0, 0]) for batch in [first, *rest]] == list(range(10))


def test_every_kind_of_batch_is_uploaded(session):
    class Mixed:
        def __getitem__(self, index):
            return {"x": np.ones(2), "names": (f"n{index}", index), "more": [tt.ones(1)]}

        def __len__(self):
            return 4

    (batch,) = DataLoader(Mixed(), 4)
    assert batch["x"].device.type == batch["names"][1].device.type == batch["more"][0].device.type == "remote"
    assert batch["names"][0] == ("n0", "n1", "n2", "n3")


def resident(session):
    there = data("remote")
    session.synchronize()
    return there


def orders(loader):
    return [y.tolist() for _, y in loader]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_a_data_set_on_the_worker_is_batched_there(shuffle, drop_last, session):
    there = resident(session)
    loader = DataLoader(there, 20, shuffle=shuffle, drop_last=drop_last)
    tt.manual_seed(7)
    cost = Cost(session)
    batches = list(loader)
    assert cost.round_trips == 0
    session.synchronize()
    # Acknowledgements only.
    assert cost.bytes_received + cost.bytes_shared < 200
    # Commands only: less than half a batch's labels alone would take.
    assert cost.bytes_sent + cost.bytes_shared < 3000
    assert {x.device.type for batch in batches for x in batch} == {"remote"}
    tt.manual_seed(7)
    here = list(DataLoader(data(), 20, shuffle=shuffle, drop_last=drop_last, device="cpu"))
    assert len(batches) == len(here) == len(loader)
    for a, b in zip(batches, here, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x.cpu().numpy(), y.numpy())


def test_a_batch_made_on_the_worker_costs_a_few_words(session):
    loader = DataLoader(TensorDataset(tt.ones(6400, 50), tt.arange(6400)), 64, shuffle=True)
    list(loader)
    cost = Cost(session)
    for _batch in loader:
        pass
    assert cost.waits == 0
    session.synchronize()
    # Commands for the indices and two tensors, five words each, and releases; the rows have 13 kB.
    assert (cost.bytes_sent + cost.bytes_shared) / 100 < 300
    assert cost.bytes_received < 1000


def test_an_epoch_on_the_worker_costs_the_same_for_any_size_of_sample(session):
    sent = []
    for width in (1, 1000):
        loader = DataLoader(TensorDataset(tt.ones(64, width)), 16, shuffle=True)
        list(loader)
        cost = Cost(session)
        list(loader)
        session.synchronize()
        sent.append(cost.bytes_sent + cost.bytes_shared)
    assert abs(sent[0] - sent[1]) < 200


@pytest.mark.parametrize("shuffle", [False, True])
def test_subsets_of_a_data_set_on_the_worker_are_batched_there(shuffle, session):
    here, there = data(), resident(session)
    for take in (
        lambda whole: Subset(whole, [5, 90, 17, 2, 2]),
        lambda whole: random_split(whole, [0.5, 0.5], generator=tt.Generator().manual_seed(1))[1],
        lambda whole: Subset(Subset(whole, list(range(10, 60))), [3, 0, 49]),
    ):
        tt.manual_seed(7)
        expected = orders(DataLoader(take(here), 4, shuffle=shuffle, device="cpu"))
        tt.manual_seed(7)
        cost = Cost(session)
        batches = list(DataLoader(take(there), 4, shuffle=shuffle))
        assert cost.round_trips == 0
        session.synchronize()
        assert cost.bytes_sent + cost.bytes_shared < 8000
        assert orders(batches) == expected


def test_any_sampler_works_on_the_worker_with_indices_on_the_wire(session):
    here, there = data(), resident(session)
    for sampler in (
        lambda: {"sampler": WeightedRandomSampler(np.linspace(0, 1, 96), 30), "batch_size": 8},
        lambda: {"sampler": RandomSampler(LABELS, replacement=True, num_samples=30), "batch_size": 8},
        lambda: {"batch_sampler": BatchSampler([4, 4, 7], 2, False)},
        lambda: {"batch_sampler": [[0, 95], [3]]},
    ):
        tt.manual_seed(3)
        expected = orders(DataLoader(here, **sampler(), device="cpu"))
        tt.manual_seed(3)
        assert orders(DataLoader(there, **sampler())) == expected


def test_a_batch_on_the_worker_may_be_written_into(session):
    there = resident(session)
    for _, labels in DataLoader(there, 96):
        labels.zero_()
    assert there.tensors[1].tolist() == LABELS.tolist()


def test_an_error_in_a_batch_that_was_on_its_way_leaves_the_session_usable(session):
    class Broken:
        def __getitem__(self, index):
            if index == 20:
                raise ValueError("broken")
            return IMAGES[index]

        def __len__(self):
            return 96

    with pytest.raises(ValueError, match="broken") as caught:
        list(DataLoader(Broken(), 4, device="remote"))
    assert caught.value.__notes__ == ["while Broken fetched sample 20"]
    assert tt.ones(2).sum().item() == 2
