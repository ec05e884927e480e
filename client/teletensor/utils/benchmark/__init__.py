"""`torch.utils.benchmark`: how long statements take, with what they left running on workers."""

from typing import TYPE_CHECKING

from teletensor import missing as _missing
from teletensor.utils.benchmark.compare import Colorize, Compare
from teletensor.utils.benchmark.measurement import (
    Measurement,
    TaskSpec,
    ordered_unique,
    select_unit,
    set_torch_threads,
    trim_sigfig,
    unit_to_english,
)
from teletensor.utils.benchmark.timer import Language, Timer, timer

__all__ = [
    "Colorize",
    "Compare",
    "Language",
    "Measurement",
    "TaskSpec",
    "Timer",
    "ordered_unique",
    "select_unit",
    "set_torch_threads",
    "timer",
    "trim_sigfig",
    "unit_to_english",
]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
