"""`SummaryWriter`: scalars, histograms, images, texts and hyperparameters of a run, by step."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from tensorboard.compat.proto.event_pb2 import Event, SessionLog

from teletensor import missing
from teletensor.utils.tensorboard import summaries
from teletensor.utils.tensorboard.file_writer import FileWriter
from teletensor.utils.tensorboard.hparams import hparams

# The file format's second version, which says so in its first event.
_FILE_VERSION = "brain.Event:2"


class SummaryWriter:
    """Writes into event files in `log_dir`, by default `runs/` and the date, the host's name and `comment`.

    With `purge_step`, TensorBoard hides what an earlier run wrote there from that step on. Every `add_*` takes a
    step, and a time in seconds since 1970 that is now unless it is given; a tensor is read, and so waited for.
    """

    def __init__(
        self, log_dir: Any = None, comment: str = "", purge_step: int | None = None, max_queue: int = 10,
        flush_secs: int = 120, filename_suffix: str = "",
    ) -> None:  # fmt: skip
        now = datetime.now().strftime("%b%d_%H-%M-%S")
        self.log_dir = log_dir or os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self.purge_step, self.filename_suffix = purge_step, filename_suffix
        self.max_queue, self.flush_secs = max_queue, flush_secs
        self.file_writer: FileWriter | None = None
        self.all_writers: dict[str, FileWriter] | None = None
        steps = np.cumprod(np.r_[1e-12, np.full(774, 1.1)])
        edges = [float(v) for v in steps if v < 1e20]
        self.default_bins = [-v for v in edges[::-1]] + [0.0] + edges
        self._get_file_writer()

    def _get_file_writer(self) -> FileWriter:
        if self.file_writer is None or self.all_writers is None:
            self.file_writer = self._writer_in(str(self.log_dir))
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                step, self.purge_step = self.purge_step, None
                self.file_writer.add_event(Event(step=step, file_version=_FILE_VERSION))
                self.file_writer.add_event(Event(step=step, session_log=SessionLog(status=SessionLog.START)))
        return self.file_writer

    def _writer_in(self, folder: str) -> FileWriter:
        return FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)

    def get_logdir(self) -> Any:
        """The directory of the event files."""
        return self.log_dir

    def add_scalar(
        self, tag: str, scalar_value: Any, global_step: Any = None, walltime: float | None = None,
        new_style: bool = False, double_precision: bool = False,
    ) -> None:  # fmt: skip
        """One number; AssertionError for a tensor of more."""
        made = summaries.scalar(tag, scalar_value, new_style, double_precision)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_scalars(
        self, main_tag: str, tag_scalar_dict: dict[str, Any], global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Several numbers for one plot, each in an event file of its own below this one's directory."""
        walltime = time.time() if walltime is None else walltime
        folder = self._get_file_writer().get_logdir()
        writers = self.all_writers
        assert writers is not None
        for tag, value in tag_scalar_dict.items():
            place = f"{folder}/{main_tag.replace('/', '_')}_{tag}"
            writer = writers.get(place) or writers.setdefault(place, self._writer_in(place))
            writer.add_summary(summaries.scalar(main_tag, value), global_step, walltime)

    def add_histogram(
        self, tag: str, values: Any, global_step: Any = None, bins: Any = "tensorflow", walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:  # fmt: skip
        """How values are distributed; `bins` as NumPy's, or "tensorflow" for geometric ones on both sides of 0."""
        edges = self.default_bins if isinstance(bins, str) and bins == "tensorflow" else bins
        self._get_file_writer().add_summary(summaries.histogram(tag, values, edges, max_bins), global_step, walltime)

    def add_histogram_raw(
        self, tag: str, min: float, max: float, num: int, sum: float, sum_squares: float, bucket_limits: Any,
        bucket_counts: Any, global_step: Any = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """A histogram that was counted elsewhere; ValueError unless there is one count for each right limit."""
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError("len(bucket_limits) != len(bucket_counts), see the document.")
        made = summaries.histogram_raw(
            tag, bucket_limits, bucket_counts, min=min, max=max, num=num, sum=sum, sum_squares=sum_squares
        )
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_image(
        self, tag: str, img_tensor: Any, global_step: Any = None, walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:  # fmt: skip
        """An image of uint8, or of floats in [0, 1]; `dataformats` names its dimensions."""
        self._get_file_writer().add_summary(summaries.image(tag, img_tensor, dataformats), global_step, walltime)

    def add_images(
        self, tag: str, img_tensor: Any, global_step: Any = None, walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:  # fmt: skip
        """A batch of images, as one grid with eight in a row."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(
        self, tag: str, figure: Any, global_step: Any = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """A figure of matplotlib, or several of one size as a grid; closed afterwards."""
        several = isinstance(figure, list)
        drawn = [_drawn(f, close) for f in (figure if several else [figure])]
        image, order = (np.stack(drawn), "NHWC") if several else (drawn[0], "HWC")
        self.add_image(tag, image, global_step, walltime, order)

    def add_text(self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None) -> None:
        """A text, which is read as Markdown."""
        self._get_file_writer().add_summary(summaries.text(tag, text_string), global_step, walltime)

    def add_pr_curve(
        self, tag: str, labels: Any, predictions: Any, global_step: Any = None, num_thresholds: int = 127,
        weights: Any = None, walltime: float | None = None,
    ) -> None:  # fmt: skip
        """Precision against recall of predictions in [0, 1], whose labels are 0 or 1."""
        made = summaries.pr_curve(tag, labels, predictions, num_thresholds, weights)
        self._get_file_writer().add_summary(made, global_step, walltime)

    def add_hparams(
        self, hparam_dict: dict[str, Any], metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list[Any]] | None = None, run_name: str | None = None,
        global_step: Any = None,
    ) -> None:  # fmt: skip
        """Hyperparameters and what they led to, as a run of its own below this one's directory."""
        made = hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        folder = os.path.join(self._get_file_writer().get_logdir(), run_name or str(time.time()))
        with SummaryWriter(log_dir=folder) as writer:
            for summary in made:
                writer._get_file_writer().add_summary(summary, global_step)
            for name, value in metric_dict.items():
                writer.add_scalar(name, value, global_step)

    def flush(self) -> None:
        """Write what waits to the files."""
        for writer in (self.all_writers or {}).values():
            writer.flush()

    def close(self) -> None:
        """Flush and close the files; a later `add_*` begins new ones."""
        for writer in (self.all_writers or {}).values():
            writer.close()
        self.file_writer = self.all_writers = None

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise missing.of_object(self, "torch.utils.tensorboard.SummaryWriter", name)


def _drawn(figure: Any, close: bool) -> Any:
    """A figure's pixels, (height, width, 3)."""
    from matplotlib import pyplot
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    if close:
        pyplot.close(figure)
    return pixels
