"""The DataLoader in this process: what it gives, in which order, and what it refuses, against PyTorch's."""

import inspect
import traceback

import numpy as np
import pytest
import teletensor as tt
from teletensor.utils.data import DataLoader, TensorDataset

from tests.data.test_datasets import Squares, iterable, same
from tests.replay import ask, assert_alike, attempt, plain

ROWS = np.arange(14, dtype=np.float32).reshape(7, 2)


class Dicts:
    def __getitem__(self, index):
        return {"x": ROWS[index], "y": index, "name": f"row {index}"}

    def __len__(self):
        return len(ROWS)


class Many(Squares):
    """A data set that fetches several samples at once."""

    def __getitems__(self, indices):
        return [(i, len(indices)) for i in indices]


def tensors(library):
    return library.utils.data.TensorDataset(library.tensor(ROWS), library.arange(7))


LOADERS = {
    "tensors": lambda t, d: d.DataLoader(tensors(t), batch_size=3),
    "tensors without the rest": lambda t, d: d.DataLoader(tensors(t), batch_size=3, drop_last=True),
    "one by one": lambda t, d: d.DataLoader(tensors(t)),
    "dicts": lambda t, d: d.DataLoader(Dicts(), batch_size=4),
    "numbers": lambda t, d: d.DataLoader(range(5), batch_size=2),
    "samples of the test's own": lambda t, d: d.DataLoader(Squares(t), batch_size=4),
    "many at once": lambda t, d: d.DataLoader(Many(t), batch_size=4),
    "a subset": lambda t, d: d.DataLoader(d.Subset(tensors(t), [6, 0, 3]), batch_size=2),
    "joined": lambda t, d: d.DataLoader(d.ConcatDataset([tensors(t), tensors(t)]), batch_size=5),
    "without batches": lambda t, d: d.DataLoader(tensors(t), batch_size=None),
    "arrays without batches": lambda t, d: d.DataLoader(Dicts(), batch_size=None),
    "batches by a sampler": lambda t, d: d.DataLoader(tensors(t), batch_sampler=[[0, 6], [3], [1, 2, 4]]),
    "an order": lambda t, d: d.DataLoader(tensors(t), sampler=[6, 5, 5, 0], batch_size=3),
    "batches by an order": lambda t, d: d.DataLoader(tensors(t), sampler=[[6, 5], [0]], batch_size=None),
    "joined by a function": lambda t, d: d.DataLoader(Squares(t), 3, collate_fn=lambda batch: [len(batch), batch[0]]),
    "converted by a function": lambda t, d: d.DataLoader(Squares(t), None, collate_fn=lambda sample: sample + 1),
    "a stream": lambda t, d: d.DataLoader(iterable(t, 1, 2, 3, 4, 5), batch_size=2),
    "a stream without the rest": lambda t, d: d.DataLoader(iterable(t, 1, 2, 3, 4, 5), batch_size=2, drop_last=True),
    "a stream without batches": lambda t, d: d.DataLoader(iterable(t, 1, 2.5, np.ones(2)), batch_size=None),
}


@pytest.mark.parametrize("name", LOADERS)
def test_batches_are_pytorchs(name):
    def run(library):
        loader = LOADERS[name](library, library.utils.data)
        return [list(loader), list(loader), len(loader), loader.batch_size, loader.drop_last]

    same(run)


def test_it_takes_pytorchs_arguments():
    def arguments(library):
        return [[p.name, repr(p.default)] for p in inspect.signature(library.utils.data.DataLoader).parameters.values()]

    assert arguments(tt)[:-2] == ask(arguments)
    assert arguments(tt)[-2:] == [["device", "None"], ["prefetch_bytes", str(256 << 20)]]


