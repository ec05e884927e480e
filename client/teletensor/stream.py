"""The command stream of a session: what is sent goes out in order, what comes back goes to whoever asked.

Threads of its own pace it: gRPC's sender takes frames from a queue whenever the worker's flow-control window has room,
and answers are handed out by the thread of gRPC that they arrive on, or, when there is more to it, by a receiver. The
user's threads only put and wait, so that an interrupt cannot harm the stream.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias

import grpc
from teletensor_core.errors import (
    ConnectionLostError,
    InternalError,
    MalformedRequestError,
    TeletensorError,
    TransportError,
)
from teletensor_protos import codec
from teletensor_protos.frames import CHUNK_BYTES, Chunk, pack_chunk, parse_worker_frame, serialize
from teletensor_protos.shared import SECRET_KEY, Segment
from teletensor_protos.v1.worker_pb2 import ClientFrame, CloseRequest, Limits, Reply, SharedChunk, WorkerFrame
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

from teletensor.answers import Answer, Incoming, again, error_of
from teletensor.channel import Endpoint, translate, translated
from teletensor.flow import Window
from teletensor.lane import Lane, Piece
from teletensor.link import Compression, Link
from teletensor.locations import Locations
from teletensor.outbox import Outbox
from teletensor.repeats import Content, Repeats

# How long the pipe must have had nothing to send before a batch that is not full goes out.
_IDLE_SECONDS = 0.001
_HAND_OVER_SECONDS = 0.001
_CLOSE_SECONDS = 30.0
# How long an upload waits for the worker to come to it: one that has nothing else to do is there within milliseconds.
_SLOT_SECONDS = 0.02
# Frames of more bytes are left to the receiver: nothing else arrives while they are looked at.
_MOST_AT_ONCE = 1 << 16


class _Nudge:
    """Tells the sender that something is being written."""


class _HandedOut:
    """In the place of a frame that was dealt with."""


_HANDED_OUT = _HandedOut()
_Item: TypeAlias = "Outbox | bytes | Piece | ClientFrame | _Nudge | None"
_NUDGE = _Nudge()


class CommandStream:
    """One session's bidirectional stream, with memory that is shared with the worker, if there is any.

    `locations` are the source lines to describe with the batches. `flush_if_idle` is called on the sender's thread when
    the pipe has nothing to send, and says whether it could look.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        session_id: str,
        limits: Limits,
        locations: Locations,
        flush_if_idle: Callable[[], bool],
        segment: Segment | None = None,
        compression: Compression = None,
    ) -> None:
        self.address = endpoint.address
        self.batches = self.bytes_sent = self.bytes_received = 0
        self.lane = None if segment is None else Lane(segment)
        slots = 0 if self.lane is None else self.lane.slots
        self.link = Link(endpoint.address, None if segment is not None else compression)
        self.window = Window(limits.window_bytes, limits.window_commands, slots, self.link.up)
        self.repeats = Repeats()
        self._endpoint = endpoint
        self._session_id = session_id
        self._locations = locations
        self._flush_if_idle = flush_if_idle
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._answers: dict[int, Answer] = {}
        self._lock = threading.Lock()
        self._broken: TeletensorError | None = None
        self._closing = False
        self._piece: Piece | None = None
        # The answer that has begun to arrive.
        self._incoming: Incoming | None = None
        metadata = endpoint.metadata(session_id)
        if segment is not None:
            metadata.append((SECRET_KEY, segment.secret.tobytes().hex()))
        call = endpoint.channel.stream_stream(
            codec.STREAM_METHOD, request_serializer=serialize, response_deserializer=self._arrived
        )
        self._call = call(self._frames(), metadata=metadata)
        self._receiver = threading.Thread(target=self._receive, name="teletensor-receiver", daemon=True)
        self._receiver.start()

    # -- sending -----------------------------------------------------------------------------------------------------

    def send(self, outbox: Outbox, commands: int) -> None:
        """Send a batch of so many commands. One that was sent already is ignored: interrupted calls are done again."""
        self._queue.put(outbox)
        if outbox.sequence > self.batches:
            self.batches = outbox.sequence
            self.window.sent(outbox.size, commands)

    def hand_over(self, outbox: Outbox) -> None:
        """Wait until a batch that was sent is on its way, or for a moment.

        A thread that runs nothing but Python keeps the interpreter for 5 ms at a time. Without this the sender would
        not have its turn until the worker has long had nothing to do.
        """
        outbox.taken.acquire(timeout=_HAND_OVER_SECONDS)

    @property
    def is_slow(self) -> bool:
        """Whether it takes longer to send elements than to hash them."""
        return self.lane is None and self.link.is_slow

    def send_chunks(self, data: memoryview, content: Content | None = None) -> None:
        """Send the data of the upload that the last batch announced. Waits while the window is full.

        What is sent is also `content`, if that is given.
        """
        if self.lane is not None:
            self._send_pieces(data, self.lane.slot_bytes)
        else:
            self._send_packed(data, content)

    def _send_packed(self, data: memoryview, content: Content | None = None) -> None:
        for start in range(0, data.nbytes, CHUNK_BYTES):
            self.wait_for_room()
            part = data[start : start + CHUNK_BYTES]
            frame = pack_chunk(part)
            self._queue.put(frame)
            self.window.sent(len(frame))
            if content is not None:
                content.add(memoryview(frame)[-part.nbytes :])
        if content is not None:
            content.end()

    def _send_pieces(self, data: memoryview, most: int) -> None:
        """Have the sender copy the data to shared memory, and wait until it has: then it may change again.

        A worker that is still at what came before empties no slot meanwhile. It does not hold up the program: what the
        window has room for is packed.
        """
        piece: Piece | None = None
        before = self.window.frames
        for start in range(0, data.nbytes, most):
            part = data[start : start + most]
            self.wait_for_room()
            if self.window.wait_for_slot(before, _SLOT_SECONDS):
                self._piece = piece = Piece(part)
                self._queue.put(piece)
                self.window.sent(part.nbytes, slots=1)
            else:
                self._send_packed(part)
        if piece is not None and self._broken is None:
            piece.copied.wait()
        self._piece = None

    def wait_for_room(self) -> None:
        """Wait until the window has room. Raises what broke the stream."""
        self.window.wait()
        if self._broken is not None:
            raise again(self._broken)

    def nudge(self) -> None:
        """Something is being written: look after it once the pipe is idle. Never blocks; finalisers may call it."""
        self._queue.put(_NUDGE)

    def _frames(self) -> Iterator[ClientFrame | bytes]:
        """What gRPC takes from, on a thread of its own, whenever it can send more."""
        wait: float | None = None
        sequence = frames = 0
        while True:
            try:
                item = self._queue.get(timeout=wait)
            except queue.Empty:
                wait = None if self._flush_if_idle() else _IDLE_SECONDS
                continue
            if item is None:
                return
            wait = _IDLE_SECONDS if isinstance(item, _Nudge) else None
            if isinstance(item, Piece):
                assert self.lane is not None, "pieces are for lanes"
                frames += 1
                packed = self.lane.pack(item, frames)
                self.bytes_sent += len(packed) if isinstance(packed, bytes) else 0
                yield packed
            elif isinstance(item, ClientFrame):
                yield item
            elif isinstance(item, bytes):
                frames += 1
                frame = self.link.frame(item)
                if frame is not item:
                    self.window.compressed(frames, len(item) - len(frame))
                self.bytes_sent += len(frame)
                yield frame
            elif isinstance(item, Outbox) and item.sequence > sequence:
                sequence = item.sequence
                frames += 1
                frame = item.frame(self._locations.take_fresh(), self.link.news())
                self.bytes_sent += len(frame)
                item.taken.release()
                yield frame

    # -- receiving ---------------------------------------------------------------------------------------------------

    def expect(self, answer: Answer) -> None:
        """Keep a place for the answer to a request that is about to be sent. Raises what broke the stream."""
        with self._lock:
            if self._broken is not None:
                raise again(self._broken)
            self._answers[answer.request] = answer

    def forget(self, answer: Answer) -> None:
        """Nobody waits for this one any more."""
        with self._lock:
            self._answers.pop(answer.request, None)

    def _receive(self) -> None:
        """Hand out what comes, until the stream ends."""
        try:
            for frame in self._call:
                if frame is not _HANDED_OUT:
                    self._hand_out(frame)
            error: TeletensorError = ConnectionLostError(f"the worker at {self.address} ended the session's stream")
        except grpc.RpcError as broken:
            error = translate(broken, self.address)
            if broken.code() is grpc.StatusCode.CANCELLED and not self._closing:
                error = self._reason() or error
        except TeletensorError as broken:
            error = broken
        except Exception as broken:
            error = InternalError(f"cannot make sense of what the worker at {self.address} sent: {broken!r}")
        self._break(error)

    def _reason(self) -> TeletensorError | None:
        """Why the worker cancelled the stream: it says so to whoever asks for the session."""
        try:
            self._end_session()
        except TeletensorError as error:
            return error
        return None

    def _arrived(self, data: bytes) -> WorkerFrame | Chunk | _HandedOut:
        """Hand out a small answer at once: whoever waits for it wakes up one thread earlier. Give back other frames.

        gRPC calls this on the thread that serves its channel, when the receiver has dealt with what came before.
        """
        frame = parse_worker_frame(data)
        if len(data) > _MOST_AT_ONCE or self._incoming is not None or isinstance(frame, memoryview):
            return frame
        try:
            self._hand_out(frame)
        except Exception:
            # The receiver, to whom it goes, will come to the same, and end the stream.
            return frame
        return _HANDED_OUT

    def _hand_out(self, frame: WorkerFrame | Chunk) -> None:
        if isinstance(frame, memoryview):
            self._take_elements(frame, frame.nbytes)
        elif frame.HasField("compressed"):
            self._take_elements(self.link.take(frame.compressed), frame.ByteSize())
        elif frame.HasField("shared"):
            self._take_shared(self._incoming, frame.shared)
        else:
            self.bytes_received += frame.ByteSize()
            self._incoming = self._reply(frame.reply, self._incoming)
        if self._incoming is not None and self._incoming.is_whole:
            incoming, self._incoming = self._incoming, None
            self.link.end()
            self._answer(incoming)

    def _take_elements(self, elements: Chunk, size: int) -> None:
        """Take elements that travelled with so many bytes."""
        self.bytes_received += size
        self.link.arrived(size)
        if self._incoming is None:
            raise MalformedRequestError("the worker sent a chunk that belongs to no array")
        self._incoming.add(elements)

    def _take_shared(self, incoming: Incoming | None, chunk: SharedChunk) -> None:
        """Take elements out of shared memory, and tell the worker now and then that it may use their slots again."""
        if incoming is None or self.lane is None:
            raise MalformedRequestError("the worker sent a chunk that belongs to no array")
        incoming.add(self.lane.view(chunk))
        told = self.lane.taken()
        if told is not None:
            self._queue.put(told)

    def _reply(self, reply: Reply, begun: Incoming | None) -> Incoming | None:
        """Note what is acknowledged; the answer that begins here, if one does.

        One that has begun to arrive ends with a failure to send the rest. Raises MalformedRequestError for any other.
        """
        was_open = self.window.is_open()
        if self.lane is not None:
            self.lane.acknowledged(reply.acknowledged)
        self.window.acknowledge(reply.acknowledged)
        if not was_open:
            self.nudge()
        if reply.failures or reply.HasField("failure"):
            # It may be an upload that has failed, and that the program will do again.
            self.repeats.clear()
        if begun is not None and not (reply.HasField("failure") and reply.request == begun.request):
            raise MalformedRequestError("the worker sent a reply among the chunks of another")
        if reply.HasField("hook_call"):
            with self._lock:
                answer = self._answers.get(reply.request)
            if answer is not None:
                answer.tell(reply.hook_call)
            return None
        return Incoming(reply) if reply.request else None

    def _answer(self, incoming: Incoming) -> None:
        with self._lock:
            answer = self._answers.pop(incoming.request, None)
        if answer is not None:
            answer.tell(incoming.answered)

    def _break(self, error: TeletensorError) -> None:
        """Tell everybody who waits, and whoever will."""
        with self._lock:
            self._broken = error
            waiting = list(self._answers.values())
            self._answers.clear()
            piece = self._piece
        for answer in waiting:
            answer.tell(error)
        self.window.break_()
        if piece is not None:
            piece.copied.set()
        self._queue.put(None)

    # -- the end -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let everything sent so far run, then end the session. Raises the oldest error that nobody has read."""
        self._closing = True
        try:
            self._queue.put(None)
            self._receiver.join()
            broken = self._broken
            if broken is not None and (self._call.code() is not grpc.StatusCode.OK):
                self._give_up(broken)
            self._end_session()
        finally:
            self._call.cancel()
            self._endpoint.channel.close()
            self.repeats.close()

    def _give_up(self, broken: TeletensorError) -> None:
        """End a session whose stream broke: its worker may still hold its tensors."""
        if not isinstance(broken, TransportError):
            with contextlib.suppress(TeletensorError):
                self._end_session()
        raise again(broken)

    def _end_session(self) -> None:
        request = CloseRequest(session=self._session_id)
        with translated(self.address):
            reply = WorkerStub(self._endpoint.channel).Close(
                request, metadata=self._endpoint.metadata(), timeout=_CLOSE_SECONDS
            )
        if reply.HasField("failure"):
            raise error_of(reply.failure)
