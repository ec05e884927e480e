"""Making one batch in this process: fetch its samples and join them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from teletensor import sessions
from teletensor.utils.data.collate import default_collate
from teletensor.utils.data.dataset import TensorDataset, fetch, noted
from teletensor.utils.data.workers import END, get_worker_info

Collate = Callable[..., Any]


class MapFetcher:
    """`fetcher(dataset, indices)`: the batch, on cpu. Not `batched`, `fetcher(dataset, index)`: the sample."""

    def __init__(self, collate: Collate, batched: bool) -> None:
        self.collate, self.batched = collate, batched

    def __call__(self, dataset: Any, task: Any) -> Any:
        """The batch of the samples that `task` names."""
        with sessions.here():
            if not self.batched:
                with noted(f"while {type(dataset).__name__} fetched sample {task}"):
                    return self.collate(dataset[task])
            if self.collate is default_collate and is_plain_tensors(dataset):
                with noted(f"while {type(dataset).__name__} fetched the samples {list(task)[:10]}"):
                    return list(dataset[list(task)])
            samples = fetch(dataset, list(task))
            with noted(f"while {_name(self.collate)} joined the samples {list(task)[:10]}"):
                return self.collate(samples)


class StreamFetcher:
    """`fetcher(dataset, None)`: the next batch of an iterable data set, or END. Each thread walks its own data set."""

    def __init__(self, collate: Collate, batch_size: int | None, drop_last: bool) -> None:
        self.collate, self.batch_size, self.drop_last = collate, batch_size, drop_last
        self._walks: dict[int, Iterator[Any]] = {}

    def __call__(self, dataset: Any, task: None) -> Any:
        """The next batch of this thread's walk."""
        info = get_worker_info()
        number = -1 if info is None else info.id
        with sessions.here():
            walk = self._walks.get(number)
            if walk is None:
                walk = self._walks[number] = _numbered(dataset)
            if self.batch_size is None:
                sample = next(walk, END)
                return sample if sample is END else self.collate(sample)
            samples = list(itertools.islice(walk, self.batch_size))
            if not samples or (self.drop_last and len(samples) < self.batch_size):
                return END
            with noted(f"while {_name(self.collate)} joined {len(samples)} samples of {type(dataset).__name__}"):
                return self.collate(samples)


def _numbered(dataset: Any) -> Iterator[Any]:
    """The samples; an error says how many came before."""
    count = 0
    walk = iter(dataset)
    while True:
        with noted(f"while {type(dataset).__name__} gave sample number {count} of its pass"):
            try:
                sample = next(walk)
            except StopIteration:
                return
        yield sample
        count += 1


def is_plain_tensors(dataset: Any) -> bool:
    """Whether a data set is a TensorDataset whose samples are its rows, so that many can be taken at once."""
    return isinstance(dataset, TensorDataset) and type(dataset).__getitem__ is TensorDataset.__getitem__


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__qualname__)
