"""Converts between commands and messages: the only module that knows both.

Row words, signatures and numbers are laid out as `worker.proto` says.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from teletensor_core import dtypes
from teletensor_core.dtypes import DType
from teletensor_core.errors import MalformedRequestError
from teletensor_core.spec import MAX_DIMS, Spec, spec

STREAM_METHOD = "/teletensor.v1.Worker/Commands"
# Metadata of calls: the session they belong to; of their ends: the name of the error in the catalogue, and a Failure
# with the op and the line at fault, where those are known.
SESSION_KEY = "teletensor-session"
ERROR_KEY = "teletensor-error"
ORIGIN_KEY = "teletensor-origin-bin"

RELEASE, READ, BACKWARD, UPLOAD, REQUIRE_GRAD, SPECS, SYNC, HOOK, HOOK_DONE, DETACH, CANCEL = range(1, 12)
PROFILE, DEFINE_PROGRAM, RUN_PROGRAM, DROP_PROGRAM = range(12, 16)
FIRST_SIGNATURE = 16
PROFILE_STOP, PROFILE_START, PROFILE_TAKE = range(3)
# Words of a record: name, location, batch, when that was taken, when the command began and ended.
PROFILE_WIDTH = 6
CREATE_GRAPH, RETAIN_GRAPH, ONLY_TARGETS, REPLY_WHEN_DONE, IN_PARTS, ABANDON = 1, 2, 4, 8, 16, 32
# Handles from here on are the worker's own: gradients given to hooks.
WORKER_HANDLES = 1 << 62
# Bounds on what a batch defines: bytes of each of its MessagePack fields, numbers of source lines, tensors in a list.
MOST_BYTES = 1 << 20
MOST_LOCATIONS = 1 << 15
MOST_LISTED = 1 << 16

_COMPLEX, _DTYPE, _INTEGER = 1, 2, 3
# Kinds of arrays whose specs are kept.
_MOST_KINDS = 1 << 12

Encoded = msgspec.Raw


@dataclass(frozen=True)
class SignatureMessage:
    """A signature as it is defined on the wire."""

    number: int
    op: str
    attrs: tuple[Any, ...]
    layout: tuple[str | int, ...]
    flags: int
    outs: int


def _to_ext(value: Any) -> msgspec.msgpack.Ext:
    if isinstance(value, complex):
        return msgspec.msgpack.Ext(_COMPLEX, struct.pack("<dd", value.real, value.imag))
    if isinstance(value, DType):
        return msgspec.msgpack.Ext(_DTYPE, bytes([value.code]))
    raise TypeError(f"{type(value).__name__} cannot be part of a command: {value!r}")


def _from_ext(code: int, data: memoryview) -> Any:
    if code == _COMPLEX and len(data) == 16:
        return complex(*struct.unpack("<dd", data))
    if code == _DTYPE and len(data) == 1 and data[0] < len(dtypes.ALL):
        return dtypes.ALL[data[0]]
    if code == _INTEGER and len(data) <= 32:
        return int.from_bytes(data, "little", signed=True)
    raise MalformedRequestError(f"unknown value of kind {code} with {len(data)} bytes")


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_ext)
_decoder = msgspec.msgpack.Decoder(ext_hook=_from_ext)


def _plain(value: Any) -> Any:
    """Integers wider than MessagePack's as extensions, inside any nesting."""
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        size = value.bit_length() // 8 + 1
        return msgspec.msgpack.Ext(_INTEGER, value.to_bytes(size, "little", signed=True))
    return tuple(_plain(v) for v in value) if isinstance(value, tuple) else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def encode_entry(value: Any) -> Encoded:
    """MessagePack of one value, to be an entry of what `encode` packs. Raises TypeError for what cannot travel."""
    return Encoded(_encoder.encode(_plain(value)))


