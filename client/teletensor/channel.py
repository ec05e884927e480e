"""gRPC channels: options, credentials, and the one place where gRPC's errors become teletensor's."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

import grpc
from teletensor_core.errors import (
    CODES,
    AuthenticationError,
    ConnectFailedError,
    ConnectionLostError,
    InternalError,
    TeletensorError,
    from_code,
)
from teletensor_protos import codec

_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_send_message_length", 16 << 20),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
)


@dataclass(frozen=True)
class Endpoint:
    """A worker's gRPC service, and the token that it wants."""

    address: str
    channel: grpc.Channel
    token: str | None = None

    def metadata(self, session_id: str = "") -> list[tuple[str, str]]:
        """What goes with a call, on behalf of a session or of none."""
        entries = [("authorization", f"Bearer {self.token}")] if self.token else []
        return [*entries, (codec.SESSION_KEY, session_id)] if session_id else entries


def open_channel(address: str, token: str | None, tls_ca: bytes | None = None) -> grpc.Channel:
    """A channel to `host:port`. Raises AuthenticationError when a token would travel in clear text off this machine."""
    if tls_ca is not None:
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(tls_ca or None), options=_OPTIONS)
    if token and not is_loopback(address):
        raise AuthenticationError(
            f"refusing to send a token in clear text to {address}: use TLS (tls_ca=...), or an SSH tunnel to loopback"
        )
    return grpc.insecure_channel(address, options=_OPTIONS)


def is_loopback(address: str) -> bool:
    """Whether an address stays on this machine."""
    if address.startswith("unix:"):
        return True
    host = address.rsplit(":", 1)[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def translated(address: str) -> Iterator[None]:
    """Raise gRPC's errors as teletensor's own."""
    try:
        yield
    except grpc.RpcError as error:
        raise translate(error, address) from None


def translate(error: grpc.RpcError, address: str) -> TeletensorError:
    """A gRPC error as teletensor's own."""
    code, details = error.code(), error.details() or ""
    metadata = dict(error.trailing_metadata() or ())
    name = str(metadata.get(codec.ERROR_KEY, ""))
    if name in CODES:
        return from_code(name, details)
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return AuthenticationError(
            f"the worker at {address} wants a token: {details}; pass connect(..., token=...) or set TELETENSOR_TOKEN"
        )
    if code is grpc.StatusCode.UNAVAILABLE:
        return ConnectionLostError(f"the link to the worker at {address} broke: {details}")
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return ConnectFailedError(f"the worker at {address} did not answer in time")
    if code is grpc.StatusCode.CANCELLED:
        return ConnectionLostError(f"the call to the worker at {address} was cancelled")
    return InternalError(f"the worker at {address} failed: {code.name}: {details}")
