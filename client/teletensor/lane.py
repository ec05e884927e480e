"""The client's side of shared memory: elements go through slots, and the stream only tells which."""

from __future__ import annotations

import threading
from collections import deque

from teletensor_protos.frames import pack_chunk
from teletensor_protos.shared import Segment
from teletensor_protos.v1.worker_pb2 import ClientFrame, SharedChunk


class Piece:
    """Elements in the user's memory that the sender will copy: `copied` tells when they may change again."""

    __slots__ = ("copied", "data")

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.copied = threading.Event()


class Lane:
    """Both rings of a session's shared memory. Filled on the sender's thread, emptied on the receiver's."""

    def __init__(self, segment: Segment) -> None:
        self._outgoing, self._incoming = segment.to_worker, segment.to_client
        self.slots, self.slot_bytes = self._outgoing.slots, self._outgoing.slot_bytes
        # Frames whose slots are in use, by their place among the session's frames.
        self._in_use: deque[int] = deque()
        self._emptied = self._taken = 0
        # Elements that came and went this way.
        self.bytes = 0

    def pack(self, piece: Piece, frame: int) -> ClientFrame | bytes:
        """The frame that carries a piece, which is to be the session's `frame`-th. Never waits.

        A sender that got ahead of the window finds no slot free, and sends the elements themselves.
        """
        if self._outgoing.has_room:
            packed: ClientFrame | bytes = ClientFrame(shared=self._outgoing.fill(piece.data))
            self._in_use.append(frame)
            self.bytes += piece.data.nbytes
        else:
            packed = pack_chunk(piece.data)
        piece.copied.set()
        return packed

    def acknowledged(self, frames: int) -> None:
        """The worker has taken so many frames in all: their slots are free."""
        while self._in_use and self._in_use[0] <= frames:
            self._in_use.popleft()
            self._emptied += 1
        self._outgoing.emptied(self._emptied)

    def view(self, chunk: SharedChunk) -> memoryview:
        """The elements that the worker has put into a slot, until `taken`. Raises MalformedRequestError."""
        self.bytes += chunk.size
        return self._incoming.view(chunk)

    def taken(self) -> ClientFrame | None:
        """One slot more is empty; the frame that tells the worker, now and then."""
        self._taken += 1
        due = self._taken % max(1, self._incoming.slots // 4) == 0
        return ClientFrame(taken=self._taken) if due else None
