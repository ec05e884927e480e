"""A batch being written: rows of words, and the signatures, numbers and elements that they mention."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from teletensor_core.errors import ArgumentTypeError, QuotaExceededError
from teletensor_core.plan import Plan
from teletensor_protos import codec
from teletensor_protos.frames import pack_batch
from teletensor_protos.v1.worker_pb2 import Batch

_NUMBERS = frozenset((int, float, bool, complex))


class Signatures:
    """Numbers for the kinds of calls a session makes, each described to the worker once."""

    def __init__(self, most: int) -> None:
        self._most = most
        # By plan first (identity, cheap), then by meaning, so that equal signatures are defined once.
        self.of_plan: dict[Plan, int] = {}
        self._of_meaning: dict[Any, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether the next definition has to take the number of an old one."""
        return len(self._of_meaning) >= self._most

    def clear(self) -> None:
        """Number afresh. Every row written so far must be on its way: definitions hold for whole batches."""
        self.of_plan.clear()
        self._of_meaning.clear()

    def define(self, plan: Plan, fresh: list[codec.Encoded]) -> int:
        """The number of a plan; a definition that the worker has not got is added to `fresh`.

        Raises QuotaExceededError for a call on more tensors than fit into a list.
        """
        longest = max((part for part in plan.layout if isinstance(part, int)), default=0)
        if longest > codec.MOST_LISTED:
            raise QuotaExceededError(
                f"{plan.op.name} on {longest} tensors: lists of at most {codec.MOST_LISTED} are taken; call it on parts"
            )
        attrs = tuple(plan.attrs.values())
        meaning = (plan.op, repr(attrs), plan.layout, plan.flags, plan.results)
        number = self._of_meaning.get(meaning)
        if number is None:
            number = codec.FIRST_SIGNATURE + len(self._of_meaning)
            definition = (number, plan.op.name, attrs, plan.layout, plan.flags, plan.results)
            fresh.append(codec.encode_entry(definition))
            self._of_meaning[meaning] = number
        self.of_plan[plan] = number
        return number


class Outbox:
    """Collects commands until they are sent as one batch; then a new one takes its place.

    Each row is added to `words` by a single `extend`: an interrupt (Ctrl-C) leaves a whole row behind, or none.
    """

    __slots__ = ("_elements", "elements_size", "fresh", "numbers", "sequence", "taken", "words")

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.words: list[int] = []
        self.numbers: list[Any] = []
        self.elements_size = 0
        self._elements: list[bytes] = []
        self.fresh: list[codec.Encoded] = []
        # Released by whoever takes the batch to send it.
        self.taken = threading.Lock()
        self.taken.acquire()

    def operand_words(self, plan: Plan, operands: Sequence[Any]) -> list[int]:
        """Words for operands that are not all tensors. Numbers are kept with the batch."""
        words: list[int] = []
        for x, part in zip(operands, plan.layout, strict=True):
            if part == "n":
                words.append(self.number(x))
            elif part == "t":
                words.append(0 if x is None else x)
            else:
                words.extend(x)
        return words

    def number(self, x: Any) -> int:
        """The word of a number, which is kept with the batch."""
        if type(x) not in _NUMBERS:
            raise ArgumentTypeError(f"expected a tensor or a number, got {type(x).__name__}")
        self.numbers.append(x)
        return -len(self.numbers)

    def replace_last(self, start: int, end: int, row: Sequence[int]) -> bool:
        """Put a row in the place of the one from `start` to `end`. False when that is not the last one any more."""
        if len(self.words) != end:
            return False
        self.words[start:end] = row
        return True

    def add_elements(self, data: bytes) -> int:
        """Add the elements of a small upload; their offset."""
        offset = self.elements_size
        self._elements.append(data)
        self.elements_size = offset + len(data)
        return offset

    @property
    def size(self) -> int:
        """Bytes, near enough for flow control."""
        return 8 * len(self.words) + self.elements_size

    def frame(self, locations: list[tuple[int, str]], link_rate: int = 0) -> bytes:
        """The batch as it travels, together with the source lines to define, and what to tell of the link."""
        batch = Batch(
            sequence=self.sequence,
            rows=codec.encode_rows(self.words),
            signatures=codec.encode(self.fresh),
            numbers=codec.encode(self.numbers),
            locations=codec.encode(locations),
            link_rate=link_rate,
        )
        return pack_batch(batch, self._elements)
