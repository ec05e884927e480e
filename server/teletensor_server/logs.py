"""Logs of the worker: one pipe for everything, readable on a terminal, JSON elsewhere, and never a token in it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# These tell what the worker tells itself, or log every frame.
_CHATTY = ("grpc", "asyncio", "uvicorn")


class Redact:
    """A renderer that replaces secrets in whatever the renderer behind it made."""

    def __init__(self, renderer: Processor, secrets: Iterable[str]) -> None:
        self._renderer = renderer
        self._secrets = tuple(secrets)

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        """The rendered line without the secrets."""
        line = str(self._renderer(logger, name, event))
        for secret in self._secrets:
            line = line.replace(secret, "[token]")
        return line


def is_console(log_format: str, stream: IO[str] | None = None) -> bool:
    """Whether logs are for people: asked for, or "auto" on a terminal."""
    if log_format == "auto":
        return (stream or sys.stdout).isatty()
    return log_format == "console"


def configure(log_format: str, level: str, secrets: Iterable[str] = (), stream: IO[str] | None = None) -> None:
    """Send the logs of structlog and of `logging` to `stream` (stdout): one line an event, without any of `secrets`."""
    stream = stream or sys.stdout
    renderer: Processor = structlog.processors.JSONRenderer()
    console = is_console(log_format, stream)
    if console:
        # Tracebacks without local variables: those would print tensors, and tokens in pieces.
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain, timestamp_key="ts")
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console, key="ts"),
        *([] if console else [structlog.processors.format_exc_info]),
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, Redact(renderer, secrets)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> Any:
    """A structlog logger."""
    return structlog.stdlib.get_logger(name)
