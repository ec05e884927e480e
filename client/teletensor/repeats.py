"""Uploads that repeat: a worker that still has the same elements copies them, instead of being sent them again.

Elements are the same when their SHA-256 is. What a session has uploaded is known to that session alone, and here: no
worker is asked what it has, and no hash travels. Hashing what is sent is the business of a thread of its own, and only
where the link is slower than hashing; the program's thread hashes when an earlier upload looks like this one.
"""

from __future__ import annotations

import hashlib
import weakref
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
from teletensor_core.spec import Spec

from teletensor.session import Ref
from teletensor.tensor_base import TensorBase

# How many arrays are known, and how many tensors with their elements.
_MOST_KNOWN, _MOST_HOLDERS = 1024, 4096
# Bytes that are looked at of each array's beginning, its end, and what is between.
_LOOKED_AT = 1024

Key: TypeAlias = tuple[Spec, int]


class Content:
    """The elements of an upload: their digest, once it is known, and the tensors that were made of them."""

    __slots__ = ("_sha", "_thread", "digest", "holders")

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._sha = hashlib.sha256()
        self._thread = thread
        self.digest: Future[bytes] | None = None
        self.holders: dict[Ref, weakref.ref[TensorBase]] = {}

    def add(self, elements: memoryview) -> None:
        """Take the next elements, in memory that nobody will change."""
        self._thread.submit(self._sha.update, elements)

    def end(self) -> None:
        """There are no more."""
        self.digest = self._thread.submit(self._sha.digest)

    def holder(self, spec: Spec) -> TensorBase | None:
        """A living tensor with these elements, which nobody has written to."""
        for ref, place in list(self.holders.items()):
            x = place()
            if x is not None and x._ref == ref and x._spec is spec and x._base is None and x._writes == 0:
                return x
            self.holders.pop(ref, None)
        return None


class Repeats:
    """What a session has uploaded lately. `bytes` counts the elements that were not sent again."""

    def __init__(self) -> None:
        self.bytes = 0
        self._known: dict[Key, Content] = {}
        self._by_ref: dict[Ref, Content] = {}
        self._thread: ThreadPoolExecutor | None = None

    def find(self, spec: Spec, elements: memoryview) -> Content | None:
        """The content that these elements are, if a tensor has it still."""
        if not self._known:
            return None
        known = self._known.get((spec, _look(elements)))
        if known is None or known.digest is None or known.holder(spec) is None:
            return None
        return known if hashlib.sha256(elements).digest() == known.digest.result() else None

    def begin(self, spec: Spec, elements: memoryview) -> Content:
        """New content, to be found as soon as all of it was added and a tensor has it."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "teletensor-hashing")
        begun = self._known[spec, _look(elements)] = Content(self._thread)
        if len(self._known) > _MOST_KNOWN:
            self._known.pop(next(iter(self._known)))
        return begun

    def sent(self, ref: Ref, content: Content) -> None:
        """The worker makes a tensor of some content."""
        self._by_ref[ref] = content
        if len(self._by_ref) > _MOST_HOLDERS:
            self.forget(next(iter(self._by_ref)))

    def made(self, tensor: TensorBase) -> None:
        """The tensor is here by which it will be known whether that lives, and is as it was."""
        content = self._by_ref.get(tensor._ref)
        if content is not None:
            content.holders[tensor._ref] = weakref.ref(tensor)

    def forget(self, ref: Ref) -> None:
        """From now on, a tensor may be written to without its being told."""
        content = self._by_ref.pop(ref, None)
        if content is not None:
            content.holders.pop(ref, None)

    def clear(self) -> None:
        """Forget everything."""
        self._known, self._by_ref = {}, {}

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)


def _look(elements: memoryview) -> int:
    """A number that differs for most different arrays, and takes a few microseconds."""
    start, end = elements[:_LOOKED_AT], elements[-_LOOKED_AT:]
    few = np.frombuffer(elements, np.uint8)[:: len(elements) // _LOOKED_AT | 1].tobytes()
    return zlib.crc32(few, zlib.crc32(end, zlib.crc32(start)))
