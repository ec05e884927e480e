"""Events as a trace of Chrome's format (JSON), which Perfetto (ui.perfetto.dev) and chrome://tracing show."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from teletensor.profiler.events import ENGINE, Event

_CLIENT = 1


def write(events: Iterable[Event], path: str | os.PathLike[str]) -> None:
    """Write a trace; gzip-compressed where the name ends in `.gz`."""
    text = json.dumps({"traceEvents": list(_entries(list(events))), "displayTimeUnit": "ms"})
    if os.fspath(path).endswith(".gz"):
        import gzip

        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.write(text)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def _entries(events: list[Event]) -> Iterator[dict[str, Any]]:
    places = dict.fromkeys(event.place for event in events if event.side == ENGINE)
    numbers = {place: _CLIENT + 1 + i for i, place in enumerate(places)}
    yield _named("process_name", _CLIENT, f"client (process {os.getpid()})")
    for place, number in numbers.items():
        yield _named("process_name", number, f"engine: {place}")
    begun: set[tuple[str, int]] = set()
    for event in events:
        process = numbers[event.place] if event.side == ENGINE else _CLIENT
        yield _entry(event, process)
        key = event.place, event.batch
        if event.side == ENGINE and event.wire and key not in begun:
            begun.add(key)
            yield from _arrow(event, process)


def _entry(event: Event, process: int) -> dict[str, Any]:
    args: dict[str, Any] = {"line": event.where} if event.where else {}
    for name in ("bytes", "round_trips", "batch"):
        if value := getattr(event, name):
            args[name] = value
    if event.batch:
        args |= {"wire_us": event.wire / 1e3, "queue_us": event.queue / 1e3}
    return {
        "name": event.name, "cat": event.side, "ph": "X", "pid": process, "tid": event.thread,
        "ts": event.start / 1e3, "dur": event.duration / 1e3, "args": args,
    }  # fmt: skip


def _arrow(event: Event, process: int) -> Iterator[dict[str, Any]]:
    """From when a batch was sent to when its first command ran."""
    common = {"name": f"batch {event.batch}", "cat": "wire", "id": f"{process}.{event.batch}"}
    sent = event.start - event.queue - event.wire
    yield {**common, "ph": "s", "pid": _CLIENT, "tid": 0, "ts": sent / 1e3}
    yield {**common, "ph": "f", "bp": "e", "pid": process, "tid": event.thread, "ts": event.start / 1e3}


def _named(what: str, process: int, name: str) -> dict[str, Any]:
    return {"name": what, "ph": "M", "pid": process, "tid": 0, "args": {"name": name}}
