"""`save` and `load`: tensors and plain containers, in safetensors files or in PyTorch's `.pt` files.

Nothing in a file is ever run: a `.pt` file's pickle is read by an interpreter of ours that knows tensors, containers,
numbers and text, and refuses everything else that the program has not allowed (`add_safe_globals`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any

from teletensor_core.errors import CheckpointError

from teletensor.serialization import files, safetensors_format, torch_format
from teletensor.serialization.allowed import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from teletensor.serialization.places import MapLocation, Placer

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save"]


def save(
    obj: object,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = None,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write tensors in nested containers of plain values. A file is replaced whole or not at all.

    A path that ends in `.safetensors` gets that format; any other, and a file object, gets PyTorch's own, which
    `torch.load` reads. All tensors of one place are fetched in one round trip. Containers are dict, OrderedDict,
    Counter, list, tuple and set; values are numbers, text, bytes, None, dtypes, sizes and devices. Raises
    ArgumentTypeError for anything else, such as a module: save its `state_dict()`. The last four arguments, PyTorch's,
    change nothing.
    """
    if not isinstance(f, (str, os.PathLike)):
        torch_format.write(obj, f)
        return
    path = Path(f)
    form = safetensors_format if path.suffix == ".safetensors" else torch_format
    files.replace(path, lambda file: form.write(obj, file))


def load(
    f: str | os.PathLike[str] | IO[bytes],
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """What `save` wrote, or PyTorch, or any writer of safetensors.

    Tensors go to `map_location`: a device, a dict of devices by where they were, or a function of a tensor and where it
    was. Without, they go back to where they were if that is connected, else to cpu. Raises CheckpointError for a file
    that is damaged or holds anything but tensors, plain containers and what `add_safe_globals` allows:
    `weights_only=False` allows no more.
    `pickle_module` and `mmap` change nothing: a path is read piece by piece anyway.
    """
    placer = Placer(map_location)
    with files.readable(f) as (file, name):
        start = file.read(8)
        file.seek(-len(start), os.SEEK_CUR)
        # A safetensors file starts with a length of eight bytes, of which the last four are zeros.
        if start.startswith(b"PK") and start[4:] != bytes(4):
            return torch_format.read(file, name, placer)
        if start[:1] == b"\x80" and start[4:] != bytes(4):
            raise CheckpointError(
                f"{name} is a bare pickle, as PyTorch wrote before version 1.6: such files can run code when they are "
                "read. Load it where it was made and save it again: torch.save writes a zip file now"
            )
        return safetensors_format.read(file, name, placer)
