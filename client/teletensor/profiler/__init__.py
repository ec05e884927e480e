"""`torch.profiler`: where a program's time goes, in this process, on the wire and on the worker.

with torch.profiler.profile() as prof:
    train()
print(prof.key_averages().table(sort_by="compute", row_limit=10))
prof.export_chrome_trace("trace.json")  # open it in ui.perfetto.dev
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.profiler.profile import profile, supported_activities, tensorboard_trace_handler
from teletensor.profiler.recording import record_function
from teletensor.profiler.schedule import ProfilerAction, ProfilerActivity, schedule

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
