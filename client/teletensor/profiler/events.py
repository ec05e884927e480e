"""What a profiler notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# Who did it: this process, the engine that computes (a worker's, or the one here), or a region that the user named.
Side: TypeAlias = str
CLIENT, ENGINE, REGION = "client", "engine", "region"


@dataclass(slots=True)
class Event:
    """Something that took time, from `start` to `end` (ns of this process's clock).

    `where` is the user's file:line. An event of a worker's engine belongs to the commands of `batch`, and says how long
    that was on its `wire`, and how long the command was in the `queue` of its batch.
    """

    name: str
    side: Side
    start: int
    end: int
    where: str = ""
    thread: int = 0
    place: str = ""
    bytes: int = 0
    round_trips: int = 0
    batch: int = 0
    wire: int = 0
    queue: int = 0

    @property
    def duration(self) -> int:
        """How long it took, ns."""
        return self.end - self.start
