"""`connect`: a session on a worker, by default the place for new tensors from then on."""

from __future__ import annotations

import atexit
import os
import platform
from importlib.metadata import version
from pathlib import Path

import grpc
import teletensor_core.ops  # noqa: F401  (fills the registry)
from teletensor_core.errors import ArgumentError, ConnectFailedError
from teletensor_protos import handshake
from teletensor_protos.v1.worker_pb2 import OpenReply
from teletensor_protos.v1.worker_pb2_grpc import WorkerStub

from teletensor import sessions
from teletensor.channel import Endpoint, open_channel, translated
from teletensor.device import Device
from teletensor.remote import RemoteSession


def connect(
    address: str | None = None,
    *,
    token: str | None = None,
    tls_ca: str | os.PathLike[str] | None = None,
    default_device: str | None = None,
    timeout: float = 10.0,
    blocking: bool | None = None,
) -> RemoteSession:
    """A session on the worker at `address` ("host:port", or TELETENSOR_URL), which closes at the end of a `with` block.

    New tensors go to the worker from now on, unless `default_device="cpu"`. `token` defaults to TELETENSOR_TOKEN;
    `tls_ca` is a file with the certificate authority to trust, and switches TLS on. `blocking` (or
    TELETENSOR_BLOCKING=1) runs one command at a time, so that errors are raised at the line that caused them.

    Raises ConnectFailedError when nobody answers within `timeout` seconds; AuthenticationError, ProtocolMismatchError
    or QuotaExceededError when the worker refuses.
    """
    address = _target(address or os.environ.get("TELETENSOR_URL"))
    token = token or os.environ.get("TELETENSOR_TOKEN") or None
    blocking = os.environ.get("TELETENSOR_BLOCKING") == "1" if blocking is None else blocking
    certificate = None if tls_ca is None else Path(tls_ca).read_bytes()
    endpoint = Endpoint(address, open_channel(address, token, certificate), token)
    try:
        reply = _open(endpoint, timeout)
        handshake.check(reply)
    except BaseException:
        endpoint.channel.close()
        raise
    session = RemoteSession(endpoint, reply.session, _device(reply), reply.limits, blocking=blocking)
    sessions.add(session, default=default_device is None)
    if default_device is not None:
        sessions.resolve(default_device)
    return session


def _target(address: str | None) -> str:
    if not address:
        raise ArgumentError("connect() needs the worker's address: connect('host:50051'), or set TELETENSOR_URL")
    target = address.removeprefix("grpc://")
    if "://" in target:
        raise ArgumentError(f"connect() takes host:port, got {address!r}")
    return target if ":" in target else f"{target}:50051"


def _open(endpoint: Endpoint, timeout: float) -> OpenReply:
    address = endpoint.address
    try:
        grpc.channel_ready_future(endpoint.channel).result(timeout=timeout)
    except grpc.FutureTimeoutError:
        raise ConnectFailedError(
            f"no worker answers at {address} within {timeout:g} s; "
            "is `teletensor serve` running there, and the port right?"
        ) from None
    client = f"teletensor {version('teletensor')}, Python {platform.python_version()}, {platform.node()}"
    with translated(address):
        reply: OpenReply = WorkerStub(endpoint.channel).Open(
            handshake.request(client), metadata=endpoint.metadata(), timeout=timeout
        )
    return reply


def _device(reply: OpenReply) -> Device:
    """GPUs keep their names. A worker's cpu is called remote: `cpu` is this process. Later ones are numbered."""
    if reply.device != "cpu":
        return Device(reply.device)
    others = [s.device.index or 0 for s in sessions.connected() if s.device.type == "remote"]
    return Device("remote", max(others) + 1 if others else None)


def disconnect() -> None:
    """Close every connection."""
    for session in list(sessions.connected()):
        session.close()


def _close_at_exit() -> None:
    for session in list(sessions.connected()):
        try:
            session.close()
        except Exception as error:
            print(f"teletensor: {type(error).__name__} while closing {session!r}: {error}")


atexit.register(_close_at_exit)
