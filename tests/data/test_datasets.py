"""Data sets, samplers and collation, against PyTorch's."""

from collections import OrderedDict, UserDict, namedtuple

import numpy as np
import pytest
import teletensor as tt

from tests.replay import ask, assert_alike, attempt, plain

Point = namedtuple("Point", "x y")


class Squares:
    """A data set of the test's own, in either library."""

    def __init__(self, library, count=10):
        self.library, self.count = library, count

    def __getitem__(self, index):
        if not -self.count <= index < self.count:
            raise IndexError(index)
        return self.library.tensor(index * index)

    def __len__(self):
        return self.count


def iterable(library, *values):
    class Row(library.utils.data.IterableDataset):
        def __iter__(self):
            return iter(values)

        def __len__(self):
            return len(values)

    return Row()


def same(run, tolerance=0):
    assert_alike(plain(run(tt)), ask(run), tolerance)


DATASETS = {
    "TensorDataset": lambda t, d: d.TensorDataset(t.arange(6).reshape(3, 2), t.tensor([5, 6, 7])),
    "ConcatDataset": lambda t, d: d.ConcatDataset([Squares(t, 2), [7, 8], Squares(t, 3)]),
    "sum": lambda t, d: d.TensorDataset(t.arange(2)) + d.TensorDataset(t.arange(3)),
    "Subset": lambda t, d: d.Subset(Squares(t), [5, 3, 3, 9]),
    "Subset of a Subset": lambda t, d: d.Subset(d.Subset(Squares(t), [5, 3, 3, 9]), [3, 0]),
    "StackDataset": lambda t, d: d.StackDataset(Squares(t, 3), [7, 8, 9]),
    "StackDataset of names": lambda t, d: d.StackDataset(a=Squares(t, 3), b=["x", "y", "z"]),
}


@pytest.mark.parametrize("name", DATASETS)
def test_samples_are_pytorchs(name):
    def run(library):
        dataset = DATASETS[name](library, library.utils.data)
        samples = [dataset[i] for i in range(len(dataset))]
        many = getattr(dataset, "__getitems__", None)
        return [samples, len(dataset), many([2, 0]) if many and len(dataset) > 2 else None]

    same(run)


def test_chained_data_sets_give_one_after_another():
    def run(library):
        data = library.utils.data
        chain = iterable(library, 1, 2) + iterable(library, 3)
        return [list(chain), len(chain), list(data.ChainDataset([iterable(library, 4), chain]))]

    same(run)


