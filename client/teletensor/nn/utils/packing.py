"""Sequences of different lengths packed into one tensor, time by time, longest first."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import teletensor as tt
from teletensor.tensor import Tensor


class _Parts(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Parts):
    """What `pack_padded_sequence` gives: data (sum of lengths, *), and how many sequences go on at each time, on
    cpu.
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:
        """From its parts, or from a pair of the first two. ValueError for sizes that are not on cpu."""
        if batch_sizes is None:
            data, batch_sizes = data
        if batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be created manually. "
                "They should be instantiated by functions like pack_sequence and pack_padded_sequences in "
                "nn.utils.rnn. https://pytorch.org/docs/stable/nn.html#torch.nn.utils.rnn.pack_sequence"
            )
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same sequences on another device or with another dtype; itself when nothing changes."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        indices = (None if part is None else part.to(data.device) for part in self[2:])
        return PackedSequence(data, self.batch_sizes, *indices)

    def cpu(self) -> PackedSequence:
        """The same sequences in this process."""
        return self.to("cpu")

    def cuda(self, device: Any = None) -> PackedSequence:
        """The same sequences on a GPU."""
        return self.to("cuda" if device is None else device)

    def double(self) -> PackedSequence:
        """The same sequences as float64."""
        return self.to(dtype=tt.float64)

    def float(self) -> PackedSequence:
        """The same sequences as float32."""
        return self.to(dtype=tt.float32)

    def half(self) -> PackedSequence:
        """The same sequences as float16."""
        return self.to(dtype=tt.float16)

    def pin_memory(self) -> PackedSequence:
        """The same sequences: memory needs no pinning here."""
        return self

    def is_pinned(self) -> bool:
        """Always False."""
        return False

    @property
    def is_cuda(self) -> bool:
        """Whether the data are on a GPU."""
        return self.data.is_cuda


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another one; None for None."""
    return None if permutation is None else permutation.argsort()


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Sequences padded to (T, N, *), or (N, T, *), as a PackedSequence.

    With `enforce_sorted` the lengths must fall. RuntimeError for lengths that do not fit.
    """
    wanted = lengths.to(tt.int64) if isinstance(lengths, Tensor) else tt.tensor(lengths, dtype=tt.int64, device="cpu")
    _check_lengths(wanted)
    numbers: list[int] = wanted.tolist()
    batch = input.shape[0 if batch_first else 1]
    if len(numbers) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(numbers)} (batch_size={batch})"
        )
    order: Tensor | None = None
    if not enforce_sorted:
        places = sorted(range(batch), key=lambda i: -numbers[i])
        numbers = [numbers[i] for i in places]
        order = tt.tensor(places, device=input.device)
    _check_numbers(numbers)
    steps = range(numbers[0])
    sizes = [sum(n > t for n in numbers) for t in steps]
    rows = places if order is not None else range(batch)
    stride = (1, input.shape[1]) if batch_first else (input.shape[1], 1)
    picks = [t * stride[0] + rows[i] * stride[1] for t in steps for i in range(sizes[t])]
    flat = input.reshape(input.shape[0] * input.shape[1], *input.shape[2:])
    data = flat.index_select(0, tt.tensor(picks, device=input.device))
    return PackedSequence(data, tt.tensor(sizes, device="cpu"), order)


def _check_lengths(lengths: Tensor) -> None:
    if lengths.device.type != "cpu" or lengths.ndim != 1:
        raise RuntimeError(
            f"'lengths' argument should be a 1D CPU int64 tensor, but got {lengths.ndim}D {lengths.device} Long tensor"
        )


def _check_numbers(lengths: list[int]) -> None:
    if lengths[-1] <= 0 or min(lengths) <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if any(a < b for a, b in itertools.pairwise(lengths)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The sequences padded again, in their first order, and their lengths on cpu."""
    sizes: list[int] = sequence.batch_sizes.tolist()
    longest, batch = len(sizes), sizes[0]
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    places = range(batch)
    if sequence.unsorted_indices is not None:
        places = sequence.unsorted_indices.tolist()
    starts, missing = [sum(sizes[:t]) for t in range(longest)], sum(sizes)
    steps = longest if total_length is None else total_length
    rows = [[_row(starts, sizes, t, i, missing) for i in places] for t in range(steps)]
    if batch_first:
        rows = [list(column) for column in zip(*rows, strict=True)]
    rest = sequence.data.shape[1:]
    padding = sequence.data.new_full((1, *rest), padding_value)
    index = tt.tensor([row for line in rows for row in line], device=sequence.data.device)
    flat = tt.cat([sequence.data, padding]).index_select(0, index)
    lengths = [sum(size > i for size in sizes) for i in places]
    return flat.reshape(len(rows), len(rows[0]), *rest), tt.tensor(lengths, device="cpu")


def _row(starts: list[int], sizes: list[int], t: int, i: int, missing: int) -> int:
    """Where the i-th longest sequence's element at time t is in the packed data."""
    return starts[t] + i if t < len(sizes) and i < sizes[t] else missing
