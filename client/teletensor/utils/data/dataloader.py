"""The DataLoader: batches made in this process and uploaded ahead of use, or made where the data lives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import sessions
from teletensor.device import Device
from teletensor.random import Generator as RandomGenerator
from teletensor.utils.data import residents
from teletensor.utils.data.ahead import BATCHES, BYTES, ahead, moved
from teletensor.utils.data.collate import default_collate, default_convert
from teletensor.utils.data.dataset import IterableDataset
from teletensor.utils.data.fetching import MapFetcher, StreamFetcher
from teletensor.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler, drawn_seed
from teletensor.utils.data.workers import END, Team, get_worker_info

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]

_FIXED = frozenset({"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"})


class DataLoader:
    """Iterates over batches of a data set, with `torch.utils.data.DataLoader`'s arguments.

    Samples are fetched and joined in this process. The batches are then uploaded, `prefetch_factor` (2) of them ahead
    of use, or fewer that have `prefetch_bytes`, and without waiting, to `device`, or to the default device when that is
    a worker (those two arguments are our own). A TensorDataset whose tensors live on a worker, or a Subset of one, is
    shuffled and batched there.

    `num_workers` are threads of this process, not processes: they help where samples are read from disk or computed by
    code that releases the GIL, need no pickling, and share the data set, except that each gets a shallow copy of an
    IterableDataset. torch's random numbers are each thread's own and repeatable; `random`'s and NumPy's global ones are
    shared. `pin_memory` changes nothing: uploads are asynchronous anyway. An error in the data set, or in `collate_fn`,
    is raised as it is, with its traceback and a note that names the sample.
    """

    _initialized = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: RandomGenerator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
        device: Any = None,
        prefetch_bytes: int = BYTES,
    ) -> None:
        self.device = None if device is None else Device(device)
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context, device)
        self._iterable = isinstance(dataset, IterableDataset)
        _check_order(self._iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.num_workers, self.generator = dataset, num_workers, generator
        self.prefetch_factor = BATCHES if prefetch_factor is None and num_workers > 0 else prefetch_factor
        self.prefetch_bytes = prefetch_bytes
        self.pin_memory, self.pin_memory_device, self.timeout = pin_memory, pin_memory_device, timeout
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.in_order, self.persistent_workers = in_order, persistent_workers
        self.batch_size, self.drop_last = (batch_size, drop_last) if batch_sampler is None else (None, False)
        if sampler is None and not self._iterable:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is None and batch_size is not None and not self._iterable:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.sampler, self.batch_sampler = sampler, batch_sampler
        batched = batch_sampler is not None or batch_size is not None
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)
        self._team: Team | None = None
        self._initialized = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ArgumentError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    def __len__(self) -> int:
        if not self._iterable:
            return len(self.batch_sampler if self.batch_sampler is not None else self.sampler)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        # Drawn wherever the batches are made, so that the random numbers after it are the same.
        seed = drawn_seed(self.generator)
        batches = self._made_there() or self._made_here(seed)
        home = sessions.resolve(self.device)
        if self.device is None and home is sessions.local():
            return batches
        everything = self.device is not None
        count = BATCHES if self.prefetch_factor is None else self.prefetch_factor
        return ahead(batches, lambda batch: moved(batch, home, everything), count, self.prefetch_bytes)

    def _made_there(self) -> Iterator[Any] | None:
        """Batches of a data set that lives on a worker, made there."""
        if self.batch_sampler is None or self.collate_fn is not default_collate:
            return None
        found = residents.resident(self.dataset)
        return None if found is None else found.batches(self.batch_sampler)

    def _made_here(self, seed: int) -> Iterator[Any]:
        """Batches fetched in this process, by this thread or by others."""
        tasks: Any = None if self._iterable else self.sampler if self.batch_sampler is None else self.batch_sampler
        fetch: Any = MapFetcher(self.collate_fn, batched=self.batch_sampler is not None)
        if self._iterable:
            fetch = StreamFetcher(self.collate_fn, self.batch_size, self.drop_last)
        if self.num_workers == 0:
            yield from self._by_this_thread(fetch, tasks)
            return
        team = self._hired(seed)
        ahead = self.prefetch_factor or 0
        try:
            if self._iterable:
                yield from team.streamed(fetch, ahead, self.timeout)
            else:
                yield from team.fetched(fetch, iter(tasks), ahead, self.timeout, self.in_order)
        finally:
            if team is not self._team:
                team.stop()

    def _by_this_thread(self, fetch: Any, tasks: Any) -> Iterator[Any]:
        if tasks is not None:
            for task in tasks:
                yield fetch(self.dataset, task)
            return
        while (batch := fetch(self.dataset, None)) is not END:
            yield batch

    def _hired(self, seed: int) -> Team:
        """Threads for one pass; persistent ones are kept."""
        if self._team is not None:
            self._team.reseed(seed)
            return self._team
        team = Team(self.dataset, self.num_workers, seed, self.worker_init_fn, copies=self._iterable)
        if self.persistent_workers:
            self._team = team
        return team


def _check_workers(
    num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool, context: Any, device: Any
) -> None:
    if num_workers < 0:
        raise ArgumentError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ArgumentError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None and device is None:
        raise ArgumentError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ArgumentError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ArgumentError("persistent_workers option needs num_workers > 0")
    if context is not None and num_workers == 0:
        raise ArgumentError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={num_workers}"
        )
    if not isinstance(num_workers, int):
        raise ArgumentTypeError(f"num_workers should be an integer, got {type(num_workers).__name__}")


def _check_order(
    iterable: bool, batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    if iterable:
        given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
        for name, value in given.items():
            if value is not None:
                raise ArgumentError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
                )
    if sampler is not None and shuffle:
        raise ArgumentError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ArgumentError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
        )
    if batch_sampler is None and batch_size is None and drop_last:
        raise ArgumentError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
