"""Sequences of different lengths in one tensor."""

from collections.abc import Sequence

import teletensor as tt
from teletensor.nn.functional.padding import pad
from teletensor.nn.utils.packing import (
    PackedSequence,
    invert_permutation,
    pack_padded_sequence,
    pad_packed_sequence,
)
from teletensor.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


def pad_sequence(
    sequences: Tensor | Sequence[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, *), padded to the longest and stacked: (L, N, *), or (N, L, *).

    RuntimeError if there are none, or if they are not given as a list, tuple or tensor.
    """
    if isinstance(sequences, Tensor):
        sequences = sequences.unbind(0)
    if not isinstance(sequences, Sequence):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    longest = max(sequence.shape[0] for sequence in sequences)
    padded = [_padded(sequence, longest - sequence.shape[0], padding_value, padding_side) for sequence in sequences]
    return tt.stack(padded, 0 if batch_first else 1)


def _padded(sequence: Tensor, missing: int, value: float, side: str) -> Tensor:
    if missing == 0:
        return sequence
    amounts = (0, missing) if side == "right" else (missing, 0)
    return pad(sequence, (0, 0) * (sequence.ndim - 1) + amounts, value=value)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences that were padded on the right; `lengths` is read from the device."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    wanted = lengths.tolist()
    pairs = zip(padded_sequences.unbind(0), wanted, strict=True)
    return [sequence[:length] for sequence, length in pairs]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (L, *) as a PackedSequence. With `enforce_sorted` the longest must come first."""
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences that were packed, in their first order."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
