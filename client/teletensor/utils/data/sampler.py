"""Samplers: the order in which samples are drawn. They run in this process."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

from teletensor_core.dtypes import float64
from teletensor_core.errors import ArgumentError, ArgumentTypeError

from teletensor import sessions
from teletensor.factories import as_tensor, randint, randperm
from teletensor.functions import multinomial
from teletensor.ops import cat
from teletensor.random import Generator
from teletensor.tensor import Tensor

T = TypeVar("T", covariant=True)


class Sampler(Generic[T]):
    """An iterable of indices."""

    def __iter__(self) -> Iterator[T]:
        raise NotImplementedError("a sampler says in which order samples come")


class SequentialSampler(Sampler[int]):
    """Every sample in order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Every sample in random order, or draws with replacement.

    Without a generator each pass makes one, seeded by the default generator: however many samples there are, the
    default generator goes on from the same place.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source, self.replacement = data_source, replacement
        self._num_samples, self.generator = num_samples, generator
        if not isinstance(replacement, bool):
            raise ArgumentTypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ArgumentError(
                f"num_samples should be a positive integer value, but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """How many samples one pass draws."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def order(self, device: Any = "cpu") -> Tensor:
        """The indices of one pass, made on a device: the same on every one."""
        size, count = len(self.data_source), self.num_samples
        generator = fresh_generator() if self.generator is None else self.generator
        if self.replacement:
            return randint(0, size, (count,), generator=generator, device=device)
        passes = [randperm(size, generator=generator, device=device) for _ in range(-(-count // size))]
        whole = passes[0] if len(passes) == 1 else cat(passes, dim=0)
        return whole if count % size == 0 else whole[:count]

    def __iter__(self) -> Iterator[int]:
        with sessions.here():
            return iter(self.order().tolist())

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        with sessions.here():
            order = randperm(len(self.indices), generator=self.generator).tolist()
        for i in order:
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn in proportion to weights."""

    def __init__(
        self, weights: Sequence[float], num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        if not isinstance(num_samples, int) or isinstance(num_samples, bool) or num_samples <= 0:
            raise ArgumentError(f"num_samples should be a positive integer value, but got num_samples={num_samples}")
        if not isinstance(replacement, bool):
            raise ArgumentError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype=float64, device="cpu")
        if self.weights.ndim != 1:
            raise ArgumentError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` indices of another sampler."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ArgumentError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if not isinstance(drop_last, bool):
            raise ArgumentError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        left = iter(self.sampler)
        while batch := list(itertools.islice(left, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def fresh_generator() -> Generator:
    """A generator with a seed drawn from the default one."""
    return Generator().manual_seed(drawn_seed(None))


def drawn_seed(generator: Generator | None) -> int:
    """A seed drawn from a generator, the default one if there is none."""
    with sessions.here():
        return int(randint(0, (1 << 53) - 1, (1,), generator=generator).item())
