"""Device memory at addresses that repeat: the same requests and releases lead to the same addresses.

CUDA graphs read and write at the addresses that they were captured with. CuPy's pool gives whichever free block it
finds first; an arena gives the lowest address that is free, and can tell whether, and have it that, a range is taken.
"""

from __future__ import annotations

import bisect
import collections
from typing import Any, NamedTuple

_UNIT, _LEAST_CHUNK = 512, 1 << 20


class Range(NamedTuple):
    """Addresses from `start` up to `end`."""

    start: int
    end: int


class _Lease:
    """A range that is taken for as long as this lives, which may be longer than its arena."""

    __slots__ = ("_chunk", "returned", "taken")

    def __init__(self, taken: Range, chunk: Any, returned: collections.deque[Range]) -> None:
        self.taken = taken
        self.returned = returned
        self._chunk = chunk

    def __del__(self) -> None:
        # From any thread, and from inside of any call: the arena looks here before it gives anything.
        self.returned.append(self.taken)


class Arena:
    """Memory of one program. Taken by one thread at a time; given back, by letting go of arrays, from any.

    It holds what it has once taken from CuPy's pool, `reserved` bytes. With `log` a list, what is given is noted there.
    """

    def __init__(self) -> None:
        import cupy

        self._cupy = cupy
        self.reserved = 0
        self.log: list[Range] | None = None
        self._chunks: dict[int, Any] = {}
        self._free: list[Range] = []
        self._returned: collections.deque[Range] = collections.deque()

    @property
    def idle(self) -> int:
        """How many of the bytes nobody has."""
        self._settle()
        return sum(free.end - free.start for free in self._free)

    def malloc(self, size: int) -> Any:
        """Memory as CuPy's allocators give it: at the lowest address with room. Raises OutOfMemoryError."""
        size = max(-(-size // _UNIT), 1) * _UNIT
        self._settle()
        found = self._room(size)
        if found is None:
            self._grow(size)
            found = self._room(size)
            assert found is not None, "there is a new chunk"
        if self.log is not None:
            self.log.append(found)
        return self.take(found)

    def take(self, wanted: Range) -> Any:
        """The memory of a range that is free."""
        at = self._index(wanted)
        assert at is not None, "free: the caller has asked"
        around = self._free[at]
        rest = (Range(around.start, wanted.start), Range(wanted.end, around.end))
        self._free[at : at + 1] = [part for part in rest if part.start < part.end]
        chunk = self._chunks[max(start for start in self._chunks if start <= wanted.start)]
        owner = _Lease(wanted, chunk, self._returned)
        size = wanted.end - wanted.start
        memory = self._cupy.cuda.UnownedMemory(wanted.start, size, owner, self._cupy.cuda.runtime.getDevice())
        return self._cupy.cuda.MemoryPointer(memory, 0)

    def is_free(self, wanted: Range) -> bool:
        """Whether nobody has any of a range."""
        self._settle()
        return self._index(wanted) is not None

    def range_of(self, array: Any) -> Range | None:
        """The range that holds an array's memory; None for memory from elsewhere."""
        lease = getattr(array.data.mem, "_owner", None)
        return lease.taken if isinstance(lease, _Lease) and lease.returned is self._returned else None

    def joined(self, ranges: list[Range]) -> list[Range]:
        """The same addresses in as few ranges as there can be."""
        joined: list[Range] = []
        for each in sorted(ranges):
            if joined and each.start <= joined[-1].end and each.start not in self._chunks:
                joined[-1] = Range(joined[-1].start, max(joined[-1].end, each.end))
            else:
                joined.append(each)
        return joined

    # -- the list of what is free, by address ------------------------------------------------------------------------

    def _index(self, wanted: Range) -> int | None:
        at = bisect.bisect_right(self._free, wanted.start, key=lambda free: free.start) - 1
        return at if at >= 0 and wanted.end <= self._free[at].end else None

    def _room(self, size: int) -> Range | None:
        for free in self._free:
            if free.end - free.start >= size:
                return Range(free.start, free.start + size)
        return None

    def _settle(self) -> None:
        while self._returned:
            self._put_back(self._returned.popleft())

    def _put_back(self, given: Range) -> None:
        at = bisect.bisect_left(self._free, given)
        start, end = given
        # Chunks may lie side by side, and are not one for that.
        if at < len(self._free) and self._free[at].start == end and end not in self._chunks:
            end = self._free.pop(at).end
        if at and self._free[at - 1].end == start and start not in self._chunks:
            start = self._free.pop(at - 1).start
            at -= 1
        self._free.insert(at, Range(start, end))

    def _grow(self, size: int) -> None:
        size = max(size, _LEAST_CHUNK, self.reserved // 2)
        # Not of the stream that captures: what is given back would be of no use to others.
        with self._cupy.cuda.Stream.null:
            chunk = self._cupy.get_default_memory_pool().malloc(size)
        self._chunks[chunk.ptr] = chunk
        self.reserved += size
        self._put_back(Range(chunk.ptr, chunk.ptr + size))
