"""Session machines without sockets: batches written by hand, and what the machine says to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from teletensor_core import dtypes
from teletensor_core.backends import create_backend
from teletensor_core.errors import CODES
from teletensor_core.plan import make_plan
from teletensor_core.registry import OPS
from teletensor_core.spec import Spec
from teletensor_protos import codec
from teletensor_protos.frames import parse_worker_frame
from teletensor_protos.v1.worker_pb2 import Batch, Failure, Reply, WorkerFrame
from teletensor_server.info import SessionLimits
from teletensor_server.machine import SessionMachine

LIMITS = SessionLimits(session_bytes=1 << 30, tensors=10_000)


def machine(limits: SessionLimits = LIMITS) -> SessionMachine:
    return SessionMachine(create_backend("numpy"), limits)


class Driver:
    """Writes batches for a machine and takes what comes back."""

    def __init__(self, limits: SessionLimits = LIMITS) -> None:
        self.machine = machine(limits)
        self.sequence = 0
        self.handle = 0
        self.signature = codec.FIRST_SIGNATURE - 1
        self.request = 0

    def batch(self, words: Sequence[int] = (), **fields: Any) -> Batch:
        self.sequence += 1
        return Batch(sequence=self.sequence, rows=codec.encode_rows(list(words)), **fields)

    def feed(self, words: Sequence[int] = (), **fields: Any) -> list[WorkerFrame | bytes]:
        return list(self.machine.feed(self.batch(words, **fields)))

    # -- commands ----------------------------------------------------------------------------------------------------

    def upload(self, array: Any) -> int:
        """A tensor with these elements; its handle."""
        array = np.ascontiguousarray(array)
        self.handle += 1
        row = (codec.UPLOAD, self.handle, dtypes.BY_NP[array.dtype].code, 0, 0, array.ndim, *array.shape)
        self.feed(row, elements=array.tobytes())
        return self.handle

    def define(self, op: str, attrs: Sequence[Any], layout: Sequence[Any], flags: int = 0, outs: int = 1) -> int:
        """The number of a new signature."""
        self.signature += 1
        entry = (self.signature, op, tuple(attrs), tuple(layout), flags, outs)
        self.feed(signatures=codec.encode([entry]))
        return self.signature

    def call(self, op: str, *operands: Any, flags: int = 0, location: int = 0, **attrs: Any) -> list[int]:
        """Run an op: operands are handles, lists of handles, None, or numbers wrapped by `Number`."""
        entry = OPS[op]
        layout = [_layout(x) for x in operands] + ["t"] * (len(entry.operands) - len(operands))
        outs = self.results(op, operands, flags, attrs)
        signature = self.define(op, tuple({**entry.attrs, **attrs}.values()), layout, flags, outs)
        made = [self.handle + 1 + i for i in range(outs)]
        self.handle += outs
        numbers: list[Any] = []
        words: list[int] = []
        for x in operands:
            if isinstance(x, Number):
                numbers.append(x.value)
                words.append(-len(numbers))
            else:
                words.extend(x if isinstance(x, list) else [x or 0])
        words += [0] * (len(entry.operands) - len(operands))
        self.feed((signature, location, *made, *words), numbers=codec.encode(numbers))
        return made

    def results(self, op: str, operands: Sequence[Any], flags: int, attrs: dict[str, Any]) -> int:
        """How many results a call has; one for a call that is refused anyway."""
        entry = OPS[op]
        try:
            described = [self._spec(x) for x in operands] + [None] * (len(entry.operands) - len(operands))
            # Not with the plans that are kept: what is tried here need not be what it equals there, as True is 1.
            return make_plan(entry, {**entry.attrs, **attrs}, flags, described).results
        except Exception:
            return 1

    def _spec(self, x: Any) -> Spec | tuple[Spec, ...] | Any:
        if isinstance(x, Number):
            return x.value
        if isinstance(x, list):
            return tuple(self.machine.table.value(h).spec for h in x)
        return None if x is None else self.machine.table.value(x).spec

    def ask(self, command: int, *words: int) -> list[WorkerFrame | bytes]:
        self.request += 1
        return self.feed((command, self.request, *words))

    def read(self, *handles: int) -> list[np.ndarray[Any, Any] | Failure]:
        """What a READ finds: values, and failures in their places."""
        return found_in(self.ask(codec.READ, len(handles), *handles))

    def value(self, handle: int) -> np.ndarray[Any, Any]:
        (found,) = self.read(handle)
        assert isinstance(found, np.ndarray), str(found)
        return found

    def error(self, handle: int) -> Failure:
        """The failure that reading a handle tells."""
        (found,) = self.read(handle)
        assert isinstance(found, Failure), "this was to fail"
        assert found.code in CODES
        return found

    def sync(self) -> Failure | None:
        reply = reply_of(self.ask(codec.SYNC))
        return reply.failure if reply.HasField("failure") else None


class Number:
    """A Python number as an operand."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _layout(x: Any) -> str | int:
    return len(x) if isinstance(x, list) else "n" if isinstance(x, Number) else "t"


def reply_of(frames: Iterable[WorkerFrame | bytes]) -> Reply:
    """The answer among the frames that came."""
    (found,) = [f.reply for f in frames if isinstance(f, WorkerFrame) and f.reply.request]
    return found


def found_in(frames: Iterable[WorkerFrame | bytes]) -> list[np.ndarray[Any, Any] | Failure]:
    """The values, and the failures in their places, that the frames of an answer hold."""
    frames = list(frames)
    reply = reply_of(frames)
    assert not reply.HasField("failure"), str(reply.failure)
    data, at = reply.elements + chunk_bytes(frames), 0
    found: list[np.ndarray[Any, Any] | Failure] = []
    for entry in codec.decode_arrays(reply.arrays):
        if isinstance(entry, int):
            found.append(reply.failures[entry])
        else:
            found.append(np.frombuffer(data[at : at + entry.nbytes], entry.dtype.np).reshape(entry.shape))
            at += entry.nbytes
    assert at == len(data)
    return found


def chunk_bytes(frames: Iterable[WorkerFrame | bytes]) -> bytes:
    """The data of the chunks among the frames that came."""
    return b"".join(bytes(parse_worker_frame(frame)) for frame in frames if isinstance(frame, bytes))
