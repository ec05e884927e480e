"""What a timer measured, and how it is told."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from teletensor import settings

T = TypeVar("T")

# Spreads, as parts of the median, above which a measurement says that it may be disturbed.
_WIDE, _VERY_WIDE = 0.1, 0.25
# No measurement is more certain than this, in seconds, nor told with more digits.
_LEAST_INTERVAL, _MOST_DIGITS = 25e-9, 4
_UNITS = {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}


@dataclasses.dataclass(repr=False, frozen=True)
class TaskSpec:
    """What was timed, and the names that it has in tables."""

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """The label, else the statement."""
        if self.label is None and "\n" in self.stmt:
            sub = f" ({self.sub_label})" if self.sub_label else ""
            return f"stmt:{sub}\n{textwrap.indent(self.stmt, '  ')}"
        return (self.stmt if self.label is None else self.label) + (f": {self.sub_label}" if self.sub_label else "")

    def setup_str(self) -> str:
        """The setup with what it is; nothing if there is none."""
        if self.setup in ("", "pass"):
            return ""
        return f"setup:\n{textwrap.indent(self.setup, '  ')}" if "\n" in self.setup else f"setup: {self.setup}"

    def summarize(self) -> str:
        """Title, description and setup, each in lines of its own."""
        parts = [part for part in (self.title, self.description or "", self.setup_str()) if part]
        return "\n".join(f"{part}\n" if "\n" in part else part for part in parts)


@dataclasses.dataclass(repr=False)
class Measurement:
    """Times of a statement: `raw_times` are seconds, each of `number_per_run` executions."""

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[Any, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        # The fields of the task, such as `label`.
        if name in _TASK_FIELDS:
            return getattr(self.task_spec, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def times(self) -> list[float]:
        """Seconds of one execution, for each time that was taken."""
        return [time / self.number_per_run for time in self.raw_times]

    @property
    def median(self) -> float:
        """The middle time, in seconds."""
        return self._quantile(0.5)

    @property
    def mean(self) -> float:
        """The mean time, in seconds."""
        return float(np.mean(self.times))

    @property
    def iqr(self) -> float:
        """The span of the middle half of the times, in seconds."""
        return self._quantile(0.75) - self._quantile(0.25)

    def _quantile(self, q: float) -> float:
        return float(np.quantile(self.times, q))

    @property
    def significant_figures(self) -> int:
        """How many digits of the median can be relied on, by the spread of the middle half of the times; at most 4."""
        ordered = sorted(self.times)
        middle = ordered[len(ordered) // 4 : math.ceil(3 * len(ordered) / 4)]
        interval = max(1.645 * float(np.std(middle)) / math.sqrt(len(middle)), _LEAST_INTERVAL)
        return min(max(math.floor(math.log10(self.median / interval)), 1), _MOST_DIGITS)

    def meets_confidence(self, threshold: float = _WIDE) -> bool:
        """Whether the middle half of the times spans less than a part of the median."""
        return self.iqr / self.median < threshold

    @property
    def has_warnings(self) -> bool:
        """Whether the times differ so much that something may have disturbed them."""
        return not self.meets_confidence()

    @property
    def title(self) -> str:
        """The label, else the statement."""
        return self.task_spec.title

    @property
    def as_row_name(self) -> str:
        """What the rows of tables are called."""
        return self.task_spec.sub_label or self.task_spec.stmt or "[Unknown]"

    def __repr__(self) -> str:
        unit, scale = select_unit(self.median)
        n, threads, number = len(self.raw_times), self.task_spec.num_threads, self.number_per_run
        lines = [object.__repr__(self), self.task_spec.summarize()]
        lines.append(f"  {'Median: ' if n > 1 else ''}{self.median / scale:.2f} {unit}")
        if n >= 4:
            low, high = self._quantile(0.25) / scale, self._quantile(0.75) / scale
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})")
        runs = f"{number} runs {'per measurement,' if n > 1 else ','}"
        lines.append(f"  {n} measurement{'s' * (n > 1)}, {runs} {threads} thread{'s' * (threads > 1)}")
        return "\n".join([*lines, *self._warnings()])

    def _warnings(self) -> list[str]:
        if not self.has_warnings:
            return []
        strong = not self.meets_confidence(_VERY_WIDE)
        cause = "This suggests significant environmental influence." if strong else (
            "This could indicate system fluctuation."
        )  # fmt: skip
        part = self.iqr / self.median * 100
        return [f"  WARNING: Interquartile range is {part:.1f}% of the median measurement.\n           {cause}"]

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """Measurements of the same task as one, of times of single executions."""
        groups: defaultdict[TaskSpec, list[float]] = defaultdict(list)
        for each in measurements:
            groups[each.task_spec].extend(each.times)
        return [Measurement(1, times, task) for task, times in groups.items()]


_TASK_FIELDS = frozenset(field.name for field in dataclasses.fields(TaskSpec))


def select_unit(t: float) -> tuple[str, float]:
    """The unit to tell seconds in, and how many seconds it is."""
    step = min(max(math.floor(math.log10(t)) // 3, -3), 0) if t > 0 else -3
    return {-3: "ns", -2: "us", -1: "ms"}.get(step, "s"), 10.0 ** (3 * step)


def unit_to_english(u: str) -> str:
    """The word for a unit of `select_unit`."""
    return _UNITS[u]


def trim_sigfig(x: float, n: int) -> float:
    """A number rounded to `n` significant digits."""
    magnitude = math.ceil(math.log10(abs(x))) if x else 0
    scale = 10.0 ** (magnitude - n)
    return round(x / scale) * scale


def ordered_unique(elements: Iterable[T]) -> list[T]:
    """The elements, each once, in the order in which they first come."""
    return list(dict.fromkeys(elements))


@contextlib.contextmanager
def set_torch_threads(n: int) -> Iterator[None]:
    """`torch.set_num_threads(n)` inside a `with` block."""
    before = settings.get_num_threads()
    settings.set_num_threads(n)
    try:
        yield
    finally:
        settings.set_num_threads(before)
