"""gRPC channels: options, credentials, and the one place where gRPC's errors become teletensor's."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from teletensor_core.errors import (
    CODES,
    ArgumentError,
    AuthenticationError,
    ConnectionLostError,
    InternalError,
    TeletensorError,
)
from teletensor_protos import codec
from teletensor_protos.v1.worker_pb2 import Failure

from teletensor.answers import error_of

_OPTIONS = (
    ("grpc.max_receive_message_length", 16 << 20),
    ("grpc.max_send_message_length", 16 << 20),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
)


# What gRPC says when a connection cannot be made for a reason that waiting does not cure, and what to do about it.
_ADVICE = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not signed by the authority in tls_ca",
    "WRONG_VERSION_NUMBER": "it speaks no TLS; leave out tls_ca",
    "Hostname Verification": "its certificate is for another name than the one in the address",
    "Tls handshake failed": "TLS failed",
    "resolv": "there is no host of that name",
}


@dataclass(frozen=True)
class Tls:
    """Whom to trust, and what to show: PEM. `certificate` and `key` are for workers that check their clients."""

    authority: bytes
    certificate: bytes | None = None
    key: bytes | None = None

    @classmethod
    def read(cls, ca: Any, certificate: Any, key: Any) -> Tls | None:
        """From files; None without an authority. Raises ArgumentError for files that cannot be read."""
        if (certificate is None) != (key is None) or (certificate is not None and ca is None):
            raise ArgumentError("TLS takes tls_ca, and both tls_cert and tls_key for a worker that checks its clients")
        if ca is None:
            return None
        return cls(*(None if path is None else _pem(path) for path in (ca, certificate, key)))  # type: ignore[arg-type]


def _pem(path: Any) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ArgumentError(f"cannot read {path}: {error.strerror}") from None


@dataclass(frozen=True)
class Endpoint:
    """A worker's gRPC service, and the token that it wants."""

    address: str
    channel: grpc.Channel
    token: str | None = field(default=None, repr=False)
    tls: Tls | None = field(default=None, repr=False)

    def metadata(self, session_id: str = "") -> list[tuple[str, str]]:
        """What goes with a call, on behalf of a session or of none."""
        entries = [("authorization", f"Bearer {self.token}")] if self.token else []
        return [*entries, (codec.SESSION_KEY, session_id)] if session_id else entries

    def advice(self, reason: str) -> str | None:
        """What to do about a connection that failed for this reason; None when waiting may help."""
        if "Socket closed" in reason:
            wanted = "a certificate of yours; give tls_cert and tls_key" if self.tls else "TLS; give tls_ca"
            return f"it hung up at once, and may want {wanted}"
        return next((advice for sign, advice in _ADVICE.items() if sign in reason), None)


def open_channel(address: str, token: str | None, tls: Tls | None = None) -> Endpoint:
    """A channel to `host:port`. Raises AuthenticationError when a token would travel in clear text off this machine."""
    if tls is not None:
        credentials = grpc.ssl_channel_credentials(tls.authority, tls.key, tls.certificate)
        return Endpoint(address, grpc.secure_channel(address, credentials, options=_OPTIONS), token, tls)
    if token and not is_loopback(address):
        raise AuthenticationError(
            f"refusing to send a token in clear text to {address}: use TLS (tls_ca=...), or an SSH tunnel to loopback"
        )
    return Endpoint(address, grpc.insecure_channel(address, options=_OPTIONS), token)


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
        origin = metadata.get(codec.ORIGIN_KEY, b"")
        failure = Failure.FromString(origin if isinstance(origin, bytes) else b"")
        failure.code, failure.message = name, details
        return error_of(failure)
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return AuthenticationError(
            f"the worker at {address} wants a token: {details}; pass connect(..., token=...) or set TELETENSOR_TOKEN"
        )
    if code is grpc.StatusCode.UNAVAILABLE:
        return ConnectionLostError(f"the link to the worker at {address} broke: {details}")
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return ConnectionLostError(f"the worker at {address} did not answer in time")
    if code is grpc.StatusCode.CANCELLED:
        return ConnectionLostError(f"the call to the worker at {address} was cancelled")
    return InternalError(f"the worker at {address} failed: {code.name}: {details}")
