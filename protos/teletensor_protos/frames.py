"""Serializers of the command stream: protobuf messages, except that bulk chunks are packed and unpacked by hand.

A chunk frame is `message { oneof { ... bytes chunk = 2 } }`: the tag byte, the length as a varint, the data. Written
directly it costs one copy of the data instead of two, and reading it costs none: the receiver gets a view. The elements
of a batch, a field of it that may stand anywhere, are copied once likewise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from teletensor_protos.v1.worker_pb2 import Batch, ClientFrame, WorkerFrame

CHUNK_BYTES = 1 << 20
# Numbers of fields, and that they are length-delimited.
_BATCH_TAG, _CHUNK_TAG, _ELEMENTS_TAG = 1 << 3 | 2, 2 << 3 | 2, 8 << 3 | 2

# What is received: a message, or the data of a chunk. What is sent: a message, or a packed chunk.
Chunk: TypeAlias = memoryview
Out: TypeAlias = WorkerFrame | bytes
Piece: TypeAlias = bytes | memoryview


def pack_chunk(*pieces: Piece) -> bytes:
    """A chunk frame with these bytes one after another, ready to send."""
    return b"".join((_header(_CHUNK_TAG, sum(map(len, pieces))), *pieces))


def pack_batch(batch: Batch, elements: Sequence[Piece]) -> bytes:
    """The frame of a batch, which has no elements yet, with these one after another, ready to send."""
    rest, size = batch.SerializeToString(), sum(map(len, elements))
    header = _header(_ELEMENTS_TAG, size) if size else b""
    return b"".join((_header(_BATCH_TAG, len(header) + size + len(rest)), header, *elements, rest))


def grouped(pieces: Iterable[Piece], most: int) -> Iterator[list[Piece]]:
    """The same bytes in groups of no more than `most`: small pieces share one, large ones are cut up."""
    waiting: list[Piece] = []
    room = most
    for piece in pieces:
        if len(piece) > room and waiting:
            yield waiting
            waiting, room = [], most
        if len(piece) <= room:
            waiting.append(piece)
            room -= len(piece)
            continue
        whole = memoryview(piece)
        for start in range(0, len(piece), most):
            yield [whole[start : start + most]]
    if waiting:
        yield waiting


def pack_chunks(pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Chunk frames with these bytes one after another."""
    for group in grouped(pieces, CHUNK_BYTES):
        yield pack_chunk(*group)


def _header(tag: int, size: int) -> bytes:
    out = bytearray([tag])
    while size > 0x7F:
        out.append(size & 0x7F | 0x80)
        size >>= 7
    out.append(size)
    return bytes(out)


def unpack_chunk(frame: bytes) -> Chunk | None:
    """The data of a frame that is exactly one chunk, else None."""
    if not frame or frame[0] != _CHUNK_TAG:
        return None
    size, shift, at = 0, 0, 1
    while at < len(frame) and shift < 35:
        byte = frame[at]
        size |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return memoryview(frame)[at:] if at + size == len(frame) else None
    return None


def serialize(frame: ClientFrame | WorkerFrame | bytes) -> bytes:
    """The bytes of a frame; one that is bytes already was packed by hand."""
    return frame if isinstance(frame, bytes) else frame.SerializeToString()


def parse_client_frame(data: bytes) -> ClientFrame | Chunk:
    """What a client sent. Raises protobuf's DecodeError for bytes that are no frame."""
    chunk = unpack_chunk(data)
    return ClientFrame.FromString(data) if chunk is None else chunk


def parse_worker_frame(data: bytes) -> WorkerFrame | Chunk:
    """What a worker sent. Raises protobuf's DecodeError for bytes that are no frame."""
    chunk = unpack_chunk(data)
    return WorkerFrame.FromString(data) if chunk is None else chunk
