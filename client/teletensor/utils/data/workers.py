"""The DataLoader's threads. Batch k is fetched by thread k modulo their number, so that a run can be repeated."""

from __future__ import annotations

import copy
import itertools
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from teletensor import sessions
from teletensor.random import Generator, generating_from

_this = threading.local()


@dataclass
class WorkerInfo:
    """What `get_worker_info` tells: the thread's number, how many there are, its seed and its data set."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


def get_worker_info() -> WorkerInfo | None:
    """Which thread of a DataLoader is asking; None outside of them."""
    return getattr(_this, "info", None)


class Worker:
    """One thread. It ends at `stop`; an error in `init` is the error of every task."""

    def __init__(self, info: WorkerInfo, init: Callable[[int], None] | None) -> None:
        self.info = info
        self.tasks: queue.SimpleQueue[tuple[Future[Any], Callable[..., Any], Any] | None] = queue.SimpleQueue()
        name = f"teletensor-loader-{info.id}"
        self.thread = threading.Thread(target=_work, args=(self.tasks, info, init), name=name, daemon=True)
        self.thread.start()

    def submit(self, function: Callable[..., Any], task: Any) -> Future[Any]:
        """Have `function(dataset, task)` called by the thread."""
        future: Future[Any] = Future()
        self.tasks.put((future, function, task))
        return future


def _work(tasks: Any, info: WorkerInfo, init: Callable[[int], None] | None) -> None:
    _this.info = info
    generator = Generator().manual_seed(info.seed)
    failure: BaseException | None = None
    with sessions.here(), generating_from(generator):
        try:
            if init is not None:
                init(info.id)
        except BaseException as error:
            error.add_note(f"in worker_init_fn({info.id}) of a DataLoader")
            failure = error
        while (item := tasks.get()) is not None:
            future, function, task = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if failure is not None:
                    raise failure
                future.set_result(function(info.dataset, task))
            except BaseException as error:
                future.set_exception(error)
            # Nothing of a task may stay alive until the next one comes.
            del item, future, task


def _reseed(dataset: Any, seed: int) -> None:
    from teletensor.random import current_generator

    current_generator().manual_seed(seed)


class Team:
    """The threads of one DataLoader; they end when it is stopped or forgotten."""

    def __init__(self, dataset: Any, count: int, seed: int, init: Callable[[int], None] | None, copies: bool) -> None:
        self.workers = []
        for i in range(count):
            # A thread may cut an iterable data set down to its own share, as PyTorch's processes do with their copies.
            own = copy.copy(dataset) if copies else dataset
            self.workers.append(Worker(WorkerInfo(i, count, seed + i, own), init))
        self._finalizer = weakref.finalize(self, _dismiss, self.workers)

    def reseed(self, seed: int) -> None:
        """Start every thread's random numbers afresh, for another pass."""
        for worker in self.workers:
            worker.info.seed = seed + worker.info.id
            worker.submit(_reseed, worker.info.seed)

    def stop(self) -> None:
        """Let the threads end, and wait until they have."""
        self._finalizer()
        for worker in self.workers:
            if worker.thread is not threading.current_thread():
                worker.thread.join()

    def fetched(
        self, fetch: Callable[..., Any], tasks: Iterator[Any], ahead: int, timeout: float, in_order: bool
    ) -> Iterator[Any]:
        """`fetch(dataset, task)` of every task, in order or whichever is done first."""
        turns = itertools.cycle(self.workers)
        pending = deque(
            next(turns).submit(fetch, task) for task in itertools.islice(tasks, max(ahead, 1) * len(self.workers))
        )
        try:
            while pending:
                done = _first(pending, timeout, in_order)
                pending.extend(next(turns).submit(fetch, task) for task in itertools.islice(tasks, 1))
                yield done.result()
        finally:
            for future in pending:
                future.cancel()

    def streamed(self, fetch: Callable[..., Any], ahead: int, timeout: float) -> Iterator[Any]:
        """`fetch(dataset, None)` by each thread in turn, until it gives `END`."""
        turns = [worker for _ in range(max(ahead, 1)) for worker in self.workers]
        pending = deque((worker, worker.submit(fetch, None)) for worker in turns)
        try:
            while pending:
                worker, future = pending.popleft()
                batch = _first(deque([future]), timeout, in_order=True).result()
                if batch is not END:
                    pending.append((worker, worker.submit(fetch, None)))
                    yield batch
        finally:
            for _, future in pending:
                future.cancel()


# What a thread gives when its share of an iterable data set is at its end.
END = object()


def _first(pending: deque[Future[Any]], timeout: float, in_order: bool) -> Future[Any]:
    """Take out the future that comes next; RuntimeError when it is not done in time."""
    done, _ = wait([pending[0]] if in_order else pending, timeout or None, FIRST_COMPLETED)
    if not done:
        raise RuntimeError(f"DataLoader timed out after {timeout:g} seconds")
    chosen = next(future for future in pending if future in done)
    pending.remove(chosen)
    return chosen


def _dismiss(workers: list[Worker]) -> None:
    for worker in workers:
        worker.tasks.put(None)