ERRORS = {
    "workers": lambda t, d: d.DataLoader([1], num_workers=-1),
    "timeout": lambda t, d: d.DataLoader([1], timeout=-1),
    "ahead without workers": lambda t, d: d.DataLoader([1], prefetch_factor=2),
    "negative ahead": lambda t, d: d.DataLoader([1], num_workers=1, prefetch_factor=-1),
    "persistent nobody": lambda t, d: d.DataLoader([1], persistent_workers=True),
    "shuffled order": lambda t, d: d.DataLoader([1], shuffle=True, sampler=[0]),
    "batch sampler and size": lambda t, d: d.DataLoader([1], batch_size=3, batch_sampler=[[0]]),
    "batch sampler and shuffle": lambda t, d: d.DataLoader([1], shuffle=True, batch_sampler=[[0]]),
    "no batches dropped": lambda t, d: d.DataLoader([1], batch_size=None, drop_last=True),
    "shuffled stream": lambda t, d: d.DataLoader(iterable(t, 1), shuffle=True),
    "ordered stream": lambda t, d: d.DataLoader(iterable(t, 1), sampler=[0]),
    "nothing to shuffle": lambda t, d: d.DataLoader([], shuffle=True),
    "batch size": lambda t, d: d.DataLoader([1], batch_size=0),
    "context": lambda t, d: d.DataLoader([1], multiprocessing_context="fork"),
    "changed later": lambda t, d: setattr(d.DataLoader([1]), "batch_size", 3),
    "changed data": lambda t, d: setattr(d.DataLoader([1]), "dataset", [2]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_a_wrong_call_fails_as_in_pytorch(name):
    def run(library):
        return attempt(ERRORS[name], library, library.utils.data)

    theirs = ask(run)
    assert "error" in theirs
    assert_alike(plain(run(tt)), theirs)


def test_shuffling_gives_every_sample_once_in_an_order_that_the_seed_fixes():
    data = TensorDataset(tt.arange(50))
    tt.manual_seed(1)
    loader = DataLoader(data, batch_size=8, shuffle=True)
    first, second = ([i for (batch,) in loader for i in batch.tolist()] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    tt.manual_seed(1)
    assert [i for (batch,) in loader for i in batch.tolist()] == first
    own = DataLoader(data, batch_size=8, shuffle=True, generator=tt.Generator().manual_seed(2))
    assert [i for (batch,) in own for i in batch.tolist()] != first


def test_a_batch_may_be_written_into():
    for device in ("cpu",):
        data = TensorDataset(tt.arange(6, device=device))
        for (batch,) in DataLoader(data, batch_size=6):
            batch.zero_()
        assert data.tensors[0].tolist() == list(range(6))


def test_a_tensor_data_set_with_samples_of_its_own_is_asked_for_them():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0] * 2

    (batch,) = DataLoader(Doubled(tt.arange(3)), batch_size=3)
    assert batch.tolist() == [0, 2, 4]


class Broken:
    def __getitem__(self, index):
        if index == 5:
            raise ZeroDivisionError("no sample")
        return index

    def __len__(self):
        return 8


def fails(loader):
    """The error of a pass over a loader, as the user would see it printed."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (each test says which)
        list(loader)
    return caught.value, "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_the_data_set_names_the_sample_and_keeps_its_traceback(workers):
    error, text = fails(DataLoader(Broken(), batch_size=4, num_workers=workers))
    assert type(error) is ZeroDivisionError
    assert error.__notes__ == ["while Broken fetched sample 5"]
    assert 'raise ZeroDivisionError("no sample")' in text


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_collation_names_the_samples(workers):
    def join(batch):
        return batch[0] / 0

    error, text = fails(DataLoader(range(8), batch_size=4, collate_fn=join, num_workers=workers))
    assert type(error) is ZeroDivisionError
    assert "joined the samples [0, 1, 2, 3]" in error.__notes__[0]
    assert "join" in error.__notes__[0]
    assert "return batch[0] / 0" in text


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_stream_says_how_far_it_came(workers):
    class Stream(tt.utils.data.IterableDataset):
        def __iter__(self):
            yield from (1, 2, 3)
            raise OSError("the file ends early")

    error, text = fails(DataLoader(Stream(), batch_size=2, num_workers=workers))
    assert type(error) is OSError
    assert error.__notes__ == ["while Stream gave sample number 3 of its pass"]
    assert "the file ends early" in text


def test_an_index_out_of_range_of_tensors_names_the_samples():
    error, _ = fails(DataLoader(TensorDataset(tt.arange(3)), sampler=[0, 7], batch_size=2))
    assert isinstance(error, IndexError)
    assert error.__notes__ == ["while TensorDataset fetched the samples [0, 7]"]


def test_samples_that_do_not_fit_together_fail_as_in_pytorch():
    class Growing:
        def __getitem__(self, index):
            return np.ones(index + 1, np.float32)

        def __len__(self):
            return 3

    error, _ = fails(DataLoader(Growing(), batch_size=3))
    assert isinstance(error, RuntimeError)
    assert "stack expects each tensor to be equal size, but got [1] at entry 0 and [2] at entry 1" in str(error)


def test_stop_iteration_in_a_data_set_is_an_error_and_not_the_end():
    class Ends:
        def __getitem__(self, index):
            raise StopIteration

        def __len__(self):
            return 3

    with pytest.raises(RuntimeError, match="StopIteration"):
        list(DataLoader(Ends()))
