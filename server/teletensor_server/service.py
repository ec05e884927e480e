"""The gRPC servicer: decodes, calls the worker, encodes. Errors become statuses in one place."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import grpc
from google.protobuf.message import DecodeError
from teletensor_core import registry
from teletensor_core.errors import (
    MalformedRequestError,
    ProtocolMismatchError,
    QuotaExceededError,
    SessionNotFoundError,
    TeletensorError,
    TensorNotFoundError,
    UserError,
    code_of,
)
from teletensor_protos import codec
from teletensor_protos.frames import Chunk, Out, parse_client_frame, serialize
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
ERROR_KEY = "teletensor-error"


@contextlib.contextmanager
def statuses(worker: Worker, context: grpc.ServicerContext) -> Iterator[None]:
    """Turn errors into gRPC statuses. What is not in the catalogue is logged, and told as "internal error" only."""
    try:
        yield
    except TeletensorError as error:
        worker.count_error()
        context.set_trailing_metadata(((ERROR_KEY, code_of(error)),))
        context.abort(_status(error), str(error))
    except DecodeError:
        worker.count_error()
        context.set_trailing_metadata(((ERROR_KEY, "malformed_request"),))
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a message is no frame of this protocol")
    except (grpc.RpcError, GeneratorExit):
        raise
    except Exception as error:
        if context.is_active():
            log.error("request failed", exc_info=error)
            worker.count_error()
            context.abort(grpc.StatusCode.INTERNAL, "internal error, see the worker's log")


def _status(error: TeletensorError) -> grpc.StatusCode:
    default = grpc.StatusCode.INVALID_ARGUMENT if isinstance(error, UserError) else grpc.StatusCode.INTERNAL
    return STATUS.get(type(error), default)


class Service:
    """teletensor.v1.Worker."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def Open(self, request: pb.OpenRequest, context: grpc.ServicerContext) -> pb.OpenReply:
        """Agree on a version and make a session."""
        with statuses(self.worker, context):
            _check_versions(request)
            session = self.worker.open(request.client, request.device)
            limits = self.worker.limits
            return pb.OpenReply(
                version=codec.VERSION,
                session=session.id,
                op_fingerprint=registry.fingerprint(),
                worker=f"teletensor {_version()}",
                device=session.device,
                device_name=self.worker.backend.device_name,
                limits=pb.Limits(
                    session_bytes=limits.session_bytes,
                    tensors=limits.tensors,
                    message_bytes=limits.message_bytes,
                    window_bytes=limits.window_bytes,
                ),
            )
        raise AssertionError("abort() always raises")

    def Commands(self, frames: Iterator[pb.ClientFrame | Chunk], context: grpc.ServicerContext) -> Iterator[Out]:
        """The session's stream."""
        with statuses(self.worker, context):
            session = self._session(context)
            for out in session.run(_batches(frames)):
                session.bytes_sent += len(out) if isinstance(out, bytes) else out.ByteSize()
                yield out

    def ExportState(self, request: pb.ExportRequest, context: grpc.ServicerContext) -> Iterator[pb.StateChunk]:
        """Named tensors as one safetensors file."""
        with statuses(self.worker, context):
            session = self.worker.session(request.session)
            named = {entry.name: entry.handle for entry in request.tensors}
            with session.lock:
                pieces = state.export(session.machine, named, dict(request.metadata))
            for piece in pieces:
                session.bytes_sent += len(piece)
                yield pb.StateChunk(data=bytes(piece))

    def ImportState(self, chunks: Iterator[pb.ImportChunk], context: grpc.ServicerContext) -> pb.ImportReply:
        """One safetensors file, bound to handles."""
        with statuses(self.worker, context):
            first = next(chunks, None)
            if first is None:
                raise MalformedRequestError("an import starts with a chunk that names its session and tensors")
            session = self.worker.session(first.session)
            named = {entry.name: entry.handle for entry in first.tensors}
            data = state.collect(first.data, (chunk.data for chunk in chunks), session.machine.limits.session_bytes)
            with session.lock:
                names = state.import_(session.machine, named, data)
            return pb.ImportReply(names=names)
        raise AssertionError("abort() always raises")

    def Close(self, request: pb.CloseRequest, context: grpc.ServicerContext) -> pb.CloseReply:
        """End a session."""
        with statuses(self.worker, context):
            return pb.CloseReply(failure=self.worker.close(request.session))
        raise AssertionError("abort() always raises")

    def _session(self, context: grpc.ServicerContext) -> Session:
        metadata = dict(context.invocation_metadata())
        return self.worker.session(str(metadata.get(codec.SESSION_KEY, "")))


def _batches(frames: Iterator[pb.ClientFrame | Chunk]) -> Iterator[Frame]:
    for frame in frames:
        if isinstance(frame, memoryview):
            yield frame
        elif frame.WhichOneof("kind") == "batch":
            yield frame.batch
        elif frame.WhichOneof("kind") == "chunk":
            yield memoryview(frame.chunk)
        else:
            raise MalformedRequestError("a frame is a batch or a chunk; this one is neither")


def _check_versions(request: pb.OpenRequest) -> None:
    if not request.oldest_version <= codec.VERSION <= request.newest_version:
        raise ProtocolMismatchError(
            f"the client speaks protocol versions {request.oldest_version} to {request.newest_version}, this worker "
            f"version {codec.VERSION}; upgrade the older of the two"
        )
    if request.op_fingerprint and request.op_fingerprint != registry.fingerprint():
        raise ProtocolMismatchError(
            f"client ({request.client}) and worker (teletensor {_version()}) have different op tables; "
            "install the same version of teletensor on both"
        )


def _version() -> str:
    from importlib.metadata import version

    return version("teletensor")


_HANDLERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


def add_to(server: grpc.Server, worker: Worker) -> Service:
    """Register the service. The command stream has serializers of its own, which leave bulk data alone."""
    service = Service(worker)
    descriptor = pb.DESCRIPTOR.services_by_name["Worker"]
    handlers = {}
    for method in descriptor.methods:
        request, reply = (getattr(pb, message.name) for message in (method.input_type, method.output_type))
        is_commands = method.name == "Commands"
        handlers[method.name] = _HANDLERS[method.client_streaming, method.server_streaming](
            getattr(service, method.name),
            request_deserializer=parse_client_frame if is_commands else request.FromString,
            response_serializer=serialize if is_commands else reply.SerializeToString,
        )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(descriptor.full_name, handlers),))
    return service
