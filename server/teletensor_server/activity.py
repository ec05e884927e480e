"""Which calls are at work, so that a worker that shuts down knows when its commands have finished."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc

_HANDLERS = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}


class Call:
    """A call that is being served. `waiting_since` is when it began to wait for the client; None while it works."""

    __slots__ = ("waiting_since",)

    def __init__(self) -> None:
        self.waiting_since: float | None = None

    def requests(self, messages: Iterator[Any]) -> Iterator[Any]:
        """The client's messages, noting the time spent waiting for them."""
        while True:
            self.waiting_since = time.monotonic()
            try:
                message = next(messages)
            except StopIteration:
                return
            finally:
                self.waiting_since = None
            yield message


class Activity(grpc.ServerInterceptor):  # type: ignore[misc]  # grpc has no annotations
    """Follows every call of the given service. Thread-safe."""

    def __init__(self, service: str) -> None:
        self._prefix = f"/{service}/"
        self._calls: set[Call] = set()
        self._lock = threading.Lock()

    def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler], details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler:
        """The method's handler, followed."""
        handler = continuation(details)
        if handler is None or not details.method.startswith(self._prefix):
            return handler
        kind = bool(handler.request_streaming), bool(handler.response_streaming)
        return _HANDLERS[kind](
            self._followed(handler, *kind),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    def _followed(self, handler: grpc.RpcMethodHandler, takes_stream: bool, gives_stream: bool) -> Callable[..., Any]:
        behavior = (
            (handler.stream_stream if gives_stream else handler.stream_unary)
            if takes_stream
            else (handler.unary_stream if gives_stream else handler.unary_unary)
        )

        def replies(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            call = self._begin()
            try:
                yield from behavior(call.requests(request) if takes_stream else request, context)
            finally:
                self._end(call)

        def reply(request: Any, context: grpc.ServicerContext) -> Any:
            call = self._begin()
            try:
                return behavior(call.requests(request) if takes_stream else request, context)
            finally:
                self._end(call)

        return replies if gives_stream else reply

    def _begin(self) -> Call:
        call = Call()
        with self._lock:
            self._calls.add(call)
        return call

    def _end(self, call: Call) -> None:
        with self._lock:
            self._calls.discard(call)

    def working(self, quiet_seconds: float = 0.0) -> int:
        """How many calls work, or have waited for their client for less than `quiet_seconds`."""
        before = time.monotonic() - quiet_seconds
        with self._lock:
            waits = [call.waiting_since for call in self._calls]
        return sum(since is None or since > before for since in waits)

    def wait_quiet(self, timeout: float, quiet_seconds: float = 0.2) -> bool:
        """Wait until every call has waited for its client for `quiet_seconds`; False when `timeout` came first."""
        deadline = time.monotonic() + timeout
        pause = threading.Event()
        while self.working(quiet_seconds):
            if time.monotonic() >= deadline:
                return False
            pause.wait(0.02)
        return True
