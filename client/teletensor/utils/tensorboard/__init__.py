"""`SummaryWriter`: what a training run tells TensorBoard. Needs the `tensorboard` package; ImportError without it."""

from typing import TYPE_CHECKING

from tensorboard.summary.writer.record_writer import RecordWriter

from teletensor import missing as _missing
from teletensor.utils.tensorboard.file_writer import FileWriter
from teletensor.utils.tensorboard.writer import SummaryWriter

__all__ = ["FileWriter", "RecordWriter", "SummaryWriter"]

if not TYPE_CHECKING:
    __getattr__ = _missing.getter(__name__)
