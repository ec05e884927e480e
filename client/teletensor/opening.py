"""How a session begins: where its worker is, who asks for it, and what the worker says to that."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import grpc
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core.errors import ArgumentError, ConnectFailedError, ProtocolMismatchError
from teletensor_protos import compression as zstd
from teletensor_protos import handshake, shared
from teletensor_protos.allocator import keep_freed_memory
from teletensor_protos.tokens import TokenFileError, check_token, default_token_file, read_token
from teletensor_protos.v1.worker_pb2 import CloseRequest, OpenReply, OpenRequest
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

from teletensor import sessions
from teletensor.channel import Endpoint, Tls, is_loopback, open_channel, translate
from teletensor.device import Device
from teletensor.link import Compression
from teletensor.remote import RemoteSession


def open_session(
    address: str | None,
    token: str | None,
    tls: Tls | None,
    *,
    cpu: str,
    timeout: float,
    blocking: bool,
    shared_memory: bool,
    compression: Compression,
) -> RemoteSession:
    """The session that `connect` gives, for its arguments or what the environment says instead of them."""
    address = _target(address)
    if compression == "zstd" and not zstd.AVAILABLE:
        raise ArgumentError(f"connect(compression='zstd') needs a package: {zstd.INSTALL}")
    endpoint = open_channel(address, _token(token, address), tls)
    try:
        request = handshake.request(
            _client(), share_memory=shared_memory and is_loopback(address), compress=compression is not None
        )
        reply = _open(endpoint, request, timeout)
        handshake.check(reply)
        compression = _agreed(compression, reply, endpoint)
    except BaseException:
        endpoint.channel.close()
        raise
    is_machine = cpu == "worker" or (cpu == "auto" and reply.device == "cpu")
    device = Device("cpu") if is_machine else _device(reply)
    keep_freed_memory()
    segment = shared.attach(reply.shared_memory) if shared_memory and reply.HasField("shared_memory") else None
    return RemoteSession(
        endpoint,
        reply.session,
        device,
        reply.limits,
        reply.capabilities,
        device_name=reply.device_name,
        device_properties=reply.device_properties if reply.HasField("device_properties") else None,
        blocking=blocking,
        segment=segment,
        compression=compression,
    )


def _target(address: str | None) -> str:
    if not address:
        raise ArgumentError("connect() needs the worker's address: connect('host:50051'), or set TELETENSOR_URL")
    target = address.removeprefix("grpc://")
    if "://" in target:
        raise ArgumentError(f"connect() takes host:port, got {address!r}")
    return target if ":" in target else f"{target}:50051"


def _token(given: str | None, address: str) -> str | None:
    """The token that was given, or that the environment names, or that this user's own workers take."""
    token = given or os.environ.get("TELETENSOR_TOKEN")
    named = os.environ.get("TELETENSOR_TOKEN_FILE")
    try:
        if token:
            return check_token(token)
        if named:
            return read_token(Path(named))
        return read_token(default_token_file()) if is_loopback(address) else None
    except FileNotFoundError:
        if named:
            raise ArgumentError(f"there is no token file {named}, which TELETENSOR_TOKEN_FILE names") from None
        return None
    except (ValueError, TokenFileError) as error:
        raise ArgumentError(str(error)) from None


def _client() -> str:
    return f"teletensor {handshake.software()}, Python {platform.python_version()}, {platform.node()}"


def _agreed(compression: Compression, reply: OpenReply, endpoint: Endpoint) -> Compression:
    """The compression that the worker can take. Raises ProtocolMismatchError where it was to be, and cannot."""
    if compression is None or (zstd.AVAILABLE and zstd.CAPABILITY in reply.capabilities):
        return compression
    if compression == "zstd":
        WorkerStub(endpoint.channel).Close(CloseRequest(session=reply.session), metadata=endpoint.metadata())
        raise ProtocolMismatchError(f"the worker at {endpoint.address} cannot decompress; there: {zstd.INSTALL}")
    return None


def _open(endpoint: Endpoint, request: OpenRequest, timeout: float) -> OpenReply:
    """Ask for a session, for as long as nobody listens there."""
    deadline = time.monotonic() + timeout
    while True:
        left = max(deadline - time.monotonic(), 0.0)
        try:
            reply: OpenReply = WorkerStub(endpoint.channel).Open(request, metadata=endpoint.metadata(), timeout=left)
            return reply
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise translate(error, endpoint.address) from None
            reason = error.details() or ""
        advice = endpoint.advice(reason)
        if advice is not None:
            raise ConnectFailedError(f"cannot connect to the worker at {endpoint.address}: {advice} ({reason})")
        try:
            grpc.channel_ready_future(endpoint.channel).result(timeout=max(deadline - time.monotonic(), 0.0))
        except grpc.FutureTimeoutError:
            raise ConnectFailedError(
                f"no worker answers at {endpoint.address} within {timeout:g} s; is `teletensor serve` running there, "
                f"and the port right? ({reason})"
            ) from None


def _device(reply: OpenReply) -> Device:
    """GPUs keep their names. A worker's cpu is called remote: `cpu` is this process. Later ones are numbered."""
    if reply.device != "cpu":
        return Device(reply.device)
    others = [s.device.index or 0 for s in sessions.connected() if s.device.type == "remote"]
    return Device("remote", max(others) + 1 if others else None)
