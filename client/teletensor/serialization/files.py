"""Files that are replaced whole, and files that are read from a path or an object."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from teletensor_core.errors import ArgumentTypeError, CheckpointError


def replace(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file, make it durable, and put it in the file's place: a failure leaves the old one as it
    was.
    """
    path = Path(os.path.realpath(path))
    if not path.parent.is_dir():
        raise CheckpointError(f"Parent directory {path.parent} does not exist.")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        # A pipe or a device cannot be replaced, only written to.
        with path.open("wb") as file:
            write(file)
        return
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")
    # The system gives the file its usual mode, which the umask decides.
    handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where a folder can be opened for that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def readable(f: Any) -> Iterator[tuple[IO[bytes], str]]:
    """A seekable file, and what to call it in messages."""
    if not hasattr(f, "read"):
        if not isinstance(f, (str, os.PathLike)):
            raise ArgumentTypeError(f"load() takes a path or a file object, got {type(f).__name__}")
        with open(f, "rb") as file:
            yield file, os.fspath(f)
        return
    name = str(getattr(f, "name", "the file"))
    if hasattr(f, "seek") and hasattr(f, "tell") and getattr(f, "seekable", lambda: True)():
        yield f, name
    else:
        yield io.BytesIO(f.read()), name
