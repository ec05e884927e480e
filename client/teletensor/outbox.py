"""The batch being written: rows of words, and the signatures, numbers and blobs that they mention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teletensor_core.plan import Plan
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Batch

from teletensor.locations import Locations

_MOST_SIGNATURES = 1 << 15


class Outbox:
    """Collects commands until they are sent as one batch."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.rows = 0
        self.blob_bytes = 0
        self._numbers: list[Any] = []
        self._blobs: list[bytes] = []
        self._fresh: list[Any] = []
        # By plan first (identity, cheap), then by meaning, so that equal signatures are defined once.
        self._of_plan: dict[Plan, int] = {}
        self._of_meaning: dict[Any, int] = {}

    def op(self, plan: Plan, location: int, outs: Sequence[int], operands: Sequence[Any]) -> None:
        """Append one op."""
        words = self.words
        words.append(self._of_plan.get(plan) or self._define(plan))
        words.append(location)
        words.extend(outs)
        if plan.all_tensors:
            words.extend(operands)
        else:
            for x, part in zip(operands, plan.layout, strict=True):
                if part == "n":
                    self._numbers.append(x)
                    words.append(-len(self._numbers))
                elif part == "t":
                    words.append(0 if x is None else x)
                else:
                    words.extend(x)
        self.rows += 1

    def blob(self, data: bytes) -> int:
        """Add the data of a small upload; its index."""
        self._blobs.append(data)
        self.blob_bytes += len(data)
        return len(self._blobs) - 1

    def batch(self, locations: Locations) -> Batch:
        """Everything collected, as a message without a sequence number; starts the next batch."""
        fresh, locations.fresh = locations.fresh, []
        made = Batch(
            rows=codec.encode_rows(self.words),
            signatures=codec.encode(self._fresh),
            numbers=codec.encode(self._numbers),
            locations=codec.encode(fresh),
            blobs=self._blobs,
        )
        self.words, self._numbers, self._blobs, self._fresh = [], [], [], []
        self.rows = self.blob_bytes = 0
        return made

    def _define(self, plan: Plan) -> int:
        attrs = tuple(plan.attrs.values())
        meaning = (plan.op, repr(attrs), plan.layout, plan.flags, plan.results)
        number = self._of_meaning.get(meaning)
        if number is None:
            if len(self._of_meaning) >= _MOST_SIGNATURES:
                self._of_meaning.clear()
                self._of_plan.clear()
            number = codec.FIRST_SIGNATURE + len(self._of_meaning)
            self._of_meaning[meaning] = number
            self._fresh.append((number, plan.op.name, attrs, plan.layout, plan.flags, plan.results))
        self._of_plan[plan] = number
        return number
