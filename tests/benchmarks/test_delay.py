"""The proxy that stands for a far worker: nothing is lost, changed or reordered, and ends are passed on."""

import contextlib
import socket
import threading
import time

import pytest
import teletensor as tt

from benchmarks.delay import DelayProxy, proxied

DATA = bytes(range(256)) * 20_000


@pytest.fixture
def echo():
    """The address of a server that sends back what it is sent, and ends when its client does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)

        def answer():
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(1 << 16):
                    connection.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join(20)
        assert not thread.is_alive()


def talk(address):
    host, port = address.split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    return connection


def test_bytes_arrive_whole_and_in_order_and_so_does_the_end(echo):
    with DelayProxy(echo, 0.001) as proxy, talk(proxy.address) as connection:
        sender = threading.Thread(target=lambda: (connection.sendall(DATA), connection.shutdown(socket.SHUT_WR)))
        sender.start()
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        sender.join()
    assert received == DATA


def test_closing_breaks_what_is_open(echo):
    proxy = DelayProxy(echo, 0.0)
    with talk(proxy.address) as connection:
        connection.sendall(b"x")
        assert connection.recv(1) == b"x"
        proxy.close()
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    with pytest.raises(OSError, match="refused"):
        talk(proxy.address)


def test_a_target_that_is_not_there_ends_the_connection():
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"127.0.0.1:{server.getsockname()[1]}"
    with DelayProxy(nobody, 0.0) as proxy, talk(proxy.address) as connection:
        assert connection.recv(1) == b""


def test_a_session_works_through_it(worker):
    with proxied(worker.grpc, 0.002) as address, tt.connect(address, token=worker.token) as session:
        x = tt.arange(300_000.0)
        before = session.stats()
        future = (x * 2)[-1].item_async()
        assert (session.stats() - before).waits == 0
        assert future.result() == 599_998
        assert tt.equal(x.cpu(), tt.arange(300_000.0, device="cpu"))


def test_a_rate_is_kept(echo):
    with DelayProxy(echo, 0.0, rate=10e6) as proxy, talk(proxy.address) as connection:
        sender = threading.Thread(target=lambda: (connection.sendall(DATA), connection.shutdown(socket.SHUT_WR)))
        start = time.monotonic()
        sender.start()
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        sender.join()
    assert received == DATA
    assert time.monotonic() - start >= len(DATA) / 10e6
