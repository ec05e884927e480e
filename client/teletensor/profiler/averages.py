"""Events added up by name, and the table of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from teletensor_core.errors import ArgumentError

from teletensor.profiler.events import CLIENT, ENGINE, Event

# Ways to sort the table: our columns, and PyTorch's names for them.
_SORTED_BY = {
    **dict.fromkeys(("client", "cpu_time_total", "self_cpu_time_total", "cpu_time"), "client"),
    **dict.fromkeys(("compute", "device_time_total", "self_device_time_total", "device_time"), "compute"),
    **dict.fromkeys(("cuda_time_total", "self_cuda_time_total", "cuda_time"), "compute"),
    **{name: name for name in ("wire", "queue", "count", "bytes", "round_trips")},
}


@dataclass
class Average:
    """What all events of one name add up to. Times are nanoseconds; PyTorch's own names give microseconds."""

    key: str
    where: str = ""
    calls: int = 0
    commands: int = 0
    client: int = 0
    wire: int = 0
    queue: int = 0
    compute: int = 0
    regions: int = 0
    bytes: int = 0
    round_trips: int = 0
    is_user_annotation: bool = False
    places: Counter[str] = field(default_factory=Counter, repr=False)

    def add(self, event: Event) -> None:
        """Count an event."""
        if event.side == ENGINE:
            self.commands += 1
            self.compute += event.duration
            self.wire += event.wire
            self.queue += event.queue
        elif event.side == CLIENT:
            self.calls += 1
            self.client += event.duration
        else:
            self.regions += 1
            self.client += event.duration
            self.is_user_annotation = True
        self.bytes += event.bytes
        self.round_trips += event.round_trips
        if event.where:
            self.places[event.where] += event.duration

    @property
    def count(self) -> int:
        """How often it was called, or, where nobody called it here, how often it ran."""
        return self.calls or self.commands or self.regions

    @property
    def line(self) -> str:
        """The user's line that took the most of it."""
        return self.where or (self.places.most_common(1)[0][0] if self.places else "")

    @property
    def cpu_time_total(self) -> float:
        """Microseconds of this process."""
        return self.client / 1e3

    self_cpu_time_total = cpu_time_total

    @property
    def cpu_time(self) -> float:
        """Microseconds of this process for one call."""
        return self.cpu_time_total / max(self.count, 1)

    @property
    def device_time_total(self) -> float:
        """Microseconds of the engine."""
        return self.compute / 1e3

    self_device_time_total = cuda_time_total = self_cuda_time_total = device_time_total

    @property
    def device_time(self) -> float:
        """Microseconds of the engine for one call."""
        return self.device_time_total / max(self.commands, 1)

    cuda_time = device_time


class Averages(list[Average]):
    """What `key_averages()` gives: the averages, costliest first."""

    @classmethod
    def of(cls, events: Iterable[Event], by_line: bool) -> Averages:
        """Events added up by name, or by name and line."""
        found: dict[tuple[str, str], Average] = {}
        for event in events:
            key = event.name, event.where if by_line else ""
            found.setdefault(key, Average(*key)).add(event)
        return cls(sorted(found.values(), key=lambda a: a.client + a.compute, reverse=True))

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds that this process spent in calls."""
        return sum(each.cpu_time_total for each in self if not each.is_user_annotation)

    def total_average(self) -> Average:
        """All of them in one."""
        total = Average("Total")
        for each in self:
            if not each.is_user_annotation:
                for name in ("calls", "commands", "client", "wire", "queue", "compute", "bytes", "round_trips"):
                    setattr(total, name, getattr(total, name) + getattr(each, name))
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The averages as text, the greatest first by `sort_by`.

        That is one of "client", "wire", "queue", "compute", "count", "bytes", "round_trips", or PyTorch's name for one
        of them; ArgumentError for anything else. `row_limit` -1 is none.
        """
        rows: list[Average] = list(self)
        if sort_by is not None:
            column = _SORTED_BY.get(sort_by)
            if column is None:
                raise ArgumentError(f"table(): sort_by is one of {', '.join(_SORTED_BY)}, not {sort_by!r}")
            rows.sort(key=lambda average: getattr(average, column), reverse=True)
        whole = max(sum(each.compute for each in self), 1)
        cells = [[text(each, whole) for _, text in _COLUMNS] for each in rows[: None if row_limit < 0 else row_limit]]
        for row in cells:
            row[0], row[-1] = row[0][:max_name_column_width], row[-1][-max_src_column_width:]
        return (f"{header}\n" if header else "") + _drawn([[title for title, _ in _COLUMNS], *cells]) + self._summary()

    def _summary(self) -> str:
        total = self.total_average()
        return (
            f"Client time total: {_time(total.client)}\nCompute time total: {_time(total.compute)}\n"
            f"Round trips: {total.round_trips}\n"
        )


def _time(nanoseconds: float) -> str:
    for unit, scale in (("s", 1e9), ("ms", 1e6)):
        if nanoseconds >= scale:
            return f"{nanoseconds / scale:.3f}{unit}"
    return f"{nanoseconds / 1e3:.3f}us"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}"


def _each(total: int, count: int) -> str:
    return _time(total / count) if count else ""


_COLUMNS: tuple[tuple[str, Callable[[Average, int], str]], ...] = (
    ("Name", lambda a, whole: a.key),
    ("Client total", lambda a, whole: _time(a.client)),
    ("Client avg", lambda a, whole: _each(a.client, a.calls or a.regions)),
    ("Wire avg", lambda a, whole: _each(a.wire, a.commands)),
    ("Queue avg", lambda a, whole: _each(a.queue, a.commands)),
    ("Compute %", lambda a, whole: _share(a.compute, whole)),
    ("Compute total", lambda a, whole: _time(a.compute)),
    ("Compute avg", lambda a, whole: _each(a.compute, a.commands)),
    ("# of Calls", lambda a, whole: str(a.count)),
    ("Round trips", lambda a, whole: str(a.round_trips)),
    ("Bytes", lambda a, whole: f"{a.bytes:,}"),
    ("Source Location", lambda a, whole: a.line),
)


def _drawn(rows: list[list[str]]) -> str:
    """Columns under titles: the first and the last to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("-" * width for width in widths)

    def line(row: list[str]) -> str:
        last = len(row) - 1
        return "  ".join(
            cell.ljust(width) if i in (0, last) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()

    return "\n".join([rule, line(rows[0]), rule, *map(line, rows[1:]), rule]) + "\n"