def encode(values: Iterable[Any]) -> bytes:
    """MessagePack of plain values, complex numbers and dtypes. Empty for nothing."""
    listed = [_plain(value) for value in values]
    return _encoder.encode(listed) if listed else b""


def decode(data: bytes) -> list[Any]:
    """The values that `encode` packed, with tuples for nested lists. Raises MalformedRequestError."""
    if not data:
        return []
    if len(data) > MOST_BYTES:
        raise MalformedRequestError(f"{len(data)} bytes of MessagePack; a batch may have {MOST_BYTES}")
    values = decode_value(data)
    if not isinstance(values, tuple):
        raise MalformedRequestError(f"expected a list, got {type(values).__name__}")
    return list(values)


def decode_value(data: bytes) -> Any:
    """One MessagePack value, with tuples for lists. Raises MalformedRequestError."""
    try:
        return _frozen(_decoder.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequestError(f"not MessagePack: {error}") from None


def decode_signatures(data: bytes) -> list[SignatureMessage]:
    """The signatures a batch defines, checked for form. Raises MalformedRequestError."""
    return [_signature(entry) for entry in decode(data)]


def _signature(entry: Any) -> SignatureMessage:
    match entry:
        case (int(number), str(op), tuple(attrs), tuple(layout), int(flags), int(outs)) if number >= FIRST_SIGNATURE:
            if outs >= 0 and all(
                part in ("t", "n") or (type(part) is int and 0 <= part <= MOST_LISTED) for part in layout
            ):
                return SignatureMessage(number, op, attrs, layout, flags, outs)
    raise MalformedRequestError(
        f"a signature is [number, op, attributes, layout, flags, result count]; got {str(entry)[:200]}"
    )


def decode_locations(data: bytes) -> list[tuple[int, str]]:
    """The source locations a batch defines. Raises MalformedRequestError."""
    entries = decode(data)
    for entry in entries:
        match entry:
            case (int(number), str(text)) if 0 < number <= MOST_LOCATIONS and len(text) <= 1024:
                continue
        raise MalformedRequestError(f"a location is [number up to {MOST_LOCATIONS}, text]; got {str(entry)[:200]}")
    return entries


def decode_rows(data: bytes) -> list[int]:
    """The words of a batch. Raises MalformedRequestError when they are no whole words."""
    if len(data) % 8:
        raise MalformedRequestError(f"rows are 8-byte words; got {len(data)} bytes")
    words: list[int] = np.frombuffer(data, "<i8").tolist()
    return words


def encode_rows(words: list[int]) -> bytes:
    """Words as packed little-endian 64-bit integers."""
    return struct.pack(f"<{len(words)}q", *words)


def encode_arrays(found: Iterable[Spec | int]) -> bytes:
    """The arrays of an answer: their specs, or the indices of the failures in their places."""
    words: list[int] = []
    for each in found:
        words.extend((-1 - each,) if isinstance(each, int) else (each.dtype.code, each.ndim, *each.shape))
    return encode_rows(words)


def decode_arrays(data: bytes) -> list[Spec | int]:
    """What `encode_arrays` packed. Raises MalformedRequestError."""
    words, at = decode_rows(data), 0
    found: list[Spec | int] = []
    while at < len(words):
        if words[at] < 0:
            found.append(-1 - words[at])
            at += 1
            continue
        end = at + 2 + words[at + 1] if at + 1 < len(words) else 0
        if not at + 2 <= end <= min(len(words), at + 2 + MAX_DIMS):
            raise MalformedRequestError(f"the description of array {len(found)} of an answer is damaged")
        found.append(_described(words[at], *words[at + 2 : end]))
        at = end
    return found


@functools.lru_cache(_MOST_KINDS)
def _described(code: int, *sizes: int) -> Spec:
    if code >= len(dtypes.ALL) or min(sizes, default=0) < 0:
        raise MalformedRequestError(f"an answer has an array of dtype {code} with the sizes {list(sizes)}")
    return spec(sizes, dtypes.ALL[code])
