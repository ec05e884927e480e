"""A worker's life: start both servers, tell where they are, wait, drain."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from teletensor_core.errors import TeletensorError
from teletensor_protos.tokens import write_private

from teletensor_server import host, logs, selftest
from teletensor_server.admin import create_app
from teletensor_server.auth import Tokens
from teletensor_server.banner import banner
from teletensor_server.listeners import AdminServer, GrpcServer, ListenError, at
from teletensor_server.settings import ConfigError, Settings
from teletensor_server.worker import Worker

# As in sysexits.h.
EXIT_UNAVAILABLE, EXIT_NO_PERMISSION, EXIT_CONFIG = 69, 77, 78
EXIT_SECOND_SIGNAL = 128 + signal.SIGTERM
_REAP_EVERY = 5.0


class WorkerProcess:
    """A worker that listens on its gRPC and admin ports. Raises ListenError or ConfigError instead of half a start."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self.settings, self.tokens = settings, tokens
        self.worker = create_worker(settings)
        self.admin = AdminServer(create_app(self.worker, tokens), settings)
        try:
            self.grpc = GrpcServer(self.worker, tokens, settings)
        except BaseException:
            self.admin.stop()
            raise

    @property
    def grpc_address(self) -> str:
        """host:port for clients."""
        return at(_reachable(self.settings.host), self.grpc.port)

    @property
    def admin_url(self) -> str:
        """The admin service's URL."""
        scheme = "https" if self.settings.tls else "http"
        return f"{scheme}://{at(_reachable(self.settings.admin_host), self.admin.port)}"

    def drain(self) -> bool:
        """End: no new sessions, running commands finish; whether they did within `drain_seconds`."""
        deadline = time.monotonic() + self.settings.drain_seconds
        self.worker.drain()
        self.grpc.health.enter_graceful_shutdown()
        finished = self.grpc.activity.wait_quiet(self.settings.drain_seconds)
        # Streams whose clients have nothing to do end here.
        self.grpc.stop(min(0.2, max(0.0, deadline - time.monotonic())))
        self.worker.shutdown()
        self.admin.stop()
        return finished


def create_worker(settings: Settings) -> Worker:
    """The worker that the settings describe. Raises ConfigError when the device is not there."""
    try:
        worker = Worker(
            device=settings.device,
            max_sessions=settings.max_sessions,
            lease_seconds=settings.lease_seconds,
            shared_bytes=settings.shared_memory_bytes,
            cuda_graphs=settings.cuda_graphs,
        )
    except (TeletensorError, ValueError, ImportError) as error:
        raise ConfigError(f"--device {settings.device}: {error}") from error
    worker.limits = settings.limits(on_cpu=worker.device == "cpu")
    return worker


def run(settings: Settings) -> int:
    """Serve until a signal comes; the exit code."""
    try:
        tokens = settings.tokens()
        # A kernel that would drop the imaginary part of a number fails, see failures.py.
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        logs.configure(settings.log_format, settings.log_level, tokens.secrets)
        with _signals() as stop:
            return _serve(settings, tokens, stop)
    except ConfigError as error:
        return _give_up(str(error), EXIT_CONFIG)
    except ListenError as error:
        denied = isinstance(error.__cause__, OSError) and error.__cause__.errno in (errno.EACCES, errno.EPERM)
        return _give_up(str(error), EXIT_NO_PERMISSION if denied else EXIT_UNAVAILABLE)


def _serve(settings: Settings, tokens: Tokens, stop: threading.Event) -> int:
    log = logs.get_logger("teletensor.serve")
    host.keep_memory()
    process = WorkerProcess(settings, tokens)
    if process.worker.device == "cpu":
        host.bound_memory()
    host.spare_collections()
    with _ready_file(settings.ready_file, process):
        log.info("listening", grpc=process.grpc_address, admin=process.admin_url, device=process.worker.device)
        _warn(log, settings)
        _warn_of_gpu(log, process.worker)
        if logs.is_console(settings.log_format):
            print(banner(process.grpc_address, process.admin_url, process.worker.device, tokens, settings), flush=True)
        while not stop.wait(min(_REAP_EVERY, settings.lease_seconds / 4)):
            process.worker.reap()
            if process.worker.has_become_idle():
                host.give_back_memory()
        log.info("draining", seconds=settings.drain_seconds)
    finished = process.drain()
    log.info("stopped", finished=finished)
    if not finished:
        # Commands that do not end would keep the interpreter from ending.
        sys.stdout.flush()
        os._exit(0)
    return 0


def _warn(log: Any, settings: Settings) -> None:
    if settings.insecure_no_auth:
        log.warning("no authentication: everybody on this machine can use this worker")
    elif not settings.tls and not settings.on_loopback:
        log.warning("tokens and tensors travel in clear text: use this on a network that you trust, or set up TLS")


def _warn_of_gpu(log: Any, worker: Worker) -> None:
    verdict = selftest.recall(worker.device, worker.backend)
    if verdict not in (selftest.NO_GPU, selftest.PASSED):
        log.warning("this GPU has not been found to compute what NumPy computes", gpu_self_test=verdict)


@contextlib.contextmanager
def _signals() -> Iterator[threading.Event]:
    """An event that the first SIGTERM or SIGINT sets; the second ends the process at once."""
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(EXIT_SECOND_SIGNAL)
        stop.set()

    previous = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _ready_file(path: Path | None, process: WorkerProcess) -> Iterator[None]:
    """Write the ready file, whole or not at all; remove it at the end."""
    if path is None:
        yield
        return
    told = {
        "grpc": process.grpc_address,
        "admin": process.admin_url,
        "token": process.tokens.client,
        "pid": os.getpid(),
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.unlink(missing_ok=True)
        write_private(temporary, json.dumps(told | {"pid": os.getpid()}) + "\n")
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot write the ready file {path}: {error.strerror}") from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _reachable(host: str) -> str:
    """An address to connect to for one to listen on."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _give_up(message: str, code: int) -> int:
    print(f"teletensor serve: {message}", file=sys.stderr)
    return code
