"""Memory that a client and a worker on one machine share, so that elements need not pass through the network.

The worker makes it: a memfd, which has no name in any file system, cannot be made smaller under those who use it, and
is gone with the last process that has it. The client opens it where the worker holds it, in /proc, which the system
allows to processes of the same user only, and shows that it has by a secret that the memory begins with.

After a page with the secret come two rings of slots: one that the client fills and the worker empties, and one the
other way. What is in a slot are elements of tensors, and nothing else is ever read from the memory.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import mmap
import os
import secrets
import stat
import sys

import numpy as np
from teletensor_core.errors import MalformedRequestError

from teletensor_protos.frames import Piece
from teletensor_protos.v1.worker_pb2 import SharedChunk, SharedMemory

# Capability, and metadata of the command stream: the secret in hexadecimal digits.
CAPABILITY = "shared-memory"
SECRET_KEY = "teletensor-shared"
# Few and large: each costs a message.
SLOTS = 4
_NAME = "teletensor"
_SECRET_BYTES = 32
_PAGE = 4096
_LEAST_SLOT, _MOST_SLOT = 1 << 16, 1 << 28
_MOST_SLOTS = 256


class Ring:
    """Slots that one side fills in turn, and the other empties."""

    def __init__(self, memory: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> None:
        self._memory = memory
        self.slots, self.slot_bytes = memory.shape
        self._filled = self._emptied = 0

    @property
    def has_room(self) -> bool:
        """Whether a slot is free."""
        return self._filled - self._emptied < self.slots

    def fill(self, *pieces: Piece) -> SharedChunk:
        """Put bytes into the next slot, one piece after another; they must fit, and a slot be free."""
        slot, at = self._filled % self.slots, 0
        for piece in pieces:
            self._memory[slot, at : at + len(piece)] = np.frombuffer(piece, np.uint8)
            at += len(piece)
        self._filled += 1
        return SharedChunk(slot=slot, size=at)

    def view(self, chunk: SharedChunk) -> memoryview:
        """The bytes that the other side has put into a slot. Raises MalformedRequestError."""
        if chunk.slot >= self.slots or chunk.size > self.slot_bytes:
            raise MalformedRequestError(f"there is no slot {chunk.slot} with {chunk.size} bytes in the shared memory")
        return self._memory[chunk.slot, : chunk.size].data

    def emptied(self, count: int) -> None:
        """The other side has emptied so many slots in all. Raises MalformedRequestError for more than were filled."""
        if not self._emptied <= count <= self._filled:
            raise MalformedRequestError(f"{count} slots cannot have been emptied: {self._filled} were filled")
        self._emptied = count


class Segment:
    """The memory, as either side sees it. Mapped for as long as somebody holds it."""

    def __init__(self, descriptor: int, slots: int, slot_bytes: int) -> None:
        whole = np.frombuffer(mmap.mmap(descriptor, _size(slots, slot_bytes)), np.uint8)
        self.secret = whole[:_SECRET_BYTES]
        to_worker, to_client = whole[_PAGE:].reshape(2, slots, slot_bytes)
        self.to_worker, self.to_client = Ring(to_worker), Ring(to_client)


def _size(slots: int, slot_bytes: int) -> int:
    return _PAGE + 2 * slots * slot_bytes


class Offer:
    """A segment that the worker has made for a session, until its client has shown that it has it too."""

    def __init__(self, descriptor: int, slot_bytes: int) -> None:
        self._descriptor = descriptor
        self._slot_bytes = slot_bytes
        self._secret = secrets.token_bytes(_SECRET_BYTES)
        self._segment: Segment | None = Segment(descriptor, SLOTS, slot_bytes)
        self._segment.secret[:] = np.frombuffer(self._secret, np.uint8)

    def describe(self) -> SharedMemory:
        """What the client is told: where it is, and by what it will know it, but not the secret itself."""
        digest = hashlib.sha256(self._secret).digest()
        return SharedMemory(
            process=os.getpid(),
            descriptor=self._descriptor,
            slots=SLOTS,
            slot_bytes=self._slot_bytes,
            secret_sha256=digest,
        )

    def accept(self, secret: str) -> Segment:
        """The segment, which nobody else is offered from now on. Raises MalformedRequestError for a wrong secret."""
        segment = self._segment
        self.withdraw()
        if segment is None or not hmac.compare_digest(secret.encode(), self._secret.hex().encode()):
            raise MalformedRequestError("this is not the secret of the session's shared memory")
        return segment

    def withdraw(self) -> None:
        """Give the memory back. May be called any number of times."""
        self._segment = None
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def offer(total_bytes: int, message_bytes: int) -> Offer | None:
    """A segment of about so many bytes; None where the system has no such memory, or the bytes are too few.

    What fits into a slot also fits into a message, which takes its place when no slot is free.
    """
    slot_bytes = min(total_bytes // (2 * SLOTS), message_bytes // 2 or _MOST_SLOT, _MOST_SLOT) // _PAGE * _PAGE
    if sys.platform != "linux" or slot_bytes < _LEAST_SLOT:
        return None
    import fcntl

    try:
        descriptor = os.memfd_create(_NAME, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    except OSError:
        return None
    try:
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, _size(SLOTS, slot_bytes))
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        return Offer(descriptor, slot_bytes)
    except OSError:
        os.close(descriptor)
        return None


def attach(told: SharedMemory) -> Segment | None:
    """The segment that a worker has told of; None when it is not on this machine, or not this user's.

    A worker elsewhere may tell anything: only what has all the marks of such a segment is used.
    """
    sane = 0 < told.slots <= _MOST_SLOTS and _LEAST_SLOT <= told.slot_bytes <= _MOST_SLOT
    if sys.platform != "linux" or not sane:
        return None
    path = f"/proc/{told.process}/fd/{told.descriptor}"
    with contextlib.suppress(OSError):
        if not os.readlink(path).startswith(f"/memfd:{_NAME}"):
            return None
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if _fits(descriptor, _size(told.slots, told.slot_bytes)):
                segment = Segment(descriptor, told.slots, told.slot_bytes)
                digest = hashlib.sha256(segment.secret.tobytes()).digest()
                return segment if hmac.compare_digest(digest, told.secret_sha256) else None
        finally:
            os.close(descriptor)
    return None


def _fits(descriptor: int, size: int) -> bool:
    import fcntl

    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size != size:
        return False
    return bool(fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_SHRINK)
