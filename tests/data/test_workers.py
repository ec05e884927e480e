"""The DataLoader's threads: order, ahead of use, random numbers, streams, and their end."""

import gc
import threading

import pytest
import teletensor as tt
from teletensor.utils.data import DataLoader, IterableDataset, get_worker_info

WAIT = 20


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("teletensor-loader")]


@pytest.fixture(autouse=True)
def no_thread_stays():
    yield
    gc.collect()
    for thread in threads():
        thread.join(WAIT)
    assert not threads()


def test_batches_come_in_order_from_several_threads():
    class Waits:
        """The first batch is not done before the second."""

        second = threading.Event()

        def __getitem__(self, index):
            if index == 0:
                assert self.second.wait(WAIT)
            if index == 3:
                self.second.set()
            return index

        def __len__(self):
            return 8

    batches = list(DataLoader(Waits(), batch_size=2, num_workers=2))
    assert [batch.tolist() for batch in batches] == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_without_order_the_first_that_is_done_comes_first():
    class Waits:
        later = threading.Event()

        def __getitem__(self, index):
            if index == 0:
                assert self.later.wait(WAIT)
            return index

        def __len__(self):
            return 4

    data = Waits()
    loader = iter(DataLoader(data, batch_size=1, num_workers=2, in_order=False))
    assert next(loader).item() == 1
    data.later.set()
    assert sorted(batch.item() for batch in loader) == [0, 2, 3]


@pytest.mark.parametrize(("workers", "factor"), [(2, 3), (1, None), (3, 1)])
def test_no_more_than_asked_for_is_fetched_ahead(workers, factor):
    class Counts:
        asked = 0

        def __getitem__(self, index):
            type(self).asked = max(self.asked, index + 1)
            return index

        def __len__(self):
            return 100

    ahead = workers * (2 if factor is None else factor)
    loader = iter(DataLoader(Counts(), num_workers=workers, prefetch_factor=factor))
    for taken in range(1, 30):
        next(loader)
        assert Counts.asked <= taken + ahead


def test_threads_work_at_the_same_time():
    class Meets:
        barrier = threading.Barrier(3)

        def __getitem__(self, index):
            self.barrier.wait(WAIT)
            return get_worker_info().id

        def __len__(self):
            return 6

    assert [batch.item() for batch in DataLoader(Meets(), num_workers=3)] == [0, 1, 2, 0, 1, 2]


def test_worker_info_and_init_are_those_of_the_thread():
    class Tells:
        def __getitem__(self, index):
            info = get_worker_info()
            return info.id, info.num_workers, info.seed - info.id, info.dataset is self

        def __len__(self):
            return 4

    started = []
    rows = list(DataLoader(Tells(), num_workers=2, batch_size=None, worker_init_fn=started.append, collate_fn=tuple))
    assert sorted(started) == [0, 1]
    assert [row[:2] for row in rows] == [(0, 2), (1, 2), (0, 2), (1, 2)]
    assert len({row[2] for row in rows}) == 1
    assert all(row[3] for row in rows)
    assert get_worker_info() is None


def test_an_error_in_init_is_the_error_of_the_pass():
    def init(number):
        raise OSError("no file")

    with pytest.raises(OSError, match="no file") as caught:
        list(DataLoader(range(4), num_workers=2, worker_init_fn=init))
    assert "in worker_init_fn" in caught.value.__notes__[0]


class Noise:
    def __getitem__(self, index):
        return tt.rand(3)

    def __len__(self):
        return 12


def drawn(**options):
    return [batch.tolist() for batch in DataLoader(Noise(), batch_size=2, **options)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_random_numbers_in_samples_are_fixed_by_the_seed(workers):
    tt.manual_seed(4)
    first = drawn(num_workers=workers)
    tt.manual_seed(4)
    assert drawn(num_workers=workers) == first
    assert drawn(num_workers=workers) != first
    flat = [number for batch in first for row in batch for number in row]
    assert len(set(flat)) == len(flat)


def test_what_threads_draw_leaves_the_programs_numbers_alone():
    after = []
    for _ in range(2):
        tt.manual_seed(4)
        drawn(num_workers=2)
        after.append(tt.rand(3).tolist())
    assert after[0] == after[1]


def test_persistent_threads_stay_for_the_next_pass_and_draw_anew():
    loader = DataLoader(Noise(), batch_size=2, num_workers=2, persistent_workers=True)
    tt.manual_seed(4)
    first = [batch.tolist() for batch in loader]
    before = threads()
    assert len(before) == 2
    second = [batch.tolist() for batch in loader]
    assert threads() == before
    assert first != second
    tt.manual_seed(4)
    assert [batch.tolist() for batch in loader] == first
    del loader


def test_threads_end_with_the_pass():
    loader = DataLoader(range(40), num_workers=2)
    list(loader)
    assert not threads()


def test_threads_end_when_a_pass_is_given_up():
    loader = DataLoader(range(40), num_workers=2)
    for _ in loader:
        break
    gc.collect()
    assert not threads()
    walk = iter(loader)
    next(walk)
    assert len(threads()) == 2
    walk.close()
    assert not threads()


def test_threads_end_after_an_error():
    with pytest.raises(TypeError):
        list(DataLoader([1, None, object()], num_workers=2))
    gc.collect()
    assert not threads()


def test_a_sample_that_takes_too_long_is_an_error():
    class Hangs:
        go_on = threading.Event()

        def __getitem__(self, index):
            self.go_on.wait(WAIT)
            return index

        def __len__(self):
            return 2

    data = Hangs()
    walk = iter(DataLoader(data, num_workers=1, timeout=0.05, persistent_workers=True))
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.05 seconds"):
        next(walk)
    data.go_on.set()


class Range(IterableDataset):
    def __init__(self, start, end):
        self.start, self.end = start, end

    def __iter__(self):
        return iter(range(self.start, self.end))


def split(number):
    """Give each thread its own share of a Range: what PyTorch's documentation tells to do."""
    info = get_worker_info()
    start, end = info.dataset.start, info.dataset.end
    share = -(-(end - start) // info.num_workers)
    info.dataset.start = start + number * share
    info.dataset.end = min(start + (number + 1) * share, end)


def test_every_thread_walks_a_stream_by_itself():
    batches = [batch.tolist() for batch in DataLoader(Range(0, 3), batch_size=2, num_workers=2)]
    assert batches == [[0, 1], [0, 1], [2], [2]]


def test_threads_can_share_a_stream():
    data = Range(0, 10)
    loader = DataLoader(data, batch_size=2, num_workers=3, worker_init_fn=split)
    assert [batch.tolist() for batch in loader] == [[0, 1], [4, 5], [8, 9], [2, 3], [6, 7]]
    assert (data.start, data.end) == (0, 10)
    persistent = DataLoader(data, batch_size=None, num_workers=3, worker_init_fn=split, persistent_workers=True)
    for _ in range(2):
        assert sorted(int(x) for x in persistent) == list(range(10))
    del persistent
