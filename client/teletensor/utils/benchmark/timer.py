"""Timing statements: blocks of executions, until there are enough of them."""

from __future__ import annotations

import enum
import statistics
import sys
import textwrap
import time
import timeit
from collections.abc import Callable
from typing import Any, NoReturn

from teletensor_core.errors import UnsupportedError

from teletensor import sessions
from teletensor.utils.benchmark.measurement import Measurement, TaskSpec, set_torch_threads

_CALLGRIND = "instructions of a worker cannot be counted from here: see teletensor.profiler"


class Language(enum.Enum):
    """What a statement is written in; only Python can be timed here."""

    PYTHON = 0
    CPP = 1


def timer() -> float:
    """Seconds by a clock, once all connected workers have done what they were sent."""
    for session in sessions.connected():
        session.synchronize()
    return time.perf_counter()


class Timer:
    """Times a statement, as `timeit.Timer` does, with what it leaves running on workers.

    `torch` is known to it, and what `globals` has. The other arguments name the statement in tables.
    """

    def __init__(
        self,
        stmt: str = "pass",
        setup: str = "pass",
        global_setup: str = "",
        timer: Callable[[], float] = timer,
        globals: dict[str, Any] | None = None,
        label: str | None = None,
        sub_label: str | None = None,
        description: str | None = None,
        env: str | None = None,
        num_threads: int = 1,
        language: Language | str = Language.PYTHON,
    ) -> None:
        if not isinstance(stmt, str):
            raise ValueError("Currently only a `str` stmt is supported.")
        if language in (Language.CPP, "cpp", "c++"):
            raise UnsupportedError("Timer: statements in C++ need PyTorch itself")
        if language not in (Language.PYTHON, "py", "python"):
            raise ValueError(f"Invalid language `{language}`.")
        if global_setup:
            raise ValueError(
                f"global_setup is C++ only, got `{global_setup}`. Most likely this code can simply be moved to `setup`."
            )
        names = {"torch": sys.modules["teletensor"], **(globals or {})}
        stmt, setup = _dedented(stmt), _dedented(setup)
        self._timer = timeit.Timer(stmt, setup, timer, names)
        self._task_spec = TaskSpec(stmt, setup, "", label, sub_label, description, env, num_threads)

    def timeit(self, number: int = 1000000) -> Measurement:
        """One time, of `number` executions after some that do not count."""
        with self._threads():
            self._seconds(max(number // 100, 2))
            return self._measured(number, [self._seconds(number)])

    def blocked_autorange(
        self, callback: Callable[[int, float], object] | None = None, min_run_time: float = 0.2
    ) -> Measurement:
        """Times of blocks so long that reading the clock does not count, for at least `min_run_time` seconds.

        `callback` is told the number of executions and the seconds of each block.
        """
        with self._threads():
            number = self._block_size(min_run_time)
            return self._blocks(number, min_run_time, None, lambda _: True, callback)

    def adaptive_autorange(
        self,
        threshold: float = 0.1,
        *,
        min_run_time: float = 0.01,
        max_run_time: float = 10.0,
        callback: Callable[[int, float], object] | None = None,
    ) -> Measurement:
        """`blocked_autorange`, going on until the middle half of the times spans less than a part of their median."""

        def is_certain(measured: Measurement) -> bool:
            return len(measured.raw_times) > 3 and measured.meets_confidence(threshold)

        with self._threads():
            number = self._block_size(0.05)
            return self._blocks(number, min_run_time, max_run_time, is_certain, callback)

    def repeat(self, repeat: int = -1, number: int = -1) -> NoReturn:
        """NotImplementedError, as in PyTorch: `blocked_autorange` is what to use."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def autorange(self, callback: Callable[[int, float], object] | None = None) -> NoReturn:
        """NotImplementedError, as in PyTorch: `blocked_autorange` is what to use."""
        raise NotImplementedError("See `Timer.blocked_autorange.`")

    def collect_callgrind(self, number: int = 100, **options: Any) -> NoReturn:
        """UnsupportedError: see `teletensor.profiler` for what takes time."""
        raise UnsupportedError(f"Timer.collect_callgrind: {_CALLGRIND}")

    def _threads(self) -> Any:
        return set_torch_threads(self._task_spec.num_threads)

    def _seconds(self, number: int) -> float:
        # A clock may not have moved at all.
        return max(self._timer.timeit(number), 1e-9)

    def _block_size(self, min_run_time: float) -> int:
        """How many executions make reading the clock a ten thousandth; of long ones fewer."""
        overhead = statistics.median(self._seconds(0) for _ in range(5))
        number = 1
        while True:
            taken = self._seconds(number)
            if taken > min_run_time or (overhead / taken <= 1e-4 and taken >= min_run_time / 1000):
                return number
            number *= 10

    def _blocks(
        self,
        number: int,
        min_run_time: float,
        max_run_time: float | None,
        is_enough: Callable[[Measurement], bool],
        callback: Callable[[int, float], object] | None,
    ) -> Measurement:
        measured = self._measured(number, [])
        times, total = measured.raw_times, 0.0
        while total < min_run_time or not is_enough(measured):
            times.append(self._seconds(number))
            total += times[-1]
            if callback is not None:
                callback(number, times[-1])
            if max_run_time is not None and total > max_run_time:
                break
        return measured

    def _measured(self, number: int, times: list[float]) -> Measurement:
        return Measurement(number, times, self._task_spec)


def _dedented(code: str) -> str:
    return textwrap.dedent(code).removeprefix("\n").rstrip()
