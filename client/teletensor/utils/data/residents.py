"""Data sets whose tensors live on a worker: shuffled and batched there. Nothing but commands travels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from teletensor import sessions
from teletensor.factories import tensor
from teletensor.tensor import Tensor
from teletensor.utils.data.dataset import Subset
from teletensor.utils.data.fetching import is_plain_tensors
from teletensor.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler


class Resident:
    """Tensors on a worker, and which of their rows belong to the data set (None: all, in order)."""

    def __init__(self, tensors: tuple[Tensor, ...], rows: list[int] | None) -> None:
        self.tensors: tuple[Any, ...] = tensors
        self.device = tensors[0].device
        self._rows: Any = None if rows is None else tensor(rows, device=self.device)

    def batches(self, batch_sampler: Any) -> Iterator[list[Tensor]]:
        """The batches that the sampler asks for. The usual samplers run on the worker too."""
        sampler: Any = getattr(batch_sampler, "sampler", None)
        if type(batch_sampler) is not BatchSampler or type(sampler) not in (RandomSampler, SequentialSampler):
            for indices in batch_sampler:
                yield self._take(self._among_rows(tensor(list(indices), device=self.device)))
            return
        order: Any = self._rows
        if isinstance(sampler, RandomSampler):
            order = self._among_rows(sampler.order(self.device))
        size, total = batch_sampler.batch_size, len(sampler)
        for start in range(0, total - size + 1 if batch_sampler.drop_last else total, size):
            part = slice(start, min(start + size, total))
            # A copy, as PyTorch's batches are: writing into one must not change the data set.
            yield [t[part].clone() for t in self.tensors] if order is None else self._take(order[part])

    def _among_rows(self, indices: Any) -> Any:
        return indices if self._rows is None else self._rows[indices]

    def _take(self, indices: Any) -> list[Tensor]:
        return [t[indices] for t in self.tensors]


def resident(dataset: Any) -> Resident | None:
    """The data set as tensors on a worker, if it is that: a TensorDataset, or subsets of one."""
    rows: list[int] | None = None
    while isinstance(dataset, Subset) and type(dataset).__getitems__ is Subset.__getitems__:
        indices = [int(i) for i in dataset.indices]
        rows = indices if rows is None else [indices[i] for i in rows]
        dataset = dataset.dataset
    if not is_plain_tensors(dataset):
        return None
    homes = {t._session for t in dataset.tensors}
    if len(homes) != 1 or sessions.local() in homes:
        return None
    return Resident(dataset.tensors, rows)
