"""A file is replaced whole or not at all."""

import os
import stat

import pytest
import teletensor as tt
from teletensor_core.errors import CheckpointError

FORMATS = ["x.safetensors", "x.pt"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_failure_keeps_the_file_that_was_there(form, fails, tmp_path, monkeypatch):
    path = tmp_path / form
    tt.save({"x": tt.ones(2)}, path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    if fails == "write":
        monkeypatch.setattr("zlib.crc32" if form == "x.safetensors" else "zipfile.ZipFile.open", fail)
    else:
        monkeypatch.setattr(os, fails, fail)
    with pytest.raises(OSError, match="the disk is full"):
        tt.save({"x": tt.zeros(2)}, path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [form]
    assert tt.load(path)["x"].tolist() == [1, 1]


@pytest.mark.parametrize("form", FORMATS)
def test_the_data_are_on_disk_before_the_file_takes_its_place(form, tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def noted(*args, name=name, real=real):
            done.append(name)
            return real(*args)

        monkeypatch.setattr(os, name, noted)
    tt.save(tt.ones(2), tmp_path / form)
    assert done == ["fsync", "replace", "fsync"]


def test_an_error_on_the_worker_keeps_the_file_that_was_there(session, tmp_path):
    path = tmp_path / "x.pt"
    tt.save(tt.ones(2), path)
    broken = tt.linalg.cholesky(tt.tensor([[1.0, 2.0], [2.0, 4.0]]))
    with pytest.raises(RuntimeError, match="positive"):
        tt.save({"x": broken}, path)
    assert tt.load(path).tolist() == [1, 1]
    assert [each.name for each in tmp_path.iterdir()] == ["x.pt"]


def test_the_mode_is_the_umasks(tmp_path):
    before = os.umask(0o027)
    try:
        tt.save(tt.ones(1), tmp_path / "x.pt")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.pt").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.pt").write_bytes(b"old")
    (tmp_path / "link.pt").symlink_to(tmp_path / "real.pt")
    tt.save(tt.ones(1), tmp_path / "link.pt")
    assert (tmp_path / "link.pt").is_symlink()
    assert tt.load(tmp_path / "real.pt").tolist() == [1]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    tt.save(tt.ones(1), tmp_path / "pipe")
    data = os.read(reader, 1 << 16)
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert data.startswith(b"PK")


def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"Parent directory .*nowhere does not exist"):
        tt.save(tt.ones(1), tmp_path / "nowhere" / "x.pt")


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"x\.pt"):
        tt.load(tmp_path / "x.pt")


def test_something_else_than_a_path_is_refused():
    with pytest.raises(TypeError, match="path or a file object, got int"):
        tt.load(3)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_values_give_the_same_bytes(form, tmp_path):
    written = []
    for _ in range(2):
        tt.save({"a": tt.arange(5), "b": [1, "x"]}, tmp_path / form)
        written.append((tmp_path / form).read_bytes())
    assert written[0] == written[1]
