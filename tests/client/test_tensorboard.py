"""`SummaryWriter` writes the events that PyTorch's does."""

import io
import subprocess
import sys

import numpy as np
import pytest
import teletensor as tt

pytest.importorskip("tensorboard", reason="needs the tensorboard package")

from teletensor.utils.tensorboard import SummaryWriter, pixels
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event


def _events(folder):
    """What was written below a folder, by subfolder, without times; images as pixels."""
    found = {}
    for path in sorted(folder.rglob("events.*")):
        for raw in RawEventFileLoader(str(path)).Load():
            event = Event.FromString(raw)
            event.wall_time = 0
            event.ClearField("source_metadata")
            shown = [_pixels(value.image) for value in event.summary.value if value.HasField("image")]
            found.setdefault(str(path.parent.relative_to(folder)), []).append((str(event), shown))
    return found


def _pixels(image):
    from PIL import Image

    shown = np.asarray(Image.open(io.BytesIO(image.encoded_image_string))).tolist()
    image.encoded_image_string = b""
    return shown


@pytest.fixture
def theirs():
    torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")
    from torch.utils import tensorboard

    return torch, tensorboard.SummaryWriter


def _scalars(t, w):
    w.add_scalar("loss", 0.25, 3)
    w.add_scalar("loss", t.tensor([[0.5]], requires_grad=True), 4, walltime=1.5)
    w.add_scalar("new", np.float32(1.5), new_style=True)
    w.add_scalar("double", t.tensor(0.1, dtype=t.bfloat16), 7, new_style=True, double_precision=True)
    w.add_scalars("run/two", {"a": 1.0, "b": t.tensor(2)}, 5)
    w.add_scalars("run/two", {"a": 3.0}, 6)


def _histograms(t, w):
    values = t.arange(100) / 16 - 3
    w.add_histogram("default", values, 1)
    w.add_histogram("auto", values, 2, bins="auto")
    w.add_histogram("joined", values, 3, bins=30, max_bins=7)
    w.add_histogram("edges", t.arange(10), 4, bins=[2.0, 2.5, 4.0, 20.0])
    w.add_histogram_raw(
        "raw",
        min=0.0,
        max=3.0,
        num=3,
        sum=4.0,
        sum_squares=6.0,
        bucket_limits=[1, 2],
        bucket_counts=[1, 2],
        global_step=5,
    )


def _images(t, w):
    w.add_image("floats", (t.arange(60) / 32 - 0.25).reshape(3, 4, 5), 1)
    w.add_image("bytes", t.arange(40, dtype=t.uint8).reshape(8, 5, 1), 2, dataformats="HWC")
    w.add_image("grey", (t.arange(12) / 16).reshape(3, 4), 3, dataformats="HW")
    w.add_image("alpha", (t.arange(48) / 64).reshape(4, 3, 4), 3)
    w.add_images("grid", (t.arange(120) / 128).reshape(10, 1, 3, 4), 4)
    w.add_images("few", (t.arange(108) / 128).reshape(3, 3, 4, 3), 5, dataformats="NHWC")


def _rest(t, w):
    w.add_text("note", "ein **Wort** über ∂", 2)
    w.add_pr_curve("pr", t.tensor([0, 1, 1, 0, 1]), t.tensor([0.1, 0.8, 0.4, 0.6, 1.0]), 3, num_thresholds=9)
    w.add_hparams({"lr": 0.1, "bs": 3, "kind": "adam", "on": True, "none": None}, {"loss": 0.5}, run_name="r")
    w.add_hparams({"lr": 0.1}, {"loss": 0.5}, {"lr": [0.1, 0.2]}, run_name="domain", global_step=2)
    w.close()
    w.add_scalar("after", 1.0)


@pytest.mark.parametrize("write", [_scalars, _histograms, _images, _rest])
@pytest.mark.parametrize("where", ["here", "remote"])
def test_writes_what_pytorch_writes(write, where, theirs, tmp_path, request):
    if where == "remote":
        request.getfixturevalue("session")
    kept = []
    for library, writer in ((tt, SummaryWriter), theirs):
        folder = tmp_path / library.__name__
        with writer(folder, purge_step=3) as w:
            write(library, w)
        kept.append(_events(folder))
    assert kept[0] == kept[1]
    assert sum(len(events) for events in kept[0].values()) > 4


def test_scalars_are_read_back(tmp_path):
    with SummaryWriter(tmp_path) as w:
        for step in range(3):
            w.add_scalar("loss", tt.tensor(0.5 * step), step)
    events = [
        Event.FromString(raw) for path in tmp_path.glob("events.*") for raw in RawEventFileLoader(str(path)).Load()
    ]
    assert [(e.step, e.summary.value[0].simple_value) for e in events[1:]] == [(0, 0.0), (1, 0.5), (2, 1.0)]


def test_the_default_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with SummaryWriter(comment="-adam") as w:
        assert w.get_logdir().startswith("runs/")
    assert list((tmp_path / "runs").glob("*-adam/events.*"))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (AssertionError, lambda w: w.add_scalar("a", tt.ones(2))),
        (NotImplementedError, lambda w: w.add_scalar("a", [1.0])),
        (ValueError, lambda w: w.add_histogram("a", tt.ones(0))),
        (ValueError, lambda w: w.add_histogram_raw("a", 0, 1, 1, 1, 1, [1], [])),
        (AssertionError, lambda w: w.add_image("a", tt.ones(2, 2))),
        (AssertionError, lambda w: w.add_image("a", tt.ones(2, 2), dataformats="HH")),
        (AssertionError, lambda w: w.add_images("a", tt.ones(2, 2, 2, 2))),
        (TypeError, lambda w: w.add_hparams([], {})),
        (TypeError, lambda w: w.add_hparams({"lr": 1}, {}, {"lr": ["a"]})),
        (ValueError, lambda w: w.add_hparams({"lr": [1]}, {})),
    ],
)
def test_bad_values(error, call, tmp_path):
    with SummaryWriter(tmp_path) as w, pytest.raises(error):
        call(w)


def test_a_graph_is_told_to_be_missing(tmp_path):
    with SummaryWriter(tmp_path) as w, pytest.raises(AttributeError, match=r"SummaryWriter.*modules are"):
        w.add_graph(tt.nn.Linear(1, 1), tt.ones(1, 1))


def test_a_png_is_one():
    assert pixels.png(np.zeros((2, 3, 1), np.uint8))[:8] == b"\x89PNG\r\n\x1a\n"


def test_without_the_package_the_import_fails_as_pytorchs():
    program = "import sys; sys.modules['tensorboard'] = None\nfrom teletensor.utils.tensorboard import SummaryWriter"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "ModuleNotFoundError" in done.stderr
    assert "tensorboard" in done.stderr
