"""PyTorch's answers on disk: small, compressed, one file per family of ops.

An answer is a dictionary: `out`, `grads` and `second` are lists of arrays (None where nothing flows), `error` and
`message` say what PyTorch raised instead.
"""

import functools
import lzma
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from teletensor_core.dtypes import BY_NAME, BY_NP

FOLDER = Path(__file__).parent / "answers"

Answer = dict[str, Any]


def pack(array: np.ndarray | None) -> Any:
    """An array as dtype name, shape and bytes."""
    return None if array is None else [BY_NP[array.dtype].name, list(array.shape), array.tobytes()]


def unpack(entry: Any) -> np.ndarray | None:
    """The array that `pack` packed."""
    if entry is None:
        return None
    name, shape, data = entry
    return np.frombuffer(data, BY_NAME[name].np).reshape(shape)


def save(name: str, answers: dict[str, Answer]) -> Path:
    """Write a file of answers by key. The same answers give the same bytes."""
    FOLDER.mkdir(exist_ok=True)
    packed = {key: {k: _map(pack, v) for k, v in answer.items()} for key, answer in sorted(answers.items())}
    path = FOLDER / f"{name}.msgpack.xz"
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(packed), preset=9 | lzma.PRESET_EXTREME))
    return path


@functools.cache
def load(name: str) -> dict[str, Answer]:
    """Every recorded answer of a file."""
    packed = msgspec.msgpack.decode(lzma.decompress((FOLDER / f"{name}.msgpack.xz").read_bytes()))
    return {key: {k: _map(unpack, v) for k, v in answer.items()} for key, answer in packed.items()}


def _map(change: Any, value: Any) -> Any:
    return [change(each) for each in value] if isinstance(value, list) else value
