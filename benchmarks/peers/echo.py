"""A bare bidirectional gRPC stream that sends each message back: the least that a question over gRPC costs."""

from __future__ import annotations

import multiprocessing
import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from benchmarks.peers.serve import Work, serve

_METHOD = "/echo.Echo/Talk"


class _Echo(grpc.GenericRpcHandler):
    def service(self, details: Any) -> Any:
        return grpc.stream_stream_rpc_method_handler(_talk)


def _talk(messages: Iterator[bytes], context: Any) -> Iterator[bytes]:
    for message in messages:
        yield bytes([message[0] + 1])


def _answer(port: Any) -> None:
    server = grpc.server(ThreadPoolExecutor(2), handlers=(_Echo(),))
    port.put(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    server.wait_for_termination()


def _one(channel: grpc.Channel) -> Work:
    waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    answers = channel.stream_stream(_METHOD)(iter(waiting.get, None))

    def value() -> int:
        waiting.put(b"\0")
        return int(next(answers)[0])

    return Work(lambda count: [value() for _ in range(count)], value)


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    ports = context.Queue()
    context.Process(target=_answer, args=(ports,), daemon=True).start()
    with grpc.insecure_channel(f"127.0.0.1:{ports.get()}") as opened:
        serve({"one": lambda: _one(opened)})
