"""Many tensors at once as a safetensors file, streamed between a worker and this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from teletensor_core.errors import TeletensorError
from teletensor_protos.frames import CHUNK_BYTES
from teletensor_protos.v1.worker_pb2 import ExportRequest, ImportChunk, ImportReply, NamedTensor
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

from teletensor.channel import Endpoint, translated

if TYPE_CHECKING:
    from teletensor.session import Ref


def export(
    endpoint: Endpoint, session_id: str, named: Mapping[str, Ref], metadata: Mapping[str, str]
) -> Iterator[bytes]:
    """The pieces of a safetensors file of these tensors, as the session's commands so far have left them.

    Raises the error of a tensor that has one, and ConnectionLostError.
    """
    request = ExportRequest(tensors=_named(named), metadata=dict(metadata))
    with translated(endpoint.address):
        for chunk in WorkerStub(endpoint.channel).ExportState(request, metadata=endpoint.metadata(session_id)):
            yield chunk.data


def import_(endpoint: Endpoint, session_id: str, named: Mapping[str, Ref], pieces: Iterable[bytes]) -> None:
    """Bind handles to the tensors of a safetensors file.

    Raises CheckpointError for a damaged file, or one that lacks a name, and QuotaExceededError.
    """
    failed: list[BaseException] = []
    try:
        with translated(endpoint.address):
            reply: ImportReply = WorkerStub(endpoint.channel).ImportState(
                _chunks(named, _noting(pieces, failed)), metadata=endpoint.metadata(session_id)
            )
    except TeletensorError:
        # gRPC takes the pieces on a thread of its own, and tells only that something failed there.
        if failed:
            raise failed[0] from None
        raise
    assert set(reply.names) == set(named), "a worker binds every tensor or none"


def _noting(pieces: Iterable[bytes], failed: list[BaseException]) -> Iterator[bytes]:
    try:
        yield from pieces
    except BaseException as error:
        failed.append(error)
        raise


def _chunks(named: Mapping[str, Ref], pieces: Iterable[bytes]) -> Iterator[ImportChunk]:
    yield ImportChunk(tensors=_named(named))
    for piece in pieces:
        for start in range(0, len(piece), CHUNK_BYTES):
            yield ImportChunk(data=piece[start : start + CHUNK_BYTES])


def _named(named: Mapping[str, Ref]) -> list[NamedTensor]:
    return [NamedTensor(name=name, handle=handle) for name, handle in named.items()]
