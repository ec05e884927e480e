"""Recorded answers on disk: one small compressed file for each test module, beside it in `answers/`."""

import functools
import lzma
from pathlib import Path
from typing import Any

import msgspec

from tests.replay.plain import decode, encode

ROOT = Path(__file__).parents[2]


def path_of(module: str) -> Path:
    """Where the answers of a test module ("tests/nn/test_nn_init.py") are."""
    file = ROOT / module
    return file.parent / "answers" / f"{file.stem}.msgpack.xz"


@functools.cache
def load(module: str) -> dict[str, Any]:
    """The recorded answers of a test module by key; none when nothing was recorded."""
    path = path_of(module)
    if not path.exists():
        return {}
    packed = msgspec.msgpack.decode(lzma.decompress(path.read_bytes()))
    return {key: decode(value) for key, value in packed.items()}


def save(module: str, answers: dict[str, Any]) -> Path:
    """Write the answers of a test module. The same answers give the same bytes."""
    path = path_of(module)
    path.parent.mkdir(exist_ok=True)
    packed = {key: encode(value) for key, value in sorted(answers.items())}
    path.write_bytes(lzma.compress(msgspec.msgpack.encode(packed), preset=9 | lzma.PRESET_EXTREME))
    return path
