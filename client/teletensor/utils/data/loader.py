"""The DataLoader: batches of a data set, fetched in this process and, if asked, uploaded ahead of use."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from teletensor_core.errors import ArgumentError

from teletensor import sessions
from teletensor.device import Device
from teletensor.random import Generator
from teletensor.tensor import Tensor
from teletensor.utils.data.collate import default_collate
from teletensor.utils.data.dataset import IterableDataset, TensorDataset
from teletensor.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler

_CPU = Device("cpu")


class DataLoader:
    """Iterates over batches of a data set, with `torch.utils.data.DataLoader`'s arguments.

    `num_workers` threads fetch samples ahead, in order. `device` (our own) uploads each batch `prefetch_factor` batches
    before it is used; `pin_memory=True` does the same to the default device when a worker is connected. A TensorDataset
    whose tensors live on a worker is batched there: only indices travel.
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None, batch_sampler: Any = None,
        num_workers: int = 0, collate_fn: Callable[[list[Any]], Any] | None = None, pin_memory: bool = False,
        drop_last: bool = False, timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None, generator: Generator | None = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True, device: Any = None,
    ) -> None:  # fmt: skip
        _check(dataset, shuffle, sampler, batch_sampler, batch_size, drop_last, num_workers, timeout)
        self.dataset, self.num_workers, self.drop_last, self.generator = dataset, num_workers, drop_last, generator
        self.pin_memory, self.timeout, self.worker_init_fn = pin_memory, timeout, worker_init_fn
        self.prefetch_factor = 2 if prefetch_factor is None else prefetch_factor
        self.device = None if device is None else Device(device)
        self.batch_size = batch_size if batch_sampler is None else None
        self.sampler = sampler
        if sampler is None and not isinstance(dataset, IterableDataset):
            self.sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        self.batch_sampler: Any = batch_sampler
        if batch_sampler is None and batch_size is not None and self.sampler is not None:
            self.batch_sampler = BatchSampler(self.sampler, batch_size, drop_last)
        self.collate_fn = collate_fn or (
            default_collate if batch_size is not None or batch_sampler is not None else _as_is
        )
        self._custom_collate = collate_fn is not None

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            count = len(self.dataset)  # type: ignore[arg-type]
            if self.batch_size is None:
                return count
            return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
        return len(self.batch_sampler if self.batch_sampler is not None else self.sampler)

    def __iter__(self) -> Iterator[Any]:
        batches = self._on_worker() if self._lives_on_worker() else self._fetched()
        target = self._target()
        return batches if target is None else _ahead((_move(batch, target) for batch in batches), self.prefetch_factor)

    def _target(self) -> Device | None:
        if self.device is not None:
            return self.device
        default = sessions.default_device()
        return default if self.pin_memory and default.type != "cpu" else None

    # -- fetching here -----------------------------------------------------------------------------------------------

    def _fetched(self) -> Iterator[Any]:
        tasks = self._tasks()
        if self.num_workers == 0 or isinstance(self.dataset, IterableDataset):
            return map(self._fetch, tasks)
        return self._by_threads(tasks)

    def _tasks(self) -> Iterator[Any]:
        """What each batch is made of: a list of indices, one index, or samples of an iterable data set."""
        if isinstance(self.dataset, IterableDataset):
            return self._chunks(iter(self.dataset))
        return iter(self.batch_sampler if self.batch_sampler is not None else self.sampler)

    def _chunks(self, samples: Iterator[Any]) -> Iterator[Any]:
        if self.batch_size is None:
            yield from samples
            return
        batch: list[Any] = []
        for sample in samples:
            batch.append(sample)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def _fetch(self, task: Any) -> Any:
        with Device("cpu"):
            if isinstance(self.dataset, IterableDataset):
                return self.collate_fn(task)
            if isinstance(self.dataset, TensorDataset) and isinstance(task, list) and not self._custom_collate:
                return list(self.dataset[task])
            if isinstance(task, list):
                return self.collate_fn([self.dataset[i] for i in task])
            return self.collate_fn(self.dataset[task])

    def _by_threads(self, tasks: Iterator[Any]) -> Iterator[Any]:
        counter = iter(range(self.num_workers))
        lock = threading.Lock()

        def start() -> None:
            with lock:
                number = next(counter)
            if self.worker_init_fn is not None:
                self.worker_init_fn(number)

        with ThreadPoolExecutor(self.num_workers, "teletensor-loader", start) as pool:
            pending: deque[Future[Any]] = deque()
            for task in tasks:
                pending.append(pool.submit(self._fetch, task))
                if len(pending) >= self.num_workers * self.prefetch_factor:
                    yield pending.popleft().result(self.timeout or None)
            while pending:
                yield pending.popleft().result(self.timeout or None)

    # -- batching on the worker --------------------------------------------------------------------------------------

    def _lives_on_worker(self) -> bool:
        dataset = self.dataset
        on_worker = isinstance(dataset, TensorDataset) and all(t.device.type != "cpu" for t in dataset.tensors)
        plain = isinstance(self.batch_sampler, BatchSampler) and isinstance(
            self.sampler, (RandomSampler, SequentialSampler)
        )
        return on_worker and plain and not self._custom_collate

    def _on_worker(self) -> Iterator[list[Tensor]]:
        """One permutation an epoch, made on the worker too; batches are its slices."""
        from teletensor.factories import tensor

        tensors = self.dataset.tensors
        order = None
        if isinstance(self.sampler, RandomSampler):
            order = tensor(list(self.sampler), device=tensors[0].device)
        total = len(self.sampler)
        for start in range(0, total, self.batch_sampler.batch_size):
            end = start + self.batch_sampler.batch_size
            if end > total and self.drop_last:
                return
            if order is None:
                yield [t[start:end] for t in tensors]
            else:
                yield [t[order[start:end]] for t in tensors]


def _ahead(batches: Iterator[Any], count: int) -> Iterator[Any]:
    """The same batches, `count` of them made before they are asked for."""
    ready: deque[Any] = deque()
    for batch in batches:
        ready.append(batch)
        if len(ready) > count:
            yield ready.popleft()
    yield from ready


def _move(batch: Any, device: Device) -> Any:
    """Every tensor of a batch on a device."""
    if isinstance(batch, Tensor):
        return batch.to(device)
    if isinstance(batch, Mapping):
        return type(batch)({k: _move(v, device) for k, v in batch.items()})  # type: ignore[call-arg]
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(_move(v, device) for v in batch))
    if isinstance(batch, (list, tuple)):
        return type(batch)(_move(v, device) for v in batch)
    return batch


def _as_is(sample: Any) -> Any:
    return sample


def _check(
    dataset: Any,
    shuffle: Any,
    sampler: Any,
    batch_sampler: Any,
    batch_size: Any,
    drop_last: bool,
    num_workers: int,
    timeout: float,
) -> None:
    if num_workers < 0:
        raise ArgumentError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ArgumentError("timeout option should be non-negative")
    if sampler is not None and shuffle:
        raise ArgumentError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ArgumentError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
        )
    if batch_size is None and drop_last:
        raise ArgumentError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
    if isinstance(dataset, IterableDataset) and (shuffle or sampler is not None):
        raise ArgumentError("DataLoader with IterableDataset: expected unspecified shuffle and sampler options")