ERRORS = {
    "sizes": lambda t, d: d.TensorDataset(t.ones(2), t.ones(3)),
    "no parts": lambda t, d: d.ConcatDataset([]),
    "iterable part": lambda t, d: d.ConcatDataset([iterable(t, 1)]),
    "far below": lambda t, d: d.ConcatDataset([[1, 2]])[-3],
    "map-style link": lambda t, d: list(d.ChainDataset([[1, 2]])),
    "no stack": lambda t, d: d.StackDataset(),
    "mixed stack": lambda t, d: d.StackDataset([1], a=[2]),
    "uneven stack": lambda t, d: d.StackDataset([1], [1, 2]),
    "half a subclass": lambda t, d: type("Half", (d.Subset,), {"__getitem__": lambda self, i: i})([1], [0]),
    "no items": lambda t, d: d.Dataset()[0],
    "split sum": lambda t, d: d.random_split([1, 2, 3], [1, 1]),
    "split fractions": lambda t, d: d.random_split([1, 2, 3], [1.5, -0.5]),
    "samples": lambda t, d: d.RandomSampler([1], num_samples=0),
    "no samples": lambda t, d: d.RandomSampler([]),
    "replacement": lambda t, d: d.RandomSampler([1], replacement="a"),
    "weighted samples": lambda t, d: d.WeightedRandomSampler([1.0], 0),
    "weighted replacement": lambda t, d: d.WeightedRandomSampler([1.0], 1, replacement=3),
    "weights": lambda t, d: d.WeightedRandomSampler([[1.0]], 1),
    "batch size": lambda t, d: d.BatchSampler([1], 0, False),
    "drop last": lambda t, d: d.BatchSampler([1], 1, 3),
    "rank": lambda t, d: d.DistributedSampler([1], 2, 2),
    "collate objects": lambda t, d: d.default_collate([object]),
    "collate text": lambda t, d: d.default_collate([np.array(["a"])]),
    "collate uneven": lambda t, d: d.default_collate([[1], [1, 2]]),
    "collate shapes": lambda t, d: d.default_collate([t.ones(2), t.ones(3)]),
    "collate arrays": lambda t, d: d.default_collate([np.ones(2), np.ones(3)]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    def run(library):
        return attempt(ERRORS[name], library, library.utils.data)

    theirs = ask(run)
    assert "error" in theirs
    ours = plain(run(tt))
    assert_alike(ours, theirs)


COLLATED = {
    "tensors": lambda t: [t.ones(2), t.zeros(2)],
    "arrays": lambda t: [np.ones((2, 2), np.float16), np.zeros((2, 2), np.float16)],
    "numbers of NumPy": lambda t: [np.float32(1), np.float32(2)],
    "bools of NumPy": lambda t: [np.bool_(True), np.bool_(False)],
    "floats": lambda t: [1.5, 2.5],
    "ints": lambda t: [1, 2],
    "bools": lambda t: [True, False],
    "text": lambda t: ["a", "b"],
    "tuples": lambda t: [(t.ones(1), 3, "a"), (t.zeros(1), 4, "b")],
    "lists": lambda t: [[1, [2.5, "a"]], [3, [4.5, "b"]]],
    "dicts": lambda t: [{"x": 1, "y": (2, t.ones(1))}, {"x": 3, "y": (4, t.zeros(1))}],
    "an empty tensor": lambda t: [t.ones(0), t.ones(0)],
}


@pytest.mark.parametrize("name", COLLATED)
def test_collation_is_pytorchs(name):
    same(lambda library: library.utils.data.default_collate(COLLATED[name](library)))


@pytest.mark.parametrize("name", COLLATED)
def test_conversion_is_pytorchs(name):
    def run(library):
        converted = library.utils.data.default_convert(COLLATED[name](library)[0])
        return [converted, type(converted).__name__]

    same(run)


def test_containers_keep_their_types():
    collate = tt.utils.data.default_collate
    named = collate([Point(1, "a"), Point(2, "b")])
    assert isinstance(named, Point)
    assert named.x.tolist() == [1, 2]
    assert type(collate([OrderedDict(a=1), OrderedDict(a=2)])) is OrderedDict
    assert type(collate([UserDict(a=1), UserDict(a=2)])) is UserDict
    assert type(collate([(1,), (2,)])) is list
    assert collate([(1, b"x"), (2, b"y")])[1] == (b"x", b"y")


def test_a_type_of_the_users_own_can_be_collated():
    class Graph:
        def __init__(self, size):
            self.size = size

    def graphs(batch, *, collate_fn_map=None):
        return sum(graph.size for graph in batch)

    from teletensor.utils.data.collate import collate, default_collate_fn_map

    batch = [(Graph(2), 1), (Graph(3), 2)]
    total, numbers = collate(batch, collate_fn_map={Graph: graphs, **default_collate_fn_map})
    assert total == 5
    assert numbers.tolist() == [1, 2]


@pytest.mark.parametrize(
    "lengths", [[7, 3], [0.5, 0.5], [0.35, 0.65], [1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7], [1.0], [0, 10]]
)
def test_splits_have_pytorchs_sizes_and_every_sample_once(lengths):
    def run(library):
        return [len(part) for part in library.utils.data.random_split(range(10), lengths)]

    same(run)
    parts = tt.utils.data.random_split(range(10), lengths, generator=tt.Generator().manual_seed(1))
    assert sorted(i for part in parts for i in part.indices) == list(range(10))
    again = tt.utils.data.random_split(range(10), lengths, generator=tt.Generator().manual_seed(1))
    assert [part.indices for part in parts] == [part.indices for part in again]


def test_an_empty_split_is_warned_of():
    with pytest.warns(UserWarning, match="Length of split at index 0 is 0"):
        tt.utils.data.random_split(range(3), [0.0, 1.0])


def test_samplers_in_fixed_order_are_pytorchs():
    def run(library):
        data = library.utils.data
        return [
            list(data.SequentialSampler(range(4))),
            list(data.BatchSampler(range(7), 3, False)),
            list(data.BatchSampler(range(7), 3, True)),
            len(data.BatchSampler(range(7), 3, False)),
            len(data.BatchSampler(range(7), 3, True)),
            [list(data.DistributedSampler(range(7), 3, rank, shuffle=False)) for rank in range(3)],
            [list(data.DistributedSampler(range(7), 3, rank, shuffle=False, drop_last=True)) for rank in range(3)],
            [len(data.DistributedSampler(range(7), 3, 0, drop_last=last)) for last in (False, True)],
            list(data.DistributedSampler(range(1), 3, 2, shuffle=False)),
        ]

    same(run)


def test_random_orders_are_permutations_that_the_seed_fixes():
    data = tt.utils.data
    for sampler, count in (
        (data.RandomSampler(range(50)), 50),
        (data.RandomSampler(range(50), num_samples=120), 120),
        (data.SubsetRandomSampler(range(50)), 50),
    ):
        tt.manual_seed(3)
        first, second = list(sampler), list(sampler)
        tt.manual_seed(3)
        assert list(sampler) == first
        assert second != first
        assert len(first) == len(sampler) == count
        assert sorted(first[:50]) == list(range(50))


def test_draws_with_replacement_repeat_and_weights_count():
    data = tt.utils.data
    drawn = list(data.RandomSampler(range(10), replacement=True, num_samples=5000))
    np.testing.assert_allclose(np.bincount(drawn, minlength=10) / 5000, 0.1, atol=0.02)
    drawn = list(data.WeightedRandomSampler([0.1, 0.0, 0.6, 0.3], 5000))
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 5000, [0.1, 0, 0.6, 0.3], atol=0.03)
    assert sorted(data.WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False)) == [0, 1, 2]


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    tt.manual_seed(0)
    before = tt.get_rng_state().tolist()
    sampler = tt.utils.data.RandomSampler(range(9), generator=tt.Generator().manual_seed(5))
    assert list(sampler) != list(sampler)
    assert tt.get_rng_state().tolist() == before


def test_epochs_reorder_a_shared_data_set_alike_for_every_rank():
    ranks = [tt.utils.data.DistributedSampler(range(10), 2, rank, seed=4) for rank in range(2)]
    first = [list(rank) for rank in ranks]
    assert sorted(first[0] + first[1]) == list(range(10))
    for rank in ranks:
        rank.set_epoch(1)
    second = [list(rank) for rank in ranks]
    assert sorted(second[0] + second[1]) == list(range(10))
    assert first != second
    with pytest.raises(RuntimeError, match="Requires distributed package"):
        tt.utils.data.DistributedSampler(range(3))
