"""`profile`: records a part of a program, and says where its time went."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from teletensor.profiler import trace
from teletensor.profiler.averages import Averages
from teletensor.profiler.events import Event
from teletensor.profiler.recording import Recording, record_function
from teletensor.profiler.schedule import ProfilerAction, ProfilerActivity

_RECORDS = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


class profile:
    """Records every call, command and wait between `start` and `stop`, or in a `with` block, with the user's lines.

    For each op: the time of its call in this process (client), of its batch on the way to the worker (wire), of waiting
    there for its turn (queue), and of computing (compute; a GPU is waited for after each op). Sessions that were open
    at the start take part. With a `schedule`, only some steps are recorded; `step()` begins the next. `on_trace_ready`
    is called with this object when a recording ends. The other arguments are PyTorch's and change nothing.

    Raises ArgumentError while another profiler records.
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.on_trace_ready = on_trace_ready
        self.step_num = 0
        self.dropped = 0
        self._steps = schedule is not None
        self._action = ProfilerAction.NONE
        self._recording: Recording | None = None
        self._step: record_function | None = None
        self._events: list[Event] = []

    # -- recording ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin."""
        self._go_on(self.schedule(self.step_num))

    def stop(self) -> None:
        """End, and ask the workers for what they noted."""
        self._go_on(ProfilerAction.NONE)

    def step(self) -> None:
        """The next step of the program begins."""
        self._steps = True
        self.step_num += 1
        self._go_on(self.schedule(self.step_num))

    def _go_on(self, action: ProfilerAction) -> None:
        before, self._action = self._action, action
        self._end_step()
        ends = action not in _RECORDS or before is ProfilerAction.RECORD_AND_SAVE
        if self._recording is not None and ends:
            self._save(self._recording)
        if action in _RECORDS:
            if self._recording is None:
                self._recording = Recording()
                self._recording.start()
            if self._steps:
                self._step = record_function(f"ProfilerStep#{self.step_num}").__enter__()

    def _end_step(self) -> None:
        step, self._step = self._step, None
        if step is not None:
            step.__exit__(None, None, None)

    def _save(self, recording: Recording) -> None:
        self._recording = None
        recording.stop()
        self._events, self.dropped = recording.events, recording.dropped
        if self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    # -- what was recorded -------------------------------------------------------------------------------------------

    def events(self) -> list[Event]:
        """Everything that was recorded last, in no order."""
        return self._events

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> Averages:
        """What was recorded, added up by name; with `group_by_stack_n` above 0 by name and line."""
        return Averages.of(self._events, by_line=group_by_stack_n > 0)

    def export_chrome_trace(self, path: str | os.PathLike[str], use_python_export: bool = False) -> None:
        """Write what was recorded for ui.perfetto.dev; compressed where the name ends in `.gz`."""
        trace.write(self._events, path)


def supported_activities() -> set[ProfilerActivity]:
    """What can be watched."""
    return set(ProfilerActivity)


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False, use_python_export: bool = False
) -> Callable[[profile], None]:
    """An `on_trace_ready` that writes each trace into a folder, under names that TensorBoard knows."""

    def write(prof: profile) -> None:
        folder = Path(dir_name)
        folder.mkdir(parents=True, exist_ok=True)
        name = worker_name or f"{platform.node()}_{os.getpid()}"
        ending = "pt.trace.json.gz" if use_gzip else "pt.trace.json"
        prof.export_chrome_trace(folder / f"{name}.{time.time_ns()}.{ending}")

    return write
