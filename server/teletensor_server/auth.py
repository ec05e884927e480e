"""Who may call what: one set of tokens, an interceptor for gRPC, a dependency for REST.

What is not allowed is denied.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any

import grpc
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

# Health is status only, and load balancers have no token.
OPEN_METHODS = frozenset({"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"})
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="teletensor"'}


class Scope(IntEnum):
    """What a token is good for in the admin service. Each scope includes the ones below it."""

    NONE = 0
    READ = 1
    ADMIN = 2


class Tokens:
    """The tokens of a worker, kept as digests. `client=None`: everybody is let in.

    `path` is the file the client token came from, `created` whether it was made by this start.
    """

    def __init__(
        self,
        client: str | None,
        admin: str | None = None,
        read: str | None = None,
        *,
        path: Path | None = None,
        created: bool = False,
    ) -> None:
        self.open = client is None
        self.path, self.created = path, created
        self.secrets = tuple(token for token in (client, admin, read) if token)
        self._client = _digest(client)
        self._admin = _digest(admin or client)
        self._read = _digest(read)

    @property
    def client(self) -> str | None:
        """The clients' token in clear text."""
        return None if self.open else self.secrets[0]

    def lets_in(self, token: str) -> bool:
        """Whether a client may use the gRPC service with this token."""
        return self.open or _same(_digest(token), self._client)

    def scope(self, token: str) -> Scope:
        """What this token may do in the admin service."""
        given = _digest(token)
        is_admin, is_read = _same(given, self._admin), _same(given, self._read)
        if self.open or is_admin:
            return Scope.ADMIN
        return Scope.READ if is_read else Scope.NONE


def _digest(token: str | None) -> bytes | None:
    return None if token is None else hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _same(given: bytes | None, wanted: bytes | None) -> bool:
    return given is not None and wanted is not None and hmac.compare_digest(given, wanted)


def bearer(header: str) -> str:
    """The token of an Authorization header; empty if it has none."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


# -- gRPC -----------------------------------------------------------------------------------------------------------


class AuthInterceptor(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc has no annotations
    """Lets calls with the clients' token through, and health checks. Methods that do not exist are denied likewise."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler], details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler:
        """The method's own handler, or one that denies."""
        if details.method in OPEN_METHODS or self.tokens.lets_in(_token_of(details)):
            return continuation(details)
        return _DENY


def _token_of(details: grpc.HandlerCallDetails) -> str:
    for key, value in details.invocation_metadata or ():
        if key == "authorization":
            return bearer(value if isinstance(value, str) else "")
    return ""


def _deny(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
    context.abort(
        grpc.StatusCode.UNAUTHENTICATED, "no valid token: send the metadata entry `authorization: Bearer <token>`"
    )
    yield b""


# A streaming handler answers without waiting for a message, whatever kind of method was called.
_DENY = grpc.stream_stream_rpc_method_handler(_deny)


# -- REST -----------------------------------------------------------------------------------------------------------

_SCHEME = HTTPBearer(auto_error=False, description="A token of the worker: `Authorization: Bearer <token>`.")


def require(tokens: Tokens, scope: Scope) -> Callable[..., Any]:
    """A dependency that refuses a request whose token has not got `scope`: 401 without a valid token, else 403."""

    def check(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]) -> None:
        # Without tokens, a page in the user's browser must not get in under a name that it resolves to 127.0.0.1.
        if tokens.open and request.url.hostname not in _LOCAL_NAMES | {"::1"}:
            raise HTTPException(403, "a worker without authentication answers to localhost only")
        held = tokens.scope(credentials.credentials if credentials else "")
        if held is Scope.NONE:
            raise HTTPException(401, "no valid token: send `Authorization: Bearer <token>`", headers=_CHALLENGE)
        if held < scope:
            raise HTTPException(403, "this token may only read; this needs the admin token")

    return check
