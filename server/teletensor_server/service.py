"""The gRPC servicer: decodes, calls the worker, encodes. Errors become statuses in one place."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from teletensor_core.backends.base import Backend
from teletensor_core.errors import (
    InternalError,
    MalformedRequestError,
    ProtocolMismatchError,
    QuotaExceededError,
    SessionNotFoundError,
    TeletensorError,
    TensorNotFoundError,
    UserError,
    code_of,
)
from teletensor_protos import codec, handshake, shared
from teletensor_protos.frames import Out, parse_client_frame, serialize
from teletensor_protos.v1 import worker_pb2 as pb

from teletensor_server import state
from teletensor_server.machine import Frame
from teletensor_server.session import Session
from teletensor_server.worker import Worker

log = logging.getLogger(__name__)

STATUS: dict[type[TeletensorError], grpc.StatusCode] = {
    SessionNotFoundError: grpc.StatusCode.NOT_FOUND,
    TensorNotFoundError: grpc.StatusCode.NOT_FOUND,
    QuotaExceededError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    MalformedRequestError: grpc.StatusCode.INVALID_ARGUMENT,
    ProtocolMismatchError: grpc.StatusCode.FAILED_PRECONDITION,
}
_MOST_CHARACTERS = 2000
_MOST_LINE = 1000


@contextlib.contextmanager
def statuses(worker: Worker, context: grpc.ServicerContext) -> Iterator[None]:
    """Turn errors into gRPC statuses. What is not in the catalogue is logged, and told as "internal error" only."""
    try:
        yield
    except TeletensorError as error:
        worker.count_error()
        context.set_trailing_metadata(_metadata(error))
        context.abort(_status(error), str(error)[:_MOST_CHARACTERS])
    except (grpc.RpcError, GeneratorExit):
        raise
    except Exception as error:
        if context.is_active():
            log.error("request failed", exc_info=error)
            worker.count_error()
            context.set_trailing_metadata(((codec.ERROR_KEY, code_of(error)),))
            context.abort(grpc.StatusCode.INTERNAL, "internal error, see the worker's log")


def _metadata(error: TeletensorError) -> tuple[tuple[str, str | bytes], ...]:
    """What tells an error beside its message."""
    name = (codec.ERROR_KEY, code_of(error))
    if not (error.where or error.command):
        return (name,)
    origin = pb.Failure(location=(error.where or "")[-_MOST_LINE:], command=error.command or "")
    return name, (codec.ORIGIN_KEY, origin.SerializeToString())


def _status(error: TeletensorError) -> grpc.StatusCode:
    default = grpc.StatusCode.INVALID_ARGUMENT if isinstance(error, UserError) else grpc.StatusCode.INTERNAL
    return STATUS.get(type(error), default)


class Service:
    """teletensor.v1.Worker. Requests come as bytes, and are parsed here: what is no message is an error like others."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def Open(self, data: bytes, context: grpc.ServicerContext) -> pb.OpenReply:
        """Agree on a version and make a session."""
        with statuses(self.worker, context):
            request = _parsed(pb.OpenRequest.FromString, data)
            version = handshake.agree(request)
            session = self.worker.open(request.client, request.device)
            if shared.CAPABILITY in request.capabilities and _is_near(context.peer()):
                session.offer = shared.offer(self.worker.shared_bytes, self.worker.limits.message_bytes)
            limits = self.worker.limits
            return pb.OpenReply(
                version=version,
                session=session.id,
                op_fingerprint=handshake.fingerprint(),
                worker=f"teletensor {handshake.software()}",
                software=handshake.software(),
                shared_memory=None if session.offer is None else session.offer.describe(),
                capabilities=handshake.CAPABILITIES,
                device=session.device,
                device_name=self.worker.backend.device_name,
                device_properties=_properties(self.worker.backend),
                limits=pb.Limits(
                    session_bytes=limits.session_bytes,
                    tensors=limits.tensors,
                    message_bytes=limits.message_bytes,
                    window_bytes=limits.window_bytes,
                    window_commands=limits.window_commands,
                    signatures=limits.signatures,
                ),
            )
        raise AssertionError("abort() always raises")

    def Commands(self, frames: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[Out]:
        """The session's stream."""
        with statuses(self.worker, context):
            session = self._session(context)
            with session.streaming(context.cancel), self._ends_with_errors(session):
                session.share(dict(context.invocation_metadata()).get(shared.SECRET_KEY))
                for out in session.run(_frames(frames)):
                    session.bytes_sent += _size(out)
                    yield out
            if session.machine.ended:
                self.worker.session(session.id)  # raises how it ended

    @contextlib.contextmanager
    def _ends_with_errors(self, session: Session) -> Iterator[None]:
        """An error that ends a session's stream ends the session: nobody could go on with its log."""
        try:
            yield
        except TeletensorError as error:
            self.worker.abandon(session, error)
            raise
        except (grpc.RpcError, GeneratorExit):
            raise
        except Exception:
            self.worker.abandon(session, InternalError("internal error, see the worker's log"))
            raise

    def ExportState(self, data: bytes, context: grpc.ServicerContext) -> Iterator[pb.StateChunk]:
        """Named tensors as one safetensors file."""
        with statuses(self.worker, context):
            request = _parsed(pb.ExportRequest.FromString, data)
            session = self._session(context)
            with session.transfer() as machine, session.lock:
                named = {entry.name: entry.handle for entry in request.tensors}
                for piece in state.export(machine, named, dict(request.metadata)):
                    session.bytes_sent += len(piece)
                    yield pb.StateChunk(data=piece)

    def ImportState(self, chunks: Iterator[bytes], context: grpc.ServicerContext) -> pb.ImportReply:
        """One safetensors file, bound to handles."""
        with statuses(self.worker, context):
            session = self._session(context)
            with session.transfer() as machine:
                parsed = (_parsed(pb.ImportChunk.FromString, chunk) for chunk in chunks)
                first = next(parsed, None)
                if first is None:
                    raise MalformedRequestError("an import starts with a chunk that names its tensors")
                named = {entry.name: entry.handle for entry in first.tensors}
                file = state.Import(machine, named, session.lock)
                for piece in _data_of(first, parsed):
                    session.bytes_received += len(piece)
                    file.add(piece)
                return pb.ImportReply(names=file.finish())
        raise AssertionError("abort() always raises")

    def Memory(self, data: bytes, context: grpc.ServicerContext) -> pb.MemoryReply:
        """What the session holds, and what its device has."""
        with statuses(self.worker, context):
            request = _parsed(pb.MemoryRequest.FromString, data)
            session = self._session(context)
            info = self.worker.backend.memory_info()
            rest = {name: info.get(name, 0) for name in ("reserved", "free", "total")}
            return pb.MemoryReply(**session.memory(rest["reserved"], request.reset_peaks), **rest)
        raise AssertionError("abort() always raises")

    def Close(self, data: bytes, context: grpc.ServicerContext) -> pb.CloseReply:
        """End a session."""
        with statuses(self.worker, context):
            request = _parsed(pb.CloseRequest.FromString, data)
            return pb.CloseReply(failure=self.worker.close(request.session))
        raise AssertionError("abort() always raises")

    def _session(self, context: grpc.ServicerContext) -> Session:
        metadata = dict(context.invocation_metadata())
        return self.worker.session(str(metadata.get(codec.SESSION_KEY, "")))


def _parsed(parse: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return parse(data)
    except DecodeError:
        raise MalformedRequestError("a message is none of this protocol") from None


def _frames(received: Iterator[bytes]) -> Iterator[Frame]:
    for data in received:
        frame = _parsed(parse_client_frame, data)
        if isinstance(frame, memoryview):
            yield frame
        elif frame.WhichOneof("kind") == "batch":
            yield frame.batch
        elif frame.WhichOneof("kind") == "chunk":
            yield memoryview(frame.chunk)
        elif frame.WhichOneof("kind") == "shared":
            yield frame.shared
        elif frame.WhichOneof("kind") == "compressed":
            yield frame.compressed
        elif frame.WhichOneof("kind") == "taken":
            yield frame.taken
        else:
            raise MalformedRequestError("a frame is a batch or a chunk; this one is neither")


def _size(out: Out) -> int:
    """Bytes of a frame, with those that are in shared memory."""
    return len(out) if isinstance(out, bytes) else out.ByteSize() + out.shared.size


def _properties(backend: Backend) -> pb.DeviceProperties | None:
    told = backend.device_properties
    return pb.DeviceProperties(**told) if told else None


def _is_near(peer: str) -> bool:
    """Whether a peer, as gRPC names it, has connected from this machine, or through a tunnel that ends on it."""
    return peer.startswith(("ipv4:127.", "ipv6:%5B::1%5D:", "ipv6:[::1]:", "unix:"))


def _data_of(first: pb.ImportChunk, rest: Iterator[pb.ImportChunk]) -> Iterator[bytes]:
    yield first.data
    for chunk in rest:
        yield chunk.data


_HANDLERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def add_to(server: grpc.Server, worker: Worker) -> Service:
    """Register the service."""
    service = Service(worker)
    descriptor = pb.DESCRIPTOR.services_by_name["Worker"]
    handlers = {}
    for method in descriptor.methods:
        reply = getattr(pb, method.output_type.name)
        handlers[method.name] = _HANDLERS[method.client_streaming, method.server_streaming](
            getattr(service, method.name),
            # The command stream's chunks are packed already.
            response_serializer=serialize if method.name == "Commands" else reply.SerializeToString,
        )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(descriptor.full_name, handlers),))
    return service
