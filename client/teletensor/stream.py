"""The command stream of a session: sends frames in order, receives replies."""

from __future__ import annotations

import queue

import grpc
from teletensor_core.errors import ConnectionLostError, MalformedRequestError
from teletensor_protos import codec
from teletensor_protos.frames import CHUNK_BYTES, Chunk, pack_chunk, parse_worker_frame, serialize
from teletensor_protos.v1.worker_pb2 import Batch, ClientFrame, CloseRequest, Failure, Reply, WorkerFrame
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

from teletensor.channel import translated

# Frames waiting for gRPC to take them. gRPC takes the next one when the worker's flow-control window, which counts
# bytes, has room; when this queue is full too, the caller blocks: nothing grows without bound.
_MOST_QUEUED = 32
_CHECK_SECONDS = 1.0


class CommandStream:
    """One session's bidirectional stream. The caller serialises access."""

    def __init__(self, channel: grpc.Channel, address: str, session_id: str, token: str | None) -> None:
        self.address = address
        self.batches = 0
        self.bytes_sent = 0
        self.bytes_received = 0
        self._channel = channel
        self._queue: queue.Queue[ClientFrame | bytes | None] = queue.Queue(_MOST_QUEUED)
        self._metadata = [(codec.SESSION_KEY, session_id)]
        if token:
            self._metadata.append(("authorization", f"Bearer {token}"))
        call = channel.stream_stream(
            codec.STREAM_METHOD, request_serializer=serialize, response_deserializer=parse_worker_frame
        )
        self._call = call(iter(self._queue.get, None), metadata=self._metadata)

    # -- sending -----------------------------------------------------------------------------------------------------

    def send(self, batch: Batch) -> None:
        """Send a batch, numbered."""
        self.batches += 1
        batch.sequence = self.batches
        self.bytes_sent += batch.ByteSize()
        self._put(ClientFrame(batch=batch))

    def send_chunks(self, data: memoryview) -> None:
        """Send the data of the upload that the last batch announced."""
        for start in range(0, data.nbytes, CHUNK_BYTES):
            chunk = data[start : start + CHUNK_BYTES]
            self.bytes_sent += chunk.nbytes
            self._put(pack_chunk(chunk))

    def _put(self, frame: ClientFrame | bytes | None) -> None:
        while True:
            try:
                self._queue.put(frame, timeout=_CHECK_SECONDS)
                return
            except queue.Full:
                if not self._call.is_active():
                    self._next_frame()  # raises what ended the stream
                    raise ConnectionLostError(f"the worker at {self.address} ended the session's stream") from None

    # -- receiving ---------------------------------------------------------------------------------------------------

    def reply(self) -> Reply:
        """The next answer of the worker. Waits."""
        while True:
            reply = self._next_reply()
            if reply.request or reply.HasField("hook_call"):
                return reply

    def receive_into(self, target: memoryview) -> None:
        """Fill an array from the chunks that come next."""
        at = 0
        while at < target.nbytes:
            frame = self._next_frame()
            if not isinstance(frame, memoryview) or at + frame.nbytes > target.nbytes:
                raise MalformedRequestError("the worker sent something else in the middle of an array")
            target[at : at + frame.nbytes] = frame
            at += frame.nbytes

    def _next_reply(self) -> Reply:
        frame = self._next_frame()
        if isinstance(frame, memoryview):
            raise MalformedRequestError("the worker sent a chunk that belongs to no array")
        return frame.reply

    def _next_frame(self) -> WorkerFrame | Chunk:
        with translated(self.address):
            frame: WorkerFrame | Chunk | None = next(self._call, None)
        if frame is None:
            raise ConnectionLostError(f"the worker at {self.address} ended the session's stream")
        self.bytes_received += frame.nbytes if isinstance(frame, memoryview) else frame.ByteSize()
        return frame

    def close(self, session_id: str) -> Failure | None:
        """Let everything sent so far run, then end the session. The oldest error that nobody has read, if any."""
        try:
            self._put(None)
            with translated(self.address):
                for _ in self._call:
                    pass
                reply = WorkerStub(self._channel).Close(
                    CloseRequest(session=session_id), metadata=self._metadata[1:], timeout=30
                )
        finally:
            self._channel.close()
        return reply.failure if reply.HasField("failure") else None
