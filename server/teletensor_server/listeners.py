"""The two servers of a worker, each listening when it is made: gRPC for clients, HTTP for operators."""

from __future__ import annotations

import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import uvicorn
from fastapi import FastAPI

from teletensor_server import service
from teletensor_server.activity import Activity
from teletensor_server.auth import AuthInterceptor, Tokens
from teletensor_server.health import HealthServicer, add_health
from teletensor_server.settings import Settings
from teletensor_server.worker import Worker

SERVICE = "teletensor.v1.Worker"
# Calls besides the sessions' own streams: opening, closing, files.
_SPARE_THREADS = 16


class ListenError(Exception):
    """An address cannot be listened on: the port is taken, or is not for this user."""

    def __init__(self, what: str, host: str, port: int, reason: str, option: str) -> None:
        super().__init__(
            f"{what} cannot listen on {at(host, port)}: {reason}; choose another with {option} (0: any free one)"
        )


class GrpcServer:
    """The gRPC service of a worker, listening. `port` is the one it got."""

    def __init__(self, worker: Worker, tokens: Tokens, settings: Settings) -> None:
        # Every session may hold two threads: for its stream as long as it is connected, and for a state file.
        threads = ThreadPoolExecutor(2 * settings.max_sessions + _SPARE_THREADS, "rpc")
        self.activity = Activity(SERVICE)
        interceptors = (AuthInterceptor(tokens), self.activity)
        self._server = grpc.server(threads, interceptors=interceptors, options=_options(settings.message_bytes))
        service.add_to(self._server, worker)
        self.health: HealthServicer = add_health(self._server, SERVICE)
        self.port = self._bind(settings)
        self._server.start()

    def _bind(self, settings: Settings) -> int:
        host, port = settings.host, settings.port
        # gRPC would log its own account of a taken port; this one is clearer.
        listening_socket(host, port, "gRPC", "--port").close()
        try:
            if settings.tls:
                bound = self._server.add_secure_port(at(host, port), _credentials(settings))
            else:
                bound = self._server.add_insecure_port(at(host, port))
        except (RuntimeError, ValueError) as error:
            raise ListenError("gRPC", host, port, str(error), "--port") from None
        if not bound:
            raise ListenError("gRPC", host, port, "the address cannot be used", "--host")
        return int(bound)

    def stop(self, grace: float) -> None:
        """End every call within `grace` seconds."""
        self._server.stop(grace).wait()


def _options(message_bytes: int) -> list[tuple[str, int]]:
    return [
        # Otherwise a second worker on the same port starts without an error and gets half of the clients.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", message_bytes),
        ("grpc.max_send_message_length", message_bytes),
        ("grpc.max_concurrent_streams", 100),
        # Notice a client that is gone without a word within 40 s; keepalive_timeout_ms alone does not fire.
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.http2.ping_timeout_ms", 10_000),
        ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ]


def _credentials(settings: Settings) -> grpc.ServerCredentials:
    assert settings.tls_cert is not None
    assert settings.tls_key is not None
    pair = settings.tls_key.read_bytes(), settings.tls_cert.read_bytes()
    authority = None if settings.tls_client_ca is None else settings.tls_client_ca.read_bytes()
    return grpc.ssl_server_credentials([pair], authority, require_client_auth=authority is not None)


class AdminServer:
    """The admin service of a worker on a thread of its own, listening. `port` is the one it got."""

    def __init__(self, app: FastAPI, settings: Settings) -> None:
        self._socket = listening_socket(settings.admin_host, settings.admin_port, "the admin service", "--admin-port")
        self.port = int(self._socket.getsockname()[1])
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=200,
            timeout_graceful_shutdown=5,
            ssl_certfile=_text(settings.tls_cert),
            ssl_keyfile=_text(settings.tls_key),
            ssl_ca_certs=_text(settings.tls_client_ca),
            ssl_cert_reqs=ssl.CERT_REQUIRED if settings.tls_client_ca else ssl.CERT_NONE,
        )
        config.load()
        self._server = uvicorn.Server(config)
        # Off the main thread, uvicorn leaves the signals alone.
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="admin", daemon=True)
        # The socket listens already: what connects from now on waits for the thread, and is not refused.
        self._socket.listen(128)
        self._thread.start()

    def stop(self) -> None:
        """Answer what was asked, and end."""
        self._server.should_exit = True
        self._thread.join(6)
        self._socket.close()


def listening_socket(host: str, port: int, what: str, option: str) -> socket.socket:
    """A socket bound to an address. Raises ListenError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(what, host, port, str(error.strerror), option) from error
    try:
        if socket.has_dualstack_ipv6() and family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(1)
    except OSError as error:
        bound.close()
        raise ListenError(what, host, port, str(error.strerror), option) from error
    return bound


def at(host: str, port: int) -> str:
    """`host:port`, with brackets round an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
