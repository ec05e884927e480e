"""A session's shared memory in use: elements come and go in slots, beside the stream that tells of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from teletensor_core.errors import MalformedRequestError
from teletensor_protos.frames import Out, Piece, grouped, pack_chunk
from teletensor_protos.shared import Segment
from teletensor_protos.v1.worker_pb2 import Batch, CompressedChunk, SharedChunk, WorkerFrame

from teletensor_server.info import SessionLimits

if TYPE_CHECKING:
    from teletensor_server.machine import Frame

_MOST_FRAMES = 1 << 16
_MOST_BYTES = 64 << 20


class Exchange:
    """Both rings, and the client's frames, of which some have to wait while an answer waits for free slots."""

    def __init__(self, segment: Segment, limits: SessionLimits) -> None:
        self._incoming, self._outgoing = segment.to_worker, segment.to_client
        # The client may use no more slots than that before it hears that they are free again.
        self.acknowledge_after = max(1, self._incoming.slots // 4)
        self._most_bytes = (limits.window_bytes or _MOST_BYTES) + 2 * limits.message_bytes
        self._arriving: Iterator[Frame] = iter(())
        self._waiting: deque[Frame] = deque()
        self._waiting_bytes = 0

    def in_order(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The client's frames, those first that had to wait; what it says of slots is taken note of here."""
        self._arriving = frames
        while True:
            if self._waiting:
                frame: Frame | None = self._waiting.popleft()
                self._waiting_bytes -= _size(frame)
            else:
                frame = next(frames, None)
            if frame is None:
                return
            if isinstance(frame, int):
                self._outgoing.emptied(frame)
            else:
                yield frame

    def view(self, chunk: SharedChunk) -> memoryview:
        """The elements that the client has put into a slot. Raises MalformedRequestError."""
        return self._incoming.view(chunk)

    def frames_of(self, pieces: Iterable[Piece]) -> Iterator[Out]:
        """Frames with these bytes one after another, in slots as long as the client empties them."""
        for group in grouped(pieces, self._outgoing.slot_bytes):
            if self._outgoing.has_room or self._wait_for_room():
                yield WorkerFrame(shared=self._outgoing.fill(*group))
            else:
                yield pack_chunk(*group)

    def _wait_for_room(self) -> bool:
        """Wait until the client has emptied a slot; False when nothing will come from it any more.

        Its other frames wait meanwhile: they are to find everything as the command that is being answered found it.
        Raises MalformedRequestError for more of them than the client may have under way.
        """
        while not self._outgoing.has_room:
            frame = next(self._arriving, None)
            if frame is None:
                return False
            if isinstance(frame, int):
                self._outgoing.emptied(frame)
                continue
            self._waiting.append(frame)
            self._waiting_bytes += _size(frame)
            if self._waiting_bytes > self._most_bytes or len(self._waiting) > _MOST_FRAMES:
                raise MalformedRequestError("the client sends more than its window, and empties no slot")
        return True


def _size(frame: Frame | None) -> int:
    if isinstance(frame, (Batch, CompressedChunk)):
        return frame.ByteSize()
    return frame.nbytes if isinstance(frame, memoryview) else 0
