"""Measurements side by side, as a table: a row for each statement, a column for each description."""

from __future__ import annotations

import enum
import math
from collections import defaultdict
from collections.abc import Iterable

from teletensor.utils.benchmark.measurement import (
    Measurement,
    ordered_unique,
    select_unit,
    trim_sigfig,
    unit_to_english,
)

_BEST, _GOOD, _BAD, _VERY_BAD = "\033[92m\033[1m", "\033[34m\033[1m", "\033[2m\033[91m", "\033[31m\033[1m"
_END = "\033[0m"
_BETWEEN = "  |  "


class Colorize(enum.Enum):
    """Which times are coloured by how they compare."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class Compare:
    """A table of measurements for each label; print it, or take it as a str."""

    def __init__(self, results: list[Measurement]) -> None:
        self._results: list[Measurement] = []
        self.extend_results(results)
        self._trims, self._warns, self._colorize = False, False, Colorize.NONE

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements. ValueError for anything else."""
        given = list(results)
        for each in given:
            if not isinstance(each, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(each)} instead.")
        self._results.extend(given)

    def trim_significant_figures(self) -> None:
        """Tell times with the digits only that can be relied on."""
        self._trims = True

    def colorize(self, rowwise: bool = False) -> None:
        """Colour times by how they compare in their column, or in their row."""
        self._colorize = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Mark times that differ much from one run to the next."""
        self._warns = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def __str__(self) -> str:
        groups: defaultdict[str | None, list[Measurement]] = defaultdict(list)
        for each in Measurement.merge(self._results):
            groups[each.task_spec.label].append(each)
        return "\n".join(_Table(group, self._trims, self._warns, self._colorize).text() for group in groups.values())


_RowKey = tuple[int, str | None, str]


class _Table:
    """The table of one label."""

    def __init__(self, results: list[Measurement], trims: bool, warns: bool, colorize: Colorize) -> None:
        self._trims, self._colorize, self._label = trims, colorize, results[0].task_spec.label or ""
        self._has_warnings = warns and any(each.has_warnings for each in results)
        self._unit, self._scale = select_unit(min(each.median for each in results))
        self._cells = {(_row_key(each), each.task_spec.description): each for each in results}
        self._columns = ordered_unique(each.task_spec.description for each in results)
        rows = ordered_unique(map(_row_key, results))
        # Threads and places in order, and statements in that in which they came.
        self._rows = sorted(rows, key=lambda key: (key[0], key[1] or ""))
        envs = {key[1] for key in rows}
        self._env_width = max(len(str(env)) for env in envs) if len(envs) > 1 else 0
        self._widths = {column: self._width(column, warns) for column in self._columns}

    def _width(self, column: str | None, warns: bool) -> tuple[int, int, int]:
        """How wide a column's times are, how many decimals they have, and how wide what marks the spread is."""
        found = [each for (_, name), each in self._cells.items() if name == column]
        digits = [math.ceil(math.log10(each.median / self._scale)) for each in found]
        decimals = 1
        if self._trims:
            decimals = min(max(each.significant_figures - d, 0) for each, d in zip(found, digits, strict=True))
        marked = 7 if warns and any(each.has_warnings for each in found) else 0
        return max(digits) + decimals + (1 if decimals else 0), decimals, marked

    def text(self) -> str:
        """The table with its label above, and the unit below."""
        named = [["", *[str(column) if column is not None else "" for column in self._columns]]]
        named += [self._row(i) for i in range(len(self._rows))]
        widths = [max(map(len, column)) for column in zip(*named, strict=True)]
        lines = [_BETWEEN.join(name.center(width) for name, width in zip(named[0], widths, strict=True))]
        total, threads = len(lines[0]), None
        for key, row in zip(self._rows, named[1:], strict=True):
            if key[0] != threads:
                threads = key[0]
                lines.append(f"{threads} threads: ".ljust(total, "-"))
            cells = [self._coloured(key, c, row[1 + i].center(widths[1 + i])) for i, c in enumerate(self._columns)]
            lines.append(_BETWEEN.join([row[0].ljust(widths[0]), *cells]))
        label, unit = f" {self._label} ".center(total - 2, "-"), f"{unit_to_english(self._unit)}s ({self._unit})"
        note = "(! XX%) Measurement has high variance, where XX is the IQR / median * 100.\n"
        body = "\n".join(lines)
        return f"[{label}]\n{body}\n\nTimes are in {unit}.\n{note if self._has_warnings else ''}"

    def _row(self, i: int) -> list[str]:
        threads, env, name = self._rows[i]
        is_new = i == 0 or self._rows[i - 1][:2] != (threads, env)
        where = (f"({env})" if self._env_width and is_new else "").ljust(self._env_width + 4)
        return [f"  {where}{name}", *[self._cell(self._rows[i], column) for column in self._columns]]

    def _cell(self, key: _RowKey, column: str | None) -> str:
        width, decimals, marked = self._widths[column]
        found = self._cells.get((key, column))
        if found is None:
            return " " * (width + marked)
        value = found.median / self._scale
        value = trim_sigfig(value, found.significant_figures) if self._trims else value
        spread = f" (! {found.iqr / found.median * 100:.0f}%)" if marked and found.has_warnings else ""
        return f"{value:>{width}.{decimals}f}{spread:>{marked}}"

    def _coloured(self, key: _RowKey, column: str | None, text: str) -> str:
        found = self._cells.get((key, column))
        if self._colorize is Colorize.NONE or found is None:
            return text
        if self._colorize is Colorize.ROWWISE:
            rivals = [each for (row, _), each in self._cells.items() if row == key]
        else:
            rivals = [each for (row, name), each in self._cells.items() if name == column and row[0] == key[0]]
        value, best = found.median, min(each.median for each in rivals)
        if value <= best * 1.01 or value <= best + 100e-9:
            return _BEST + text + _END * 2
        if value <= best * 1.1:
            return _GOOD + text + _END * 2
        if value >= best * 5:
            return _VERY_BAD + text + _END * 2
        return _BAD + text + _END * 2 if value >= best * 2 else text


def _row_key(measured: Measurement) -> _RowKey:
    return measured.task_spec.num_threads, measured.task_spec.env, measured.as_row_name
